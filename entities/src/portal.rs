//! The external window of one app.

use sea_orm::entity::prelude::*;

/// The external window of one app.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "portals")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub app_id: Uuid,
    pub org_id: Uuid,
    pub slug: String,
    pub enabled: bool,
    pub sign_up: String,
    pub confirm: String,
    pub login_hours: i32,
    pub default_role: String,
    pub title: Option<String>,
    pub terms_url: Option<String>,
    pub terms_version: Option<String>,
    pub created_at: i64,
}

/// Rows are joined by their keys in the store.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
