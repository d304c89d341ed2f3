//! Which step of its row a line of the change feed tells of, so that whoever has seen it reads nothing again.

use sea_orm_migration::prelude::{
    DbErr, DeriveMigrationName, MigrationTrait, SchemaManager, Table, async_trait,
};
use sea_orm_migration::schema::integer_null;

/// Which step a line tells of.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLE: &str = "changes";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    // Nodes that do not know the column leave it empty, which is "read".
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        if m.has_column(TABLE, "seq").await? {
            return Ok(());
        }
        m.alter_table(Table::alter().table(TABLE).add_column(integer_null("seq")).to_owned()).await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        m.alter_table(Table::alter().table(TABLE).drop_column("seq").to_owned()).await
    }
}
