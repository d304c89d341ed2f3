//! What external users are placed in: their role, department and manager; each is held while it is written, so that one
//! that is deleted at the same moment leaves nobody behind in it.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter};

use entities::{affiliation, department, external_user};

use crate::domain::capability::Kind;
use crate::domain::external_user::Manager;
use crate::domain::ids::{AppId, DepartmentId, MemberId, UserId};
use crate::domain::naming::Named;
use crate::domain::role::Role;
use crate::domain::scope::OrgScope;

use super::connect::Store;
use super::error::{StoreError, inconsistent};
use super::locks::by_key_only;
use super::unit::Unit;

/// Where an external user is to be placed, each thing held by the unit; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct Placing {
    /// Its role.
    pub role: Option<Role>,
    /// Its department; `Some(None)` for none.
    pub department: Option<Option<DepartmentId>>,
    /// Its manager; `Some(None)` for none.
    pub manager: Option<Option<Manager>>,
}

impl Store {
    /// A department of an organization, by its id or name.
    ///
    /// # Errors
    /// The database is away.
    pub async fn department_by(
        &self,
        scope: OrgScope,
        department: &Named<DepartmentId>,
    ) -> Result<Option<DepartmentId>, StoreError> {
        find_department(&self.readers, scope, department).await
    }
}

impl Unit {
    /// Holds a department until the unit ends; none when there is no such one.
    ///
    /// # Errors
    /// The database refused.
    pub async fn hold_department(
        &self,
        scope: OrgScope,
        department: &Named<DepartmentId>,
    ) -> Result<Option<DepartmentId>, StoreError> {
        let held = department::Entity::update_many()
            .col_expr(department::Column::OrgId, Expr::value(scope.organization().0))
            .filter(which(scope, department))
            .exec(&self.tx)
            .await?;
        if held.rows_affected == 0 {
            return Ok(None);
        }
        find_department(&self.tx, scope, department).await
    }

    /// Holds somebody as a manager until the unit ends: a member of the organization, or an external user of this
    /// app; false when there is no such person.
    ///
    /// # Errors
    /// The database refused.
    pub async fn hold_manager(
        &self,
        scope: OrgScope,
        app: AppId,
        manager: Manager,
    ) -> Result<bool, StoreError> {
        let organization = scope.organization().0;
        let held = match manager {
            Manager::Member(MemberId(id)) => {
                affiliation::Entity::update_many()
                    .col_expr(affiliation::Column::OrgId, Expr::value(organization))
                    .filter(affiliation::Column::Id.eq(id))
                    .filter(by_key_only(affiliation::Column::OrgId, organization))
                    .filter(by_key_only(affiliation::Column::Kind, Kind::Member.name()))
                    .exec(&self.tx)
                    .await?
            }
            Manager::ExternalUser(user) => return self.hold_external_user(scope, app, user).await,
        };
        Ok(held.rows_affected == 1)
    }

    /// Holds an external user until the unit ends, so that what is decided by its status stays so; false when there is no
    /// such one in this app. It is held after what it is placed in, and before seats.
    ///
    /// # Errors
    /// The database refused.
    pub async fn hold_external_user(
        &self,
        scope: OrgScope,
        app: AppId,
        user: UserId,
    ) -> Result<bool, StoreError> {
        let organization = scope.organization().0;
        let held = external_user::Entity::update_many()
            .col_expr(external_user::Column::OrgId, Expr::value(organization))
            .filter(external_user::Column::Id.eq(user.0))
            .filter(by_key_only(external_user::Column::OrgId, organization))
            .filter(by_key_only(external_user::Column::AppId, app.0))
            .exec(&self.tx)
            .await?;
        Ok(held.rows_affected == 1)
    }

    /// Who an external user reports to.
    ///
    /// # Errors
    /// The database is away, or the row makes no sense.
    pub async fn manager_of_user(
        &self,
        scope: OrgScope,
        user: UserId,
    ) -> Result<Option<Manager>, StoreError> {
        let row = external_user::Entity::find_by_id(user.0)
            .filter(external_user::Column::OrgId.eq(scope.organization().0))
            .one(&self.tx)
            .await?;
        let manager = row.and_then(|row| row.manager);
        let read = |text: String| text.parse().map_err(|_| inconsistent("external_users", "manager", user));
        manager.map(read).transpose()
    }

    /// Places an external user; false when there is no such one in this app.
    ///
    /// # Errors
    /// The database refused.
    pub async fn place_external_user(
        &self,
        scope: OrgScope,
        app: AppId,
        user: UserId,
        placing: &Placing,
    ) -> Result<bool, StoreError> {
        use external_user::Column;
        let mut update = external_user::Entity::update_many()
            .filter(Column::Id.eq(user.0))
            .filter(by_key_only(Column::OrgId, scope.organization().0))
            .filter(by_key_only(Column::AppId, app.0))
            .col_expr(Column::UpdatedAt, Expr::value(self.now().0));
        if let Some(role) = &placing.role {
            update = update.col_expr(Column::Role, Expr::value(role.name.as_str()));
        }
        if let Some(department) = placing.department {
            update = update.col_expr(Column::DepartmentId, Expr::value(department.map(|id| id.0)));
        }
        if let Some(manager) = placing.manager {
            update = update.col_expr(Column::Manager, Expr::value(manager.map(|who| who.to_string())));
        }
        Ok(update.exec(&self.tx).await?.rows_affected == 1)
    }
}

fn which(scope: OrgScope, department: &Named<DepartmentId>) -> Condition {
    use department::Column;
    let (organization, these) = (scope.organization().0, Condition::all());
    match department {
        Named::Id(id) => these.add(Column::Id.eq(id.0)).add(by_key_only(Column::OrgId, organization)),
        Named::Name(name) => these.add(Column::OrgId.eq(organization)).add(Column::Name.eq(name.as_str())),
    }
}

async fn find_department<C: ConnectionTrait>(
    db: &C,
    scope: OrgScope,
    department: &Named<DepartmentId>,
) -> Result<Option<DepartmentId>, StoreError> {
    let row = department::Entity::find().filter(which(scope, department)).one(db).await?;
    Ok(row.map(|row| DepartmentId(row.id)))
}
