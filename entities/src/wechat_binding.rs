//! Which WeChat identity belongs to which external user.

use sea_orm::entity::prelude::*;

/// Which WeChat identity belongs to which external user.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "wechat_bindings")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub org_id: Uuid,
    pub app_id: Uuid,
    pub user_id: Uuid,
    pub appid: String,
    pub openid: String,
    pub created_at: i64,
}

/// Rows are joined by their keys in the store.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
