//! A verification code that was asked for; the code itself is kept as a keyed hash.

use sea_orm::entity::prelude::*;

/// A verification code that was asked for; the code itself is kept as a keyed hash.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "verification_codes")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub org_id: Uuid,
    pub app_id: Uuid,
    pub visit_id: Uuid,
    pub openid: String,
    pub phone_index: String,
    #[sea_orm(column_type = "Text")]
    pub phone: String,
    pub code_mac: String,
    pub tries: i32,
    pub used_at: Option<i64>,
    pub killed_at: Option<i64>,
    pub address: String,
    pub created_at: i64,
    pub expires_at: i64,
}

/// Rows are joined by their keys in the store.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
