//! Roles of an app. People and portals have a role by its name, so whoever writes that name holds the role's row in the
//! same unit: a role that is renamed or deleted at the same moment leaves nobody with a name that does not exist.

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, Condition, ConnectionTrait, EntityTrait, QueryFilter,
};

use entities::{affiliation_role, external_user, portal, role};

use crate::domain::clock::Millis;
use crate::domain::ids::{AppId, RoleId, new_uuid};
use crate::domain::naming::Named;
use crate::domain::role::Role;
use crate::domain::scope::OrgScope;

use super::connect::Store;
use super::error::StoreError;
use super::locks::by_key_only;
use super::page::{Listed, Page};
use super::unit::Unit;

impl Store {
    /// The roles of an app.
    ///
    /// # Errors
    /// The database is away.
    pub async fn roles(&self, scope: OrgScope, app: AppId, page: Page) -> Result<Listed<Role>, StoreError> {
        let query = role::Entity::find()
            .filter(role::Column::OrgId.eq(scope.organization().0))
            .filter(role::Column::AppId.eq(app.0));
        let rows = page.of(query, role::Column::Id).all(&self.readers).await?;
        let default = default_name(&self.readers, app).await?;
        Ok(page.cut(rows, |row| row.id, |row| read(row, default.as_deref())))
    }

    /// A role of an app, by its id or name.
    ///
    /// # Errors
    /// The database is away.
    pub async fn role(&self, app: AppId, role: &Named<RoleId>) -> Result<Option<Role>, StoreError> {
        find(&self.readers, app, role).await
    }
}

impl Unit {
    /// Holds a role until the unit ends, so that its name may be written; none when there is no such role.
    ///
    /// # Errors
    /// The database refused.
    pub async fn hold_role(&self, app: AppId, role: &Named<RoleId>) -> Result<Option<Role>, StoreError> {
        let held = role::Entity::update_many()
            .col_expr(role::Column::AppId, Expr::value(app.0))
            .filter(which(app, role))
            .exec(&self.tx)
            .await?;
        if held.rows_affected == 0 { Ok(None) } else { find(&self.tx, app, role).await }
    }

    /// The role that new people of an app get, held until the unit ends.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when another one became it just now: begin again.
    pub async fn default_role(&self, app: AppId) -> Result<Role, StoreError> {
        let name = default_name(&self.tx, app).await?.ok_or(StoreError::Conflict)?;
        self.hold_role(app, &Named::Name(name)).await?.ok_or(StoreError::Conflict)
    }

    /// Adds a role.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the app has one of this name.
    pub async fn create_role(&self, scope: OrgScope, app: AppId, role: &Role) -> Result<(), StoreError> {
        let row = role::ActiveModel {
            id: Set(role.id.0),
            org_id: Set(scope.organization().0),
            app_id: Set(app.0),
            name: Set(role.name.clone()),
            created_at: Set(role.created_at.0),
        };
        row.insert(&self.tx).await?;
        Ok(())
    }

    /// Renames a role that this unit holds, as its portal is held; people and portal follow.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the app has one of this name.
    pub async fn rename_role(&self, app: AppId, held: &Role, name: &str) -> Result<(), StoreError> {
        role::Entity::update_many()
            .col_expr(role::Column::Name, Expr::value(name))
            .filter(role::Column::Id.eq(held.id.0))
            .exec(&self.tx)
            .await?;
        external_user::Entity::update_many()
            .col_expr(external_user::Column::Role, Expr::value(name))
            .filter(external_user::Column::AppId.eq(app.0))
            .filter(external_user::Column::Role.eq(held.name.as_str()))
            .exec(&self.tx)
            .await?;
        self.touches_recent();
        portal::Entity::update_many()
            .col_expr(portal::Column::DefaultRole, Expr::value(name))
            .filter(portal::Column::AppId.eq(app.0))
            .filter(portal::Column::DefaultRole.eq(held.name.as_str()))
            .exec(&self.tx)
            .await?;
        Ok(())
    }

    /// Deletes a role that this unit holds, as its portal is held; its people get the default role.
    ///
    /// # Errors
    /// The database refused.
    pub async fn delete_role(&self, app: AppId, held: &Role, default: &Role) -> Result<(), StoreError> {
        role::Entity::delete_by_id(held.id.0).exec(&self.tx).await?;
        external_user::Entity::update_many()
            .col_expr(external_user::Column::Role, Expr::value(default.name.as_str()))
            .col_expr(external_user::Column::UpdatedAt, Expr::value(self.now().0))
            .filter(external_user::Column::AppId.eq(app.0))
            .filter(external_user::Column::Role.eq(held.name.as_str()))
            .exec(&self.tx)
            .await?;
        self.move_affiliations(held, default).await
    }

    /// Members and collaborators have roles by their ids, and may have the default one besides.
    async fn move_affiliations(&self, from: &Role, to: &Role) -> Result<(), StoreError> {
        use affiliation_role::Column;
        let rows =
            affiliation_role::Entity::find().filter(Column::RoleId.eq(from.id.0)).all(&self.tx).await?;
        for row in rows {
            let moved = affiliation_role::ActiveModel {
                id: Set(new_uuid(&*self.tools.clock, &*self.tools.entropy)),
                org_id: Set(row.org_id),
                affiliation_id: Set(row.affiliation_id),
                role_id: Set(to.id.0),
            };
            let has_it = OnConflict::columns([Column::AffiliationId, Column::RoleId])
                .update_column(Column::RoleId)
                .to_owned();
            let insert = affiliation_role::Entity::insert(moved).on_conflict(has_it);
            insert.exec_without_returning(&self.tx).await?;
        }
        affiliation_role::Entity::delete_many().filter(Column::RoleId.eq(from.id.0)).exec(&self.tx).await?;
        Ok(())
    }
}

fn which(app: AppId, role: &Named<RoleId>) -> Condition {
    use role::Column;
    let these = Condition::all();
    match role {
        Named::Id(id) => these.add(Column::Id.eq(id.0)).add(by_key_only(Column::AppId, app.0)),
        Named::Name(name) => these.add(Column::AppId.eq(app.0)).add(Column::Name.eq(name.as_str())),
    }
}

async fn find<C: ConnectionTrait>(
    db: &C,
    app: AppId,
    role: &Named<RoleId>,
) -> Result<Option<Role>, StoreError> {
    let Some(row) = role::Entity::find().filter(which(app, role)).one(db).await? else { return Ok(None) };
    let default = default_name(db, app).await?;
    Ok(Some(read(row, default.as_deref())))
}

async fn default_name<C: ConnectionTrait>(db: &C, app: AppId) -> Result<Option<String>, StoreError> {
    Ok(portal::Entity::find_by_id(app.0).one(db).await?.map(|row| row.default_role))
}

fn read(row: role::Model, default: Option<&str>) -> Role {
    Role {
        id: RoleId(row.id),
        is_default: default == Some(row.name.as_str()),
        name: row.name,
        created_at: Millis(row.created_at),
    }
}
