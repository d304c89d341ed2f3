//! Scanned QR sessions, phone visits, verification codes, logins.

use sea_orm_migration::prelude::{
    DbErr, DeriveMigrationName, Index, MigrationTrait, SchemaManager, Table, async_trait,
};
use sea_orm_migration::schema::{
    big_integer, big_integer_null, integer, integer_null, pk_uuid, string_len, string_len_null, text,
    text_null, uuid, uuid_null,
};

/// Scanned QR sessions, phone visits, verification codes, logins.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        qr_sessions(m).await?;
        visits(m).await?;
        verification_codes(m).await?;
        limit_locks(m).await?;
        logins(m).await?;
        known_browsers(m).await?;
        Ok(())
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        m.drop_table(Table::drop().table("known_browsers").to_owned()).await?;
        m.drop_table(Table::drop().table("logins").to_owned()).await?;
        m.drop_table(Table::drop().table("limit_locks").to_owned()).await?;
        m.drop_table(Table::drop().table("verification_codes").to_owned()).await?;
        m.drop_table(Table::drop().table("visits").to_owned()).await?;
        m.drop_table(Table::drop().table("qr_sessions").to_owned()).await?;
        Ok(())
    }
}

async fn qr_sessions(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    m.create_table(
        Table::create()
            .table("qr_sessions")
            .col(string_len("r", 32).primary_key())
            .col(uuid("org_id"))
            .col(uuid("app_id"))
            .col(string_len("openid", 64))
            .col(uuid_null("user_id"))
            .col(string_len("state", 16))
            .col(string_len_null("reason", 32))
            .col(integer("seq"))
            .col(integer_null("match_number"))
            .col(integer("browser"))
            .col(integer("system"))
            .col(string_len("network", 64))
            .col(string_len("device", 28))
            .col(string_len("phone_network", 64))
            .col(big_integer("issued_at"))
            .col(big_integer("scanned_at"))
            .col(big_integer("expires_at"))
            .to_owned(),
    )
    .await?;
    m.create_index(
        Index::create().name("qr_sessions_user").table("qr_sessions").col("user_id").col("state").to_owned(),
    )
    .await?;
    m.create_index(Index::create().name("qr_sessions_age").table("qr_sessions").col("scanned_at").to_owned())
        .await?;
    Ok(())
}

async fn visits(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    m.create_table(
        Table::create()
            .table("visits")
            .col(pk_uuid("id"))
            .col(uuid("org_id"))
            .col(uuid("app_id"))
            .col(string_len("kind", 8))
            .col(string_len("state_hash", 64))
            .col(string_len_null("profile_state_hash", 64))
            .col(string_len_null("openid", 64))
            .col(string_len_null("qr", 32))
            .col(uuid_null("login_id"))
            .col(string_len("phone_network", 64))
            .col(string_len_null("refused", 32))
            .col(string_len_null("nickname", 120))
            .col(text_null("avatar_url"))
            .col(big_integer("exchanging_since"))
            .col(big_integer("created_at"))
            .col(big_integer("expires_at"))
            .to_owned(),
    )
    .await?;
    m.create_index(
        Index::create().name("visits_state").table("visits").col("state_hash").unique().to_owned(),
    )
    .await?;
    m.create_index(Index::create().name("visits_age").table("visits").col("created_at").to_owned()).await?;
    Ok(())
}

async fn verification_codes(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    m.create_table(
        Table::create()
            .table("verification_codes")
            .col(pk_uuid("id"))
            .col(uuid("org_id"))
            .col(uuid("app_id"))
            .col(uuid("visit_id"))
            .col(string_len("openid", 64))
            .col(string_len("phone_index", 64))
            .col(text("phone"))
            .col(string_len("code_mac", 64))
            .col(integer("tries"))
            .col(big_integer_null("used_at"))
            .col(big_integer_null("killed_at"))
            .col(string_len("address", 64))
            .col(big_integer("created_at"))
            .col(big_integer("expires_at"))
            .to_owned(),
    )
    .await?;
    m.create_index(
        Index::create()
            .name("verification_codes_phone")
            .table("verification_codes")
            .col("phone_index")
            .col("created_at")
            .to_owned(),
    )
    .await?;
    m.create_index(
        Index::create()
            .name("verification_codes_openid")
            .table("verification_codes")
            .col("openid")
            .col("created_at")
            .to_owned(),
    )
    .await?;
    m.create_index(
        Index::create()
            .name("verification_codes_address")
            .table("verification_codes")
            .col("address")
            .col("created_at")
            .to_owned(),
    )
    .await?;
    m.create_index(
        Index::create()
            .name("verification_codes_org")
            .table("verification_codes")
            .col("org_id")
            .col("created_at")
            .to_owned(),
    )
    .await?;
    m.create_index(
        Index::create()
            .name("verification_codes_visit")
            .table("verification_codes")
            .col("visit_id")
            .col("created_at")
            .to_owned(),
    )
    .await?;
    Ok(())
}

async fn limit_locks(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    m.create_table(
        Table::create()
            .table("limit_locks")
            .col(string_len("name", 120).primary_key())
            .col(uuid_null("org_id"))
            .col(big_integer("taken"))
            .to_owned(),
    )
    .await?;
    Ok(())
}

async fn logins(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    m.create_table(
        Table::create()
            .table("logins")
            .col(pk_uuid("id"))
            .col(uuid("org_id"))
            .col(uuid("app_id"))
            .col(uuid("user_id"))
            .col(string_len("kind", 8))
            .col(string_len("token_hash", 64))
            .col(big_integer("created_at"))
            .col(big_integer("last_seen_at"))
            .col(big_integer("expires_at"))
            .col(big_integer_null("ended_at"))
            .to_owned(),
    )
    .await?;
    m.create_index(
        Index::create().name("logins_token").table("logins").col("token_hash").unique().to_owned(),
    )
    .await?;
    m.create_index(
        Index::create().name("logins_user").table("logins").col("user_id").col("ended_at").to_owned(),
    )
    .await?;
    Ok(())
}

async fn known_browsers(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    m.create_table(
        Table::create()
            .table("known_browsers")
            .col(pk_uuid("id"))
            .col(uuid("org_id"))
            .col(uuid("user_id"))
            .col(string_len("device", 28))
            .col(big_integer("seen_at"))
            .to_owned(),
    )
    .await?;
    m.create_index(
        Index::create()
            .name("known_browsers_device")
            .table("known_browsers")
            .col("user_id")
            .col("device")
            .unique()
            .to_owned(),
    )
    .await?;
    Ok(())
}
