//! A notification: one order to tell an audience something, and how far it is.

use sea_orm::entity::prelude::*;

/// A notification: one order to tell an audience something, and how far it is.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "notifications")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub org_id: Uuid,
    pub app_id: Uuid,
    pub outbox_id: Uuid,
    pub channel: String,
    pub template_id: Option<String>,
    pub data: String,
    pub url: Option<String>,
    pub audience: String,
    pub lane: i16,
    pub state: String,
    pub stopped: Option<String>,
    pub open: bool,
    pub send_at: i64,
    pub expires_at: Option<i64>,
    pub position: Option<String>,
    pub pending: i32,
    pub sending: i32,
    pub sent: i32,
    pub delivered: i32,
    pub rejected: i32,
    pub skipped: i32,
    pub failed: i32,
    pub uncertain: i32,
    pub created_by: String,
    pub created_at: i64,
    pub finished_at: Option<i64>,
}

/// Rows are joined by their keys in the store.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
