//! Organizations, apps, portals and service accounts.

use sea_orm_migration::prelude::{
    DbErr, DeriveMigrationName, Index, MigrationTrait, SchemaManager, Table, async_trait,
};
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, integer, pk_uuid, string_len, string_len_null, text, text_null,
    uuid,
};

/// Organizations, apps, portals and service accounts.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        m.create_table(
            Table::create()
                .table("organizations")
                .col(pk_uuid("id"))
                .col(string_len("name", 120))
                .col(string_len("edition", 16))
                .col(boolean("enabled"))
                .col(integer("external_users_limit"))
                .col(integer("external_users_used"))
                .col(integer("members_limit"))
                .col(integer("members_used"))
                .col(big_integer_null("licence_ends_at"))
                .col(big_integer("created_at"))
                .to_owned(),
        )
        .await?;
        m.create_table(
            Table::create()
                .table("apps")
                .col(pk_uuid("id"))
                .col(uuid("org_id"))
                .col(string_len("name", 120))
                .col(string_len_null("logo_url", 1024))
                .col(boolean("enabled"))
                .col(big_integer("created_at"))
                .to_owned(),
        )
        .await?;
        m.create_index(Index::create().name("apps_org").table("apps").col("org_id").to_owned()).await?;
        m.create_table(
            Table::create()
                .table("portals")
                .col(uuid("app_id").primary_key())
                .col(uuid("org_id"))
                .col(string_len("slug", 60))
                .col(boolean("enabled"))
                .col(string_len("sign_up", 16))
                .col(string_len("confirm", 16))
                .col(integer("login_hours"))
                .col(string_len("default_role", 60))
                .col(string_len_null("title", 120))
                .col(string_len_null("terms_url", 1024))
                .col(string_len_null("terms_version", 60))
                .col(big_integer("created_at"))
                .to_owned(),
        )
        .await?;
        m.create_index(Index::create().name("portals_slug").table("portals").col("slug").unique().to_owned())
            .await?;
        m.create_index(Index::create().name("portals_org").table("portals").col("org_id").to_owned()).await?;
        m.create_table(
            Table::create()
                .table("service_accounts")
                .col(pk_uuid("id"))
                .col(uuid("org_id"))
                .col(string_len("appid", 64))
                .col(text("secret"))
                .col(text("token"))
                .col(text("encoding_aes_key"))
                .col(text_null("previous_encoding_aes_key"))
                .col(string_len("mode", 16))
                .col(string_len_null("original_id", 64))
                .col(big_integer("created_at"))
                .to_owned(),
        )
        .await?;
        m.create_index(
            Index::create()
                .name("service_accounts_org")
                .table("service_accounts")
                .col("org_id")
                .unique()
                .to_owned(),
        )
        .await?;
        m.create_index(
            Index::create()
                .name("service_accounts_appid")
                .table("service_accounts")
                .col("appid")
                .unique()
                .to_owned(),
        )
        .await?;
        Ok(())
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        m.drop_table(Table::drop().table("service_accounts").to_owned()).await?;
        m.drop_table(Table::drop().table("portals").to_owned()).await?;
        m.drop_table(Table::drop().table("apps").to_owned()).await?;
        m.drop_table(Table::drop().table("organizations").to_owned()).await?;
        Ok(())
    }
}
