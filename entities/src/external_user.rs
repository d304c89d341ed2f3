//! The account of one person in one app; the phone is sealed, and found by its keyed index.

use sea_orm::entity::prelude::*;

/// The account of one person in one app; the phone is sealed, and found by its keyed index.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "external_users")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub org_id: Uuid,
    pub app_id: Uuid,
    pub phone_index: String,
    #[sea_orm(column_type = "Text")]
    pub phone: String,
    pub nickname: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub avatar_url: Option<String>,
    pub status: String,
    pub role: String,
    pub department_id: Option<Uuid>,
    pub manager: Option<String>,
    pub invited_at: Option<i64>,
    pub profile_at: Option<i64>,
    pub created_at: i64,
    pub updated_at: i64,
}

/// Rows are joined by their keys in the store.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
