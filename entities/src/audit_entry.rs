//! The audit log; append only.

use sea_orm::entity::prelude::*;

/// The audit log; append only.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "audit")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub org_id: Uuid,
    pub at: i64,
    pub action: String,
    pub actor: String,
    pub subject: Option<String>,
    pub result: String,
    pub address: String,
    pub agent: String,
    pub request_id: String,
}

/// Rows are joined by their keys in the store.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
