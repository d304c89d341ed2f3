//! A delivery: one person's share of a notification.

use sea_orm::entity::prelude::*;

/// A delivery: one person's share of a notification.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "deliveries")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub org_id: Uuid,
    pub notification_id: Uuid,
    pub outbox_id: Uuid,
    pub app_id: Uuid,
    pub lane: i16,
    pub recipient: String,
    pub user_id: Option<Uuid>,
    pub account_id: Option<Uuid>,
    pub openid: Option<String>,
    pub state: String,
    pub reason: Option<String>,
    pub errcode: Option<i64>,
    pub attempts: i32,
    pub due_at: i64,
    pub unknown_since: Option<i64>,
    pub fence: i64,
    pub msgid: Option<i64>,
    pub again: i32,
    pub resend_of: Option<Uuid>,
    pub created_at: i64,
    pub sent_at: Option<i64>,
    pub finished_at: Option<i64>,
}

/// Rows are joined by their keys in the store.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
