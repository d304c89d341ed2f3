//! A phone's visit, from WeChat's authorization to the decision.

use sea_orm::entity::prelude::*;

/// A phone's visit, from WeChat's authorization to the decision.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "visits")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub org_id: Uuid,
    pub app_id: Uuid,
    pub kind: String,
    pub state_hash: String,
    pub profile_state_hash: Option<String>,
    pub openid: Option<String>,
    pub qr: Option<String>,
    pub login_id: Option<Uuid>,
    pub phone_network: String,
    pub refused: Option<String>,
    pub nickname: Option<String>,
    #[sea_orm(column_type = "Text", nullable)]
    pub avatar_url: Option<String>,
    pub exchanging_since: i64,
    pub created_at: i64,
    pub expires_at: i64,
}

/// Rows are joined by their keys in the store.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
