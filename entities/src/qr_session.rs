//! A QR session that has been scanned; one that waits has no row.

use sea_orm::entity::prelude::*;

/// A QR session that has been scanned; one that waits has no row.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "qr_sessions")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub r: String,
    pub org_id: Uuid,
    pub app_id: Uuid,
    pub openid: String,
    pub user_id: Option<Uuid>,
    pub state: String,
    pub reason: Option<String>,
    pub seq: i32,
    pub match_number: Option<i32>,
    pub browser: i32,
    pub system: i32,
    pub network: String,
    pub device: String,
    pub phone_network: String,
    pub issued_at: i64,
    pub scanned_at: i64,
    pub expires_at: i64,
}

/// Rows are joined by their keys in the store.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
