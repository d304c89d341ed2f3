//! What tells whether a secret is still the one that was used before.

use sea_orm::entity::prelude::*;

/// What tells whether a secret is still the one that was used before.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "secret_marks")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub name: String,
    pub mark: String,
    pub since: i64,
}

/// It belongs to nobody.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
