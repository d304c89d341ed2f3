//! The QR code by which people of an app come to follow the service account.

use sea_orm::entity::prelude::*;

/// The QR code by which people of an app come to follow the service account.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "follow_codes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub org_id: Uuid,
    pub service_account_id: Uuid,
    pub app_id: Uuid,
    pub url: String,
    pub created_at: i64,
    pub expires_at: i64,
}

/// Rows are joined by their keys in the store.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
