//! An import of followers from WeChat, and how far it has come.

use sea_orm::entity::prelude::*;

/// An import of followers from WeChat, and how far it has come.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "follower_imports")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub org_id: Uuid,
    pub service_account_id: Uuid,
    pub running_for: Option<Uuid>,
    pub state: String,
    pub next_openid: Option<String>,
    pub total: i32,
    pub listed: i32,
    pub detailed: i32,
    pub failure: Option<String>,
    pub started_at: i64,
    pub updated_at: i64,
    pub claimed_until: i64,
}

/// Rows are joined by their keys in the store.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
