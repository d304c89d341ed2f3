//! The change feed: which row is worth reading again.

use sea_orm::entity::prelude::*;

/// The change feed: which row is worth reading again.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "changes")]
pub struct Model {
    #[sea_orm(primary_key)]
    pub id: i64,
    pub org_id: Uuid,
    pub topic: String,
    pub subject: String,
    pub at: i64,
    pub seq: Option<i32>,
}

/// Rows are joined by their keys in the store.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
