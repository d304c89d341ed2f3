//! The change feed and the audit log.

use sea_orm_migration::prelude::{
    DbErr, DeriveMigrationName, Index, MigrationTrait, SchemaManager, Table, async_trait,
};
use sea_orm_migration::schema::{big_integer, pk_uuid, string_len, string_len_null, uuid};

/// The change feed and the audit log.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        m.create_table(
            Table::create()
                .table("changes")
                .col(big_integer("id").auto_increment().primary_key())
                .col(uuid("org_id"))
                .col(string_len("topic", 16))
                .col(string_len("subject", 40))
                .col(big_integer("at"))
                .to_owned(),
        )
        .await?;
        m.create_index(Index::create().name("changes_age").table("changes").col("at").to_owned()).await?;
        m.create_table(
            Table::create()
                .table("audit")
                .col(pk_uuid("id"))
                .col(uuid("org_id"))
                .col(big_integer("at"))
                .col(string_len("action", 32))
                .col(string_len("actor", 64))
                .col(string_len_null("subject", 64))
                .col(string_len("result", 32))
                .col(string_len("address", 64))
                .col(string_len("agent", 64))
                .col(string_len("request_id", 64))
                .to_owned(),
        )
        .await?;
        m.create_index(Index::create().name("audit_org").table("audit").col("org_id").col("at").to_owned())
            .await?;
        Ok(())
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        m.drop_table(Table::drop().table("audit").to_owned()).await?;
        m.drop_table(Table::drop().table("changes").to_owned()).await?;
        Ok(())
    }
}
