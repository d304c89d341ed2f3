//! API keys, and the answers kept for requests that come again.

use sea_orm_migration::prelude::{
    DbErr, DeriveMigrationName, Index, MigrationTrait, SchemaManager, Table, async_trait,
};
use sea_orm_migration::schema::{
    big_integer, big_integer_null, integer_null, pk_uuid, string_len, text, text_null, uuid, uuid_null,
};

/// API keys, and the answers kept for requests that come again.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        api_keys(m).await?;
        idempotency_keys(m).await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        m.drop_table(Table::drop().table("idempotency_keys").to_owned()).await?;
        m.drop_table(Table::drop().table("api_keys").to_owned()).await
    }
}

async fn api_keys(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    m.create_table(
        Table::create()
            .table("api_keys")
            .col(pk_uuid("id"))
            .col(uuid_null("org_id"))
            .col(string_len("name", 120))
            .col(text("scopes"))
            .col(string_len("secret_hash", 64))
            .col(string_len("created_by", 64))
            .col(big_integer("created_at"))
            .col(big_integer("expires_at"))
            .col(big_integer_null("revoked_at"))
            .col(big_integer_null("last_used_at"))
            .to_owned(),
    )
    .await?;
    m.create_index(Index::create().name("api_keys_org").table("api_keys").col("org_id").col("id").to_owned())
        .await
}

async fn idempotency_keys(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    m.create_table(
        Table::create()
            .table("idempotency_keys")
            .col(pk_uuid("id"))
            .col(uuid("org_id"))
            .col(string_len("key_hash", 64))
            .col(string_len("request_hash", 64))
            .col(big_integer("attempted_at"))
            .col(integer_null("status"))
            .col(text_null("answer"))
            .col(big_integer("created_at"))
            .to_owned(),
    )
    .await?;
    m.create_index(
        Index::create()
            .name("idempotency_keys_key")
            .table("idempotency_keys")
            .col("org_id")
            .col("key_hash")
            .unique()
            .to_owned(),
    )
    .await?;
    m.create_index(
        Index::create().name("idempotency_keys_age").table("idempotency_keys").col("created_at").to_owned(),
    )
    .await
}
