//! A person to whom nothing is sent for a while, or nothing by one template.

use sea_orm::entity::prelude::*;

/// A person to whom nothing is sent for a while, or nothing by one template.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "recipient_holds")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub org_id: Uuid,
    pub service_account_id: Uuid,
    pub openid: String,
    pub template_id: String,
    pub until: i64,
    pub times: i32,
}

/// Rows are joined by their keys in the store.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
