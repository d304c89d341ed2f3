//! What WeChat told of a message that it had taken, until it is entered at its delivery.

use sea_orm::entity::prelude::*;

/// What WeChat told of a message that it had taken, until it is entered at its delivery.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "receipts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub org_id: Uuid,
    pub service_account_id: Uuid,
    pub openid: String,
    pub msgid: i64,
    pub status: String,
    pub happened_at: i64,
    pub due_at: i64,
    pub tries: i32,
}

/// Rows are joined by their keys in the store.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
