//! Which apps and modules a member or collaborator has joined.

use sea_orm::entity::prelude::*;

/// Which apps and modules a member or collaborator has joined.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "joinings")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub org_id: Uuid,
    pub affiliation_id: Uuid,
    pub app_id: Option<Uuid>,
    pub module_id: Option<Uuid>,
    pub created_at: i64,
}

/// Rows are joined by their keys in the store.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
