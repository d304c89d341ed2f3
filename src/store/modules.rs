//! Modules of an organization, and the apps and roles that people are placed in beside them.

use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};

use entities::{app, joining, module, role};

use crate::domain::affiliation::RoleOfApp;
use crate::domain::clock::Millis;
use crate::domain::ids::{AppId, ModuleId, RoleId};
use crate::domain::module::{Module, ModuleKind};
use crate::domain::scope::OrgScope;

use super::connect::Store;
use super::error::{StoreError, inconsistent};
use super::page::{Listed, Page};
use super::unit::Unit;

/// A module to be added.
#[derive(Clone, Debug)]
pub struct NewModule {
    /// What it is.
    pub kind: ModuleKind,
    /// Its name, checked.
    pub name: String,
    /// The app that it belongs to.
    pub app: Option<AppId>,
}

impl Store {
    /// The modules of an organization.
    ///
    /// # Errors
    /// The database is away, or a row makes no sense.
    pub async fn modules(&self, scope: OrgScope, page: Page) -> Result<Listed<Module>, StoreError> {
        let query = module::Entity::find().filter(module::Column::OrgId.eq(scope.organization().0));
        let rows = page.of(query, module::Column::Id).all(&self.readers).await?;
        page.cut(rows, |row| row.id, read).sound()
    }
}

impl Unit {
    /// Adds a module.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when there is one of this kind and name.
    pub async fn create_module(&self, scope: OrgScope, new: &NewModule) -> Result<Module, StoreError> {
        let id = ModuleId::generate(&*self.tools.clock, &*self.tools.entropy);
        let row = module::ActiveModel {
            id: Set(id.0),
            org_id: Set(scope.organization().0),
            app_id: Set(new.app.map(|app| app.0)),
            kind: Set(new.kind.name().into()),
            name: Set(new.name.clone()),
            created_at: Set(self.now().0),
        };
        read(row.insert(&self.tx).await?)
    }

    /// A module, as this unit sees it.
    ///
    /// # Errors
    /// The database is away, or the row makes no sense.
    pub async fn module(&self, scope: OrgScope, id: ModuleId) -> Result<Option<Module>, StoreError> {
        let row = module::Entity::find_by_id(id.0)
            .filter(module::Column::OrgId.eq(scope.organization().0))
            .one(&self.tx)
            .await?;
        row.map(read).transpose()
    }

    /// The module of a kind and name.
    ///
    /// # Errors
    /// The database is away, or the row makes no sense.
    pub async fn module_named(
        &self,
        scope: OrgScope,
        kind: ModuleKind,
        name: &str,
    ) -> Result<Option<Module>, StoreError> {
        let row = module::Entity::find()
            .filter(module::Column::OrgId.eq(scope.organization().0))
            .filter(module::Column::Kind.eq(kind.name()))
            .filter(module::Column::Name.eq(name))
            .one(&self.tx)
            .await?;
        row.map(read).transpose()
    }

    /// Takes a module away; false when there is none. Nobody is in it any more.
    ///
    /// # Errors
    /// The database refused.
    pub async fn delete_module(&self, scope: OrgScope, id: ModuleId) -> Result<bool, StoreError> {
        let organization = scope.organization().0;
        let done = module::Entity::delete_many()
            .filter(module::Column::Id.eq(id.0))
            .filter(module::Column::OrgId.eq(organization))
            .exec(&self.tx)
            .await?;
        joining::Entity::delete_many()
            .filter(joining::Column::OrgId.eq(organization))
            .filter(joining::Column::ModuleId.eq(id.0))
            .exec(&self.tx)
            .await?;
        Ok(done.rows_affected == 1)
    }

    /// Whether an app is the organization's.
    ///
    /// # Errors
    /// The database is away.
    pub async fn has_app(&self, scope: OrgScope, id: AppId) -> Result<bool, StoreError> {
        let row = app::Entity::find_by_id(id.0)
            .filter(app::Column::OrgId.eq(scope.organization().0))
            .one(&self.tx)
            .await?;
        Ok(row.is_some())
    }

    /// A role of one of the organization's apps.
    ///
    /// # Errors
    /// The database is away.
    pub async fn role_of_any_app(
        &self,
        scope: OrgScope,
        id: RoleId,
    ) -> Result<Option<RoleOfApp>, StoreError> {
        let row = role::Entity::find_by_id(id.0)
            .filter(role::Column::OrgId.eq(scope.organization().0))
            .one(&self.tx)
            .await?;
        Ok(row.map(role_of_app))
    }

    /// The roles of a name, of which each app may have one.
    ///
    /// # Errors
    /// The database is away.
    pub async fn roles_named(&self, scope: OrgScope, name: &str) -> Result<Vec<RoleOfApp>, StoreError> {
        let rows = role::Entity::find()
            .filter(role::Column::OrgId.eq(scope.organization().0))
            .filter(role::Column::Name.eq(name))
            .all(&self.tx)
            .await?;
        Ok(rows.into_iter().map(role_of_app).collect())
    }
}

pub(super) fn role_of_app(row: role::Model) -> RoleOfApp {
    RoleOfApp { id: RoleId(row.id), name: row.name, app: AppId(row.app_id) }
}

pub(super) fn read(row: module::Model) -> Result<Module, StoreError> {
    let id = ModuleId(row.id);
    Ok(Module {
        id,
        kind: ModuleKind::from_name(&row.kind).ok_or_else(|| inconsistent("modules", "kind", id))?,
        name: row.name,
        app: row.app_id.map(AppId),
        created_at: Millis(row.created_at),
    })
}
