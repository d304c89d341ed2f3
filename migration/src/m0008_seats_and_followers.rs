//! Expansion packs, imports of followers, and what WeChat says of a follower.

use sea_orm_migration::prelude::{
    ColumnDef, DbErr, DeriveMigrationName, Index, MigrationTrait, SchemaManager, Table, async_trait,
};
use sea_orm_migration::schema::{
    big_integer, big_integer_null, integer, pk_uuid, string_len, string_len_null, text, uuid, uuid_null,
};

/// Expansion packs, imports of followers, and what WeChat says of a follower.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// Indexes by which what belongs to a person at a service account is found.
const BY_OPENID: [(&str, &str); 2] =
    [("wechat_bindings_person", "wechat_bindings"), ("visits_person", "visits")];

/// Columns that `followers` gets, in their order.
fn columns() -> Vec<(&'static str, ColumnDef)> {
    vec![
        ("followed_at", big_integer_null("followed_at")),
        ("scene", string_len_null("scene", 64)),
        ("unionid", string_len_null("unionid", 64)),
        ("detailed_at", big_integer_null("detailed_at")),
    ]
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        m.create_table(
            Table::create()
                .table("expansion_packs")
                .col(pk_uuid("id"))
                .col(uuid("org_id"))
                .col(integer("seats"))
                .col(text("combination"))
                .col(integer("days"))
                .col(big_integer("total_fen"))
                .col(string_len("ordered_by", 64))
                .col(big_integer("created_at"))
                .col(big_integer("ends_at"))
                .to_owned(),
        )
        .await?;
        m.create_index(
            Index::create()
                .name("expansion_packs_org")
                .table("expansion_packs")
                .col("org_id")
                .col("id")
                .to_owned(),
        )
        .await?;
        m.create_table(
            Table::create()
                .table("follower_imports")
                .col(pk_uuid("id"))
                .col(uuid("org_id"))
                .col(uuid("service_account_id"))
                // The service account while the import runs, so that each has one at most; nothing afterwards.
                .col(uuid_null("running_for"))
                .col(string_len("state", 16))
                .col(string_len_null("next_openid", 64))
                .col(integer("total"))
                .col(integer("listed"))
                .col(integer("detailed"))
                .col(string_len_null("failure", 40))
                .col(big_integer("started_at"))
                .col(big_integer("updated_at"))
                .col(big_integer("claimed_until"))
                .to_owned(),
        )
        .await?;
        m.create_index(
            Index::create()
                .name("follower_imports_running")
                .table("follower_imports")
                .col("running_for")
                .unique()
                .to_owned(),
        )
        .await?;
        m.create_index(
            Index::create()
                .name("follower_imports_org")
                .table("follower_imports")
                .col("org_id")
                .col("id")
                .to_owned(),
        )
        .await?;
        for (_, column) in columns() {
            m.alter_table(Table::alter().table("followers").add_column(column).to_owned()).await?;
        }
        m.create_index(
            Index::create()
                .name("followers_list")
                .table("followers")
                .col("service_account_id")
                .col("follows")
                .col("id")
                .to_owned(),
        )
        .await?;
        // WeChat's events say an openid, and no app.
        for (name, table) in BY_OPENID {
            m.create_index(Index::create().name(name).table(table).col("org_id").col("openid").to_owned())
                .await?;
        }
        Ok(())
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        for (name, table) in BY_OPENID {
            m.drop_index(Index::drop().name(name).table(table).to_owned()).await?;
        }
        m.drop_index(Index::drop().name("followers_list").table("followers").to_owned()).await?;
        for (column, _) in columns().into_iter().rev() {
            m.alter_table(Table::alter().table("followers").drop_column(column).to_owned()).await?;
        }
        m.drop_table(Table::drop().table("follower_imports").to_owned()).await?;
        m.drop_table(Table::drop().table("expansion_packs").to_owned()).await
    }
}
