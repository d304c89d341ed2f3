//! External users, their WeChat identities, followers, and the pushes that tell of them.

use sea_orm_migration::prelude::{
    DbErr, DeriveMigrationName, Index, MigrationTrait, SchemaManager, Table, async_trait,
};
use sea_orm_migration::schema::{
    big_integer, boolean, pk_uuid, string_len, string_len_null, text, text_null, uuid,
};

/// External users, their WeChat identities, followers, and the pushes that tell of them.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        external_users(m).await?;
        wechat_bindings(m).await?;
        followers(m).await?;
        callback_events(m).await?;
        Ok(())
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        m.drop_table(Table::drop().table("callback_events").to_owned()).await?;
        m.drop_table(Table::drop().table("followers").to_owned()).await?;
        m.drop_table(Table::drop().table("wechat_bindings").to_owned()).await?;
        m.drop_table(Table::drop().table("external_users").to_owned()).await?;
        Ok(())
    }
}

async fn external_users(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    m.create_table(
        Table::create()
            .table("external_users")
            .col(pk_uuid("id"))
            .col(uuid("org_id"))
            .col(uuid("app_id"))
            .col(string_len("phone_index", 64))
            .col(text("phone"))
            .col(string_len_null("nickname", 120))
            .col(text_null("avatar_url"))
            .col(string_len("status", 16))
            .col(string_len("role", 60))
            .col(big_integer("created_at"))
            .col(big_integer("updated_at"))
            .to_owned(),
    )
    .await?;
    m.create_index(
        Index::create()
            .name("external_users_phone")
            .table("external_users")
            .col("app_id")
            .col("phone_index")
            .unique()
            .to_owned(),
    )
    .await?;
    m.create_index(
        Index::create()
            .name("external_users_org")
            .table("external_users")
            .col("org_id")
            .col("status")
            .to_owned(),
    )
    .await?;
    Ok(())
}

async fn wechat_bindings(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    m.create_table(
        Table::create()
            .table("wechat_bindings")
            .col(pk_uuid("id"))
            .col(uuid("org_id"))
            .col(uuid("app_id"))
            .col(uuid("user_id"))
            .col(string_len("appid", 64))
            .col(string_len("openid", 64))
            .col(big_integer("created_at"))
            .to_owned(),
    )
    .await?;
    m.create_index(
        Index::create()
            .name("wechat_bindings_openid")
            .table("wechat_bindings")
            .col("app_id")
            .col("openid")
            .unique()
            .to_owned(),
    )
    .await?;
    m.create_index(
        Index::create()
            .name("wechat_bindings_user")
            .table("wechat_bindings")
            .col("user_id")
            .unique()
            .to_owned(),
    )
    .await?;
    Ok(())
}

async fn followers(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    m.create_table(
        Table::create()
            .table("followers")
            .col(pk_uuid("id"))
            .col(uuid("org_id"))
            .col(uuid("service_account_id"))
            .col(string_len("openid", 64))
            .col(boolean("follows"))
            .col(big_integer("changed_at"))
            .col(big_integer("checked_at"))
            .to_owned(),
    )
    .await?;
    m.create_index(
        Index::create()
            .name("followers_openid")
            .table("followers")
            .col("service_account_id")
            .col("openid")
            .unique()
            .to_owned(),
    )
    .await?;
    Ok(())
}

async fn callback_events(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    m.create_table(
        Table::create()
            .table("callback_events")
            .col(pk_uuid("id"))
            .col(uuid("org_id"))
            .col(string_len("dedup_key", 64))
            .col(big_integer("received_at"))
            .to_owned(),
    )
    .await?;
    m.create_index(
        Index::create()
            .name("callback_events_key")
            .table("callback_events")
            .col("org_id")
            .col("dedup_key")
            .unique()
            .to_owned(),
    )
    .await?;
    m.create_index(
        Index::create().name("callback_events_age").table("callback_events").col("received_at").to_owned(),
    )
    .await?;
    Ok(())
}
