//! Portals, each with what its visitors see of its app and organization; and apps while they are made.

use sea_orm::sea_query::{Expr, SimpleExpr};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, ExprTrait,
    FromQueryResult, IdenStatic, JoinType, QueryFilter, QuerySelect, RelationDef, Select,
};
use uuid::Uuid;

use entities::{app, organization, portal, role, service_account};

use crate::domain::ids::{AppId, OrgId, new_uuid};
use crate::domain::portal::{Confirm, Portal, SignUp, Terms};
use crate::domain::role::Role;
use crate::domain::scope::OrgScope;

use super::changes::Topic;
use super::connect::Store;
use super::error::{StoreError, inconsistent};
use super::locks::by_key_only;
use super::unit::Unit;

/// The role that people of a new app get.
const DEFAULT_ROLE: &str = "user";

/// A new app with its portal.
#[derive(Clone, Debug)]
pub struct NewApp {
    /// The app's name.
    pub name: String,
    /// Its portal's slug, checked.
    pub slug: String,
}

/// Portal settings to change; what is `None` stays, `Some(None)` takes away.
#[derive(Clone, Debug, Default)]
pub struct PortalSettings {
    /// Whether it is switched on.
    pub enabled: Option<bool>,
    /// Its slug, checked.
    pub slug: Option<String>,
    /// Who may make an account.
    pub sign_up: Option<SignUp>,
    /// How people confirm.
    pub confirm: Option<Confirm>,
    /// How long a login lasts at most, in hours.
    pub login_hours: Option<i32>,
    /// A title of its own.
    pub title: Option<Option<String>>,
    /// Where its terms are to be read; goes with `terms_version`.
    pub terms_url: Option<Option<String>>,
    /// The version of its terms; goes with `terms_url`.
    pub terms_version: Option<Option<String>>,
}

impl Store {
    /// The portal that a link names.
    ///
    /// # Errors
    /// The database is away, or a row makes no sense.
    pub async fn portal_by_slug(&self, slug: &str) -> Result<Option<Portal>, StoreError> {
        find(&self.readers, portal::Column::Slug.eq(slug)).await
    }

    /// The portal of an app whose id stands in a value that we signed.
    ///
    /// # Errors
    /// The database is away, or a row makes no sense.
    pub async fn portal_of_app(&self, app: AppId) -> Result<Option<Portal>, StoreError> {
        find(&self.readers, portal::Column::AppId.eq(app.0)).await
    }

    /// Whether somebody can come in at the portal of an app: it is open, and its organization has a service account.
    ///
    /// # Errors
    /// The database is away, or a row makes no sense.
    pub async fn takes_sign_ins(&self, app: AppId) -> Result<bool, StoreError> {
        match self.portal_of_app(app).await? {
            Some(portal) if portal.open => Ok(self.service_account_of(portal.organization).await?.is_some()),
            _ => Ok(false),
        }
    }

    /// The apps, of whichever organization, at whose portals nobody can come in: switched off themselves, or by their
    /// app or organization, or without a service account.
    ///
    /// # Errors
    /// The database is away.
    pub async fn closed_portals(&self) -> Result<Vec<AppId>, StoreError> {
        let by_account = portal::Entity::belongs_to(service_account::Entity)
            .from(portal::Column::OrgId)
            .to(service_account::Column::OrgId);
        let any_off = Condition::any()
            .add(portal::Column::Enabled.eq(false))
            .add(app::Column::Enabled.eq(false))
            .add(organization::Column::Enabled.eq(false))
            .add(service_account::Column::Id.is_null());
        let rows = portal::Entity::find()
            .join(JoinType::InnerJoin, of_app())
            .join(JoinType::InnerJoin, of_organization())
            .join(JoinType::LeftJoin, by_account.into())
            .filter(any_off)
            .all(&self.readers)
            .await?;
        Ok(rows.into_iter().map(|row| AppId(row.app_id)).collect())
    }

    /// The slugs of the scope's portals, switched on or not.
    ///
    /// # Errors
    /// The database is away.
    pub async fn slugs(&self, scope: OrgScope) -> Result<Vec<String>, StoreError> {
        let slugs = portal::Entity::find()
            .select_only()
            .column(portal::Column::Slug)
            .filter(portal::Column::OrgId.eq(scope.organization().0))
            .into_tuple();
        Ok(slugs.all(&self.readers).await?)
    }
}

impl Unit {
    /// The portal of an app of the scope's organization, as this unit sees it.
    ///
    /// # Errors
    /// The database is away, or a row makes no sense.
    pub async fn portal(&self, scope: OrgScope, app: AppId) -> Result<Option<Portal>, StoreError> {
        let own = portal::Column::OrgId.eq(scope.organization().0);
        find(&self.tx, portal::Column::AppId.eq(app.0).and(own)).await
    }

    /// Holds the portal of an app until the unit ends, so that what is decided by its rows stays so; false for an app
    /// that is not this organization's. It is held before roles, and those before people.
    ///
    /// # Errors
    /// The database refused.
    pub async fn hold_portal(&self, scope: OrgScope, app: AppId) -> Result<bool, StoreError> {
        let held = portal::Entity::update_many()
            .col_expr(portal::Column::OrgId, Expr::value(scope.organization().0))
            .filter(portal::Column::AppId.eq(app.0))
            .filter(by_key_only(portal::Column::OrgId, scope.organization().0))
            .exec(&self.tx)
            .await?;
        Ok(held.rows_affected == 1)
    }

    /// The portal of an app, as this unit sees it.
    ///
    /// # Errors
    /// The database is away, or a row makes no sense.
    pub async fn portal_of_app(&self, app: AppId) -> Result<Option<Portal>, StoreError> {
        find(&self.tx, portal::Column::AppId.eq(app.0)).await
    }

    /// Every app of an organization.
    ///
    /// # Errors
    /// The database is away.
    pub async fn apps_of(&self, organization: OrgId) -> Result<Vec<AppId>, StoreError> {
        let rows = app::Entity::find().filter(app::Column::OrgId.eq(organization.0)).all(&self.tx).await?;
        Ok(rows.into_iter().map(|row| AppId(row.id)).collect())
    }

    /// Adds an app with its portal.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the slug is taken.
    pub async fn create_app(&self, organization: OrgId, new: &NewApp) -> Result<AppId, StoreError> {
        let id = AppId::generate(&*self.tools.clock, &*self.tools.entropy);
        self.add_app(organization, id, new, None).await?;
        Ok(id)
    }

    /// Adds an app of this id with its portal and its default role.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the slug is taken.
    pub async fn add_app(
        &self,
        organization: OrgId,
        id: AppId,
        new: &NewApp,
        logo_url: Option<&str>,
    ) -> Result<(), StoreError> {
        let now = self.now().0;
        let app = app::ActiveModel {
            id: Set(id.0),
            org_id: Set(organization.0),
            name: Set(new.name.clone()),
            logo_url: Set(logo_url.map(Into::into)),
            enabled: Set(true),
            created_at: Set(now),
        };
        app.insert(&self.tx).await?;
        let portal = portal::ActiveModel {
            app_id: Set(id.0),
            org_id: Set(organization.0),
            slug: Set(new.slug.clone()),
            enabled: Set(true),
            sign_up: Set(SignUp::Open.name().into()),
            confirm: Set(Confirm::Adaptive.name().into()),
            login_hours: Set(168),
            default_role: Set(DEFAULT_ROLE.into()),
            title: Set(None),
            terms_url: Set(None),
            terms_version: Set(None),
            created_at: Set(now),
        };
        portal.insert(&self.tx).await?;
        let role = role::ActiveModel {
            id: Set(new_uuid(&*self.tools.clock, &*self.tools.entropy)),
            org_id: Set(organization.0),
            app_id: Set(id.0),
            name: Set(DEFAULT_ROLE.into()),
            created_at: Set(now),
        };
        role.insert(&self.tx).await?;
        // Without a service account nobody comes in at it yet.
        self.changed(organization, Topic::Portal, &id.to_string());
        Ok(())
    }

    /// Changes a portal's settings, and its default role to one that this unit holds; false for an app that is not
    /// this organization's.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the slug is taken.
    pub async fn set_portal(
        &self,
        scope: OrgScope,
        app: AppId,
        settings: &PortalSettings,
        default_role: Option<&Role>,
    ) -> Result<bool, StoreError> {
        use portal::Column;
        self.touches_recent();
        let texts = [
            (Column::Slug, settings.slug.as_deref().map(Some)),
            (Column::SignUp, settings.sign_up.map(|value| Some(value.name()))),
            (Column::Confirm, settings.confirm.map(|value| Some(value.name()))),
            (Column::DefaultRole, default_role.map(|role| Some(role.name.as_str()))),
            (Column::Title, settings.title.as_ref().map(Option::as_deref)),
            (Column::TermsUrl, settings.terms_url.as_ref().map(Option::as_deref)),
            (Column::TermsVersion, settings.terms_version.as_ref().map(Option::as_deref)),
        ];
        let mut update = portal::Entity::update_many()
            .filter(Column::AppId.eq(app.0))
            .filter(by_key_only(Column::OrgId, scope.organization().0))
            .col_expr(Column::OrgId, Expr::value(scope.organization().0));
        for (column, text) in texts {
            if let Some(text) = text {
                update = update.col_expr(column, Expr::value(text));
            }
        }
        if let Some(enabled) = settings.enabled {
            update = update.col_expr(Column::Enabled, Expr::value(enabled));
        }
        if let Some(hours) = settings.login_hours {
            update = update.col_expr(Column::LoginHours, Expr::value(hours));
        }
        Ok(update.exec(&self.tx).await?.rows_affected == 1)
    }
}

/// A portal with what its visitors see of its app and organization: one row, for every page asks for it.
#[derive(FromQueryResult)]
pub(super) struct Row {
    app_id: Uuid,
    org_id: Uuid,
    slug: String,
    enabled: bool,
    sign_up: String,
    confirm: String,
    login_hours: i32,
    default_role: String,
    title: Option<String>,
    terms_url: Option<String>,
    terms_version: Option<String>,
    app_name: String,
    logo_url: Option<String>,
    app_enabled: bool,
    organization_name: String,
    organization_enabled: bool,
}

async fn find<C: ConnectionTrait>(db: &C, which: SimpleExpr) -> Result<Option<Portal>, StoreError> {
    let query = with_columns(portal::Entity::find().select_only(), "").filter(which);
    query.into_model::<Row>().one(db).await?.map(read).transpose()
}

/// Adds the columns of a [`Row`], each name behind this prefix, to a query that has the portals in it.
pub(super) fn with_columns<E: EntityTrait>(query: Select<E>, prefix: &str) -> Select<E> {
    use portal::Column::{
        AppId, Confirm, DefaultRole, Enabled, LoginHours, OrgId, SignUp, Slug, TermsUrl, TermsVersion, Title,
    };
    let named = |name: &str| format!("{prefix}{name}");
    let own = [
        AppId,
        OrgId,
        Slug,
        Enabled,
        SignUp,
        Confirm,
        LoginHours,
        DefaultRole,
        Title,
        TermsUrl,
        TermsVersion,
    ];
    own.into_iter()
        .fold(query, |query, column| query.column_as(column, named(column.as_str())))
        .column_as(app::Column::Name, named("app_name"))
        .column_as(app::Column::LogoUrl, named("logo_url"))
        .column_as(app::Column::Enabled, named("app_enabled"))
        .column_as(organization::Column::Name, named("organization_name"))
        .column_as(organization::Column::Enabled, named("organization_enabled"))
        .join(JoinType::InnerJoin, of_app())
        .join(JoinType::InnerJoin, of_organization())
}

fn of_app() -> RelationDef {
    portal::Entity::belongs_to(app::Entity).from(portal::Column::AppId).to(app::Column::Id).into()
}

fn of_organization() -> RelationDef {
    portal::Entity::belongs_to(organization::Entity)
        .from(portal::Column::OrgId)
        .to(organization::Column::Id)
        .into()
}

pub(super) fn read(row: Row) -> Result<Portal, StoreError> {
    let broken = |column| inconsistent("portals", column, row.app_id);
    Ok(Portal {
        organization: OrgId(row.org_id),
        organization_name: row.organization_name,
        app: AppId(row.app_id),
        app_name: row.app_name,
        logo_url: row.logo_url,
        enabled: row.enabled,
        open: row.enabled && row.app_enabled && row.organization_enabled,
        sign_up: SignUp::from_name(&row.sign_up).ok_or_else(|| broken("sign_up"))?,
        confirm: Confirm::from_name(&row.confirm).ok_or_else(|| broken("confirm"))?,
        slug: row.slug,
        title: row.title,
        login_hours: row.login_hours,
        default_role: row.default_role,
        terms: Terms::of(row.terms_url, row.terms_version).map_err(|half| broken(half.missing))?,
    })
}
