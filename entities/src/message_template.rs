//! A message template of a service account, as WeChat listed it.

use sea_orm::entity::prelude::*;

/// A message template of a service account, as WeChat listed it.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "message_templates")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub org_id: Uuid,
    pub service_account_id: Uuid,
    pub template_id: String,
    pub title: String,
    pub content: String,
    pub example: String,
    pub trouble: Option<String>,
    pub synced_at: i64,
}

/// Rows are joined by their keys in the store.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
