//! A tenant with its edition and seat counters.

use sea_orm::entity::prelude::*;

/// A tenant with its edition and seat counters.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "organizations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub name: String,
    pub edition: String,
    pub enabled: bool,
    pub external_users_limit: i32,
    pub external_users_used: i32,
    pub members_limit: i32,
    pub members_used: i32,
    pub licence_ends_at: Option<i64>,
    pub created_at: i64,
    pub link_hosts: Option<String>,
}

/// Rows are joined by their keys in the store.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
