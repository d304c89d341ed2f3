//! Seats that an organization has bought.

use sea_orm::entity::prelude::*;

/// Seats that an organization has bought.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "expansion_packs")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub org_id: Uuid,
    pub seats: i32,
    #[sea_orm(column_type = "Text")]
    pub combination: String,
    pub days: i32,
    pub total_fen: i64,
    pub ordered_by: String,
    pub created_at: i64,
    pub ends_at: i64,
}

/// Rows are joined by their keys in the store.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
