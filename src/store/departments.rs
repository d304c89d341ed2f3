//! Departments of an organization.

use std::collections::HashMap;

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QuerySelect,
};
use uuid::Uuid;

use entities::{affiliation, department, external_user};

use crate::domain::clock::Millis;
use crate::domain::department::Department;
use crate::domain::ids::DepartmentId;
use crate::domain::naming::Named;
use crate::domain::scope::OrgScope;

use super::connect::Store;
use super::error::StoreError;
use super::locks::by_key_only;
use super::page::{Listed, Page};
use super::unit::Unit;

/// What may change of a department; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct DepartmentSettings {
    /// Its name, checked.
    pub name: Option<String>,
    /// What it is part of; `Some(None)` for nothing.
    pub parent: Option<Option<DepartmentId>>,
}

impl Store {
    /// The departments of an organization.
    ///
    /// # Errors
    /// The database is away.
    pub async fn departments(&self, scope: OrgScope, page: Page) -> Result<Listed<Department>, StoreError> {
        let query = department::Entity::find().filter(department::Column::OrgId.eq(scope.organization().0));
        let rows = page.of(query, department::Column::Id).all(&self.readers).await?;
        Ok(page.cut(rows, |row| row.id, read))
    }
}

impl Store {
    /// A department and all that is part of it, directly or through others.
    ///
    /// # Errors
    /// The database is away.
    pub async fn department_with_parts(
        &self,
        scope: OrgScope,
        department: DepartmentId,
    ) -> Result<Vec<DepartmentId>, StoreError> {
        let rows: Vec<(Uuid, Option<Uuid>)> = department::Entity::find()
            .filter(department::Column::OrgId.eq(scope.organization().0))
            .select_only()
            .columns([department::Column::Id, department::Column::ParentId])
            .into_tuple()
            .all(&self.readers)
            .await?;
        let mut parts: HashMap<Uuid, Vec<Uuid>> = HashMap::new();
        for (id, parent) in rows {
            if let Some(parent) = parent {
                parts.entry(parent).or_default().push(id);
            }
        }
        let (mut found, mut place) = (vec![department.0], 0);
        while let Some(id) = found.get(place) {
            // What was looked at is taken out, so that this has an end whatever the rows say.
            let below = parts.remove(id).unwrap_or_default();
            found.extend(below);
            place += 1;
        }
        Ok(found.into_iter().map(DepartmentId).collect())
    }
}

impl Unit {
    /// A department, as this unit sees it.
    ///
    /// # Errors
    /// The database is away.
    pub async fn department(
        &self,
        scope: OrgScope,
        id: DepartmentId,
    ) -> Result<Option<Department>, StoreError> {
        find(&self.tx, scope, department::Column::Id.eq(id.0)).await
    }

    /// Adds a department.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the name is taken.
    pub async fn create_department(
        &self,
        scope: OrgScope,
        name: &str,
        parent: Option<DepartmentId>,
    ) -> Result<Department, StoreError> {
        let id = DepartmentId::generate(&*self.tools.clock, &*self.tools.entropy);
        let row = department::ActiveModel {
            id: Set(id.0),
            org_id: Set(scope.organization().0),
            name: Set(name.into()),
            parent_id: Set(parent.map(|parent| parent.0)),
            created_at: Set(self.now().0),
        };
        row.insert(&self.tx).await.map(read).map_err(StoreError::from)
    }

    /// Changes a department; false when there is none.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the name is taken.
    pub async fn set_department(
        &self,
        scope: OrgScope,
        id: DepartmentId,
        settings: &DepartmentSettings,
    ) -> Result<bool, StoreError> {
        use department::Column;
        let mut update = department::Entity::update_many()
            .filter(Column::Id.eq(id.0))
            .filter(by_key_only(Column::OrgId, scope.organization().0))
            .col_expr(Column::OrgId, Expr::value(scope.organization().0));
        if let Some(name) = &settings.name {
            update = update.col_expr(Column::Name, Expr::value(name.as_str()));
        }
        if let Some(parent) = settings.parent {
            update = update.col_expr(Column::ParentId, Expr::value(parent.map(|parent| parent.0)));
        }
        Ok(update.exec(&self.tx).await?.rows_affected == 1)
    }

    /// Takes a department away; false when there is none. Its people lose it, and its parts move up.
    ///
    /// # Errors
    /// The database refused.
    pub async fn delete_department(&self, scope: OrgScope, id: DepartmentId) -> Result<bool, StoreError> {
        // Whoever is placed in it at this moment is placed before, and moved below, or finds it gone.
        if self.hold_department(scope, &Named::Id(id)).await?.is_none() {
            return Ok(false);
        }
        let Some(known) = self.department(scope, id).await? else { return Ok(false) };
        let organization = scope.organization().0;
        department::Entity::update_many()
            .col_expr(department::Column::ParentId, Expr::value(known.parent.map(|parent| parent.0)))
            .filter(department::Column::OrgId.eq(organization))
            .filter(department::Column::ParentId.eq(id.0))
            .exec(&self.tx)
            .await?;
        affiliation::Entity::update_many()
            .col_expr(affiliation::Column::DepartmentId, Expr::value(None::<uuid::Uuid>))
            .filter(affiliation::Column::OrgId.eq(organization))
            .filter(affiliation::Column::DepartmentId.eq(id.0))
            .exec(&self.tx)
            .await?;
        external_user::Entity::update_many()
            .col_expr(external_user::Column::DepartmentId, Expr::value(None::<uuid::Uuid>))
            .filter(external_user::Column::OrgId.eq(organization))
            .filter(external_user::Column::DepartmentId.eq(id.0))
            .exec(&self.tx)
            .await?;
        let done = department::Entity::delete_many()
            .filter(department::Column::Id.eq(id.0))
            .filter(department::Column::OrgId.eq(organization))
            .exec(&self.tx)
            .await?;
        Ok(done.rows_affected == 1)
    }
}

async fn find<C: ConnectionTrait>(
    db: &C,
    scope: OrgScope,
    which: sea_orm::sea_query::SimpleExpr,
) -> Result<Option<Department>, StoreError> {
    let row = department::Entity::find()
        .filter(department::Column::OrgId.eq(scope.organization().0))
        .filter(which)
        .one(db)
        .await?;
    Ok(row.map(read))
}

fn read(row: department::Model) -> Department {
    Department {
        id: DepartmentId(row.id),
        name: row.name,
        parent: row.parent_id.map(DepartmentId),
        created_at: Millis(row.created_at),
    }
}
