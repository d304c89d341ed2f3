//! An organization's WeChat service account; secrets are sealed.

use sea_orm::entity::prelude::*;

/// An organization's WeChat service account; secrets are sealed.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "service_accounts")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub org_id: Uuid,
    pub appid: String,
    #[sea_orm(column_type = "Text")]
    pub secret: String,
    #[sea_orm(column_type = "Text")]
    pub token: String,
    #[sea_orm(column_type = "Text")]
    pub encoding_aes_key: String,
    #[sea_orm(column_type = "Text", nullable)]
    pub previous_encoding_aes_key: Option<String>,
    pub mode: String,
    pub original_id: Option<String>,
    pub created_at: i64,
    pub domain_file_name: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub domain_file_text: Option<String>,
    pub updated_at: Option<i64>,
}

/// Rows are joined by their keys in the store.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
