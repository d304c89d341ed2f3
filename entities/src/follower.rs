//! Who follows the service account, as WeChat last said.

use sea_orm::entity::prelude::*;

/// Who follows the service account, as WeChat last said.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "followers")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub org_id: Uuid,
    pub service_account_id: Uuid,
    pub openid: String,
    pub follows: bool,
    pub changed_at: i64,
    pub checked_at: i64,
    pub followed_at: Option<i64>,
    pub scene: Option<String>,
    pub unionid: Option<String>,
    pub detailed_at: Option<i64>,
}

/// Rows are joined by their keys in the store.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
