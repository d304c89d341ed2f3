//! What ties a person to an organization: as a member or as an external collaborator.

use sea_orm::entity::prelude::*;

/// What ties a person to an organization: as a member or as an external collaborator.
#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "affiliations")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub org_id: Uuid,
    pub kind: String,
    pub account_id: Option<Uuid>,
    pub phone_index: String,
    #[sea_orm(column_type = "Text")]
    pub phone: String,
    pub name: String,
    pub status: String,
    pub department_id: Option<Uuid>,
    pub manager_id: Option<Uuid>,
    pub created_at: i64,
    pub updated_at: i64,
}

/// Rows are joined by their keys in the store.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}
