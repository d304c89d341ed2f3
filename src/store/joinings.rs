//! Which apps and modules a member or collaborator has joined, and which roles they have: whole lists that replace others.

use std::collections::{BTreeSet, HashSet};

use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use entities::{affiliation_role, joining, module, role};

use crate::domain::affiliation::AffiliationId;
use crate::domain::ids::{AppId, ModuleId, RoleId, new_uuid};
use crate::domain::scope::OrgScope;

use super::error::StoreError;
use super::locks::by_key_only;
use super::unit::Unit;

/// What is joined.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Joined {
    App,
    Module,
}

impl Joined {
    fn column(self) -> joining::Column {
        match self {
            Self::App => joining::Column::AppId,
            Self::Module => joining::Column::ModuleId,
        }
    }

    fn of(self, row: &joining::Model) -> Option<Uuid> {
        match self {
            Self::App => row.app_id,
            Self::Module => row.module_id,
        }
    }
}

impl Unit {
    /// Lets somebody join these apps and no others.
    ///
    /// # Errors
    /// The database refused.
    pub async fn set_apps(
        &self,
        scope: OrgScope,
        id: AffiliationId,
        apps: &[AppId],
    ) -> Result<(), StoreError> {
        let wanted = apps.iter().map(|app| app.0).collect();
        self.set_joined(scope, id, Joined::App, wanted).await
    }

    /// Lets somebody join these modules and no others.
    ///
    /// # Errors
    /// The database refused.
    pub async fn set_modules(
        &self,
        scope: OrgScope,
        id: AffiliationId,
        modules: &[ModuleId],
    ) -> Result<(), StoreError> {
        let wanted = modules.iter().map(|module| module.0).collect();
        self.set_joined(scope, id, Joined::Module, wanted).await
    }

    async fn set_joined(
        &self,
        scope: OrgScope,
        id: AffiliationId,
        joined: Joined,
        wanted: Vec<Uuid>,
    ) -> Result<(), StoreError> {
        let of = joining::Column::AffiliationId.eq(id.row());
        joining::Entity::delete_many()
            .filter(of.clone())
            .filter(joined.column().is_not_null())
            .filter(joined.column().is_not_in(wanted.iter().copied()))
            .exec(&self.tx)
            .await?;
        let rows = joining::Entity::find().filter(of).all(&self.tx).await?;
        let mut known: HashSet<Uuid> = rows.iter().filter_map(|row| joined.of(row)).collect();
        for thing in wanted {
            if !known.insert(thing) {
                continue;
            }
            let row = joining::ActiveModel {
                id: Set(new_uuid(&*self.tools.clock, &*self.tools.entropy)),
                org_id: Set(scope.organization().0),
                affiliation_id: Set(id.row()),
                app_id: Set((joined == Joined::App).then_some(thing)),
                module_id: Set((joined == Joined::Module).then_some(thing)),
                created_at: Set(self.now().0),
            };
            row.insert(&self.tx).await?;
        }
        Ok(())
    }

    /// Holds roles of the organization's apps until the unit ends, always in the same order, so that they may be given;
    /// false when one of them is not there.
    ///
    /// # Errors
    /// The database refused.
    pub async fn hold_roles(&self, scope: OrgScope, roles: &[RoleId]) -> Result<bool, StoreError> {
        use role::Column;
        let organization = scope.organization().0;
        let sorted: BTreeSet<Uuid> = roles.iter().map(|role| role.0).collect();
        for id in sorted {
            let held = role::Entity::update_many()
                .col_expr(Column::OrgId, Expr::value(organization))
                .filter(Column::Id.eq(id))
                .filter(by_key_only(Column::OrgId, organization))
                .exec(&self.tx)
                .await?;
            if held.rows_affected == 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Holds modules of the organization until the unit ends, always in the same order; false when one of them is not there.
    ///
    /// # Errors
    /// The database refused.
    pub async fn hold_modules(&self, scope: OrgScope, modules: &[ModuleId]) -> Result<bool, StoreError> {
        use module::Column;
        let organization = scope.organization().0;
        let sorted: BTreeSet<Uuid> = modules.iter().map(|module| module.0).collect();
        for id in sorted {
            let held = module::Entity::update_many()
                .col_expr(Column::OrgId, Expr::value(organization))
                .filter(Column::Id.eq(id))
                .filter(by_key_only(Column::OrgId, organization))
                .exec(&self.tx)
                .await?;
            if held.rows_affected == 0 {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Gives somebody these roles and no others; this unit holds them, and the person.
    ///
    /// # Errors
    /// The database refused.
    pub async fn set_roles(
        &self,
        scope: OrgScope,
        id: AffiliationId,
        roles: &[RoleId],
    ) -> Result<(), StoreError> {
        use affiliation_role::Column;
        affiliation_role::Entity::delete_many()
            .filter(Column::AffiliationId.eq(id.row()))
            .filter(Column::RoleId.is_not_in(roles.iter().map(|role| role.0)))
            .exec(&self.tx)
            .await?;
        let rows =
            affiliation_role::Entity::find().filter(Column::AffiliationId.eq(id.row())).all(&self.tx).await?;
        let mut known: HashSet<Uuid> = rows.iter().map(|row| row.role_id).collect();
        for role in roles {
            if !known.insert(role.0) {
                continue;
            }
            let row = affiliation_role::ActiveModel {
                id: Set(new_uuid(&*self.tools.clock, &*self.tools.entropy)),
                org_id: Set(scope.organization().0),
                affiliation_id: Set(id.row()),
                role_id: Set(role.0),
            };
            row.insert(&self.tx).await?;
        }
        Ok(())
    }
}
