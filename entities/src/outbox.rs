//! An outbox: what goes out by one service account, or into the inboxes of one organization; and who sends it.

use sea_orm::entity::prelude::*;

/// An outbox: what goes out by one service account, or into the inboxes of one organization; and who sends it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "outboxes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub org_id: Uuid,
    pub fence: i64,
    pub holder: Option<String>,
    pub until: i64,
    pub pause_reason: Option<String>,
    pub resumes_at: Option<i64>,
    pub probe_at: i64,
    pub quota_day: i32,
    pub quota_used: i32,
    pub quota_limit: Option<i32>,
    pub quota_asked_at: i64,
}

/// Rows are joined by their keys in the store.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
