//! Apps; each has one portal, whose slug is shown with it.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter};

use entities::{app, portal};

use crate::domain::app::App;
use crate::domain::clock::Millis;
use crate::domain::ids::{AppId, OrgId};
use crate::domain::scope::OrgScope;

use super::connect::Store;
use super::error::{StoreError, inconsistent};
use super::page::{Listed, Page};
use super::unit::Unit;

/// What may change of an app; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct AppSettings {
    /// Its name, checked.
    pub name: Option<String>,
    /// Its logo; `Some(None)` for none.
    pub logo_url: Option<Option<String>>,
    /// Whether it is switched on.
    pub enabled: Option<bool>,
}

impl Store {
    /// An app, of whichever organization: whoever asks compares it with their own.
    ///
    /// # Errors
    /// The database is away.
    pub async fn app(&self, id: AppId) -> Result<Option<App>, StoreError> {
        find(&self.readers, id).await
    }

    /// The apps of an organization.
    ///
    /// # Errors
    /// The database is away, or an app has no portal.
    pub async fn apps(&self, scope: OrgScope, page: Page) -> Result<Listed<App>, StoreError> {
        let query = app::Entity::find().filter(app::Column::OrgId.eq(scope.organization().0));
        let rows = page.of(query, app::Column::Id).all(&self.readers).await?;
        let ids = rows.iter().map(|row| row.id);
        let portals =
            portal::Entity::find().filter(portal::Column::AppId.is_in(ids)).all(&self.readers).await?;
        let read = |row: app::Model| {
            let portal = portals.iter().find(|portal| portal.app_id == row.id).cloned();
            portal.map(|portal| view(row.clone(), portal)).ok_or_else(|| inconsistent("apps", "id", row.id))
        };
        page.cut(rows, |row| row.id, read).sound()
    }
}

impl Unit {
    /// An app of the scope's organization, as this unit sees it.
    ///
    /// # Errors
    /// The database is away.
    pub async fn app(&self, scope: OrgScope, id: AppId) -> Result<Option<App>, StoreError> {
        let found = find(&self.tx, id).await?;
        Ok(found.filter(|app| app.organization == scope.organization()))
    }

    /// Changes an app; false for one that is not this organization's.
    ///
    /// # Errors
    /// The database refused.
    pub async fn set_app(
        &self,
        scope: OrgScope,
        id: AppId,
        settings: &AppSettings,
    ) -> Result<bool, StoreError> {
        use app::Column;
        self.touches_recent();
        let mut update = app::Entity::update_many()
            .filter(Column::Id.eq(id.0))
            .filter(Column::OrgId.eq(scope.organization().0))
            .col_expr(Column::Id, Expr::value(id.0));
        if let Some(name) = &settings.name {
            update = update.col_expr(Column::Name, Expr::value(name.as_str()));
        }
        if let Some(logo) = &settings.logo_url {
            update = update.col_expr(Column::LogoUrl, Expr::value(logo.as_deref()));
        }
        if let Some(enabled) = settings.enabled {
            update = update.col_expr(Column::Enabled, Expr::value(enabled));
        }
        Ok(update.exec(&self.tx).await?.rows_affected == 1)
    }
}

async fn find<C: ConnectionTrait>(db: &C, id: AppId) -> Result<Option<App>, StoreError> {
    let app = app::Entity::find_by_id(id.0).one(db).await?;
    let portal = portal::Entity::find_by_id(id.0).one(db).await?;
    Ok(app.zip(portal).map(|(app, portal)| view(app, portal)))
}

fn view(app: app::Model, portal: portal::Model) -> App {
    App {
        id: AppId(app.id),
        organization: OrgId(app.org_id),
        name: app.name,
        logo_url: app.logo_url,
        enabled: app.enabled,
        slug: portal.slug,
        created_at: Millis(app.created_at),
    }
}
