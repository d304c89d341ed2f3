//! What stands in the inbox of a registered person; its words are its notification's.

use sea_orm::entity::prelude::*;

/// What stands in the inbox of a registered person; its words are its notification's.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "inbox_items")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub org_id: Uuid,
    pub account_id: Uuid,
    pub notification_id: Uuid,
    pub created_at: i64,
    pub read_at: Option<i64>,
}

/// Rows are joined by their keys in the store.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
