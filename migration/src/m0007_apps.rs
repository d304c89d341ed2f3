//! Roles, consents, the places of external users, and the file that proves a domain to WeChat.

use sea_orm_migration::prelude::{
    ColumnDef, ConnectionTrait, DbErr, DeriveMigrationName, Index, MigrationTrait, SchemaManager, Table,
    async_trait,
};
use sea_orm_migration::schema::{
    big_integer, big_integer_null, pk_uuid, string_len, string_len_null, text_null, uuid, uuid_null,
};

/// Roles, consents, the places of external users, and the file that proves a domain to WeChat.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// Columns that older tables get, in their order.
fn columns() -> Vec<(&'static str, &'static str, ColumnDef)> {
    vec![
        ("external_users", "department_id", uuid_null("department_id")),
        ("external_users", "manager", string_len_null("manager", 40)),
        ("external_users", "invited_at", big_integer_null("invited_at")),
        ("external_users", "profile_at", big_integer_null("profile_at")),
        ("service_accounts", "domain_file_name", string_len_null("domain_file_name", 120)),
        ("service_accounts", "domain_file_text", text_null("domain_file_text")),
        ("service_accounts", "updated_at", big_integer_null("updated_at")),
    ]
}

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        m.create_table(
            Table::create()
                .table("roles")
                .col(pk_uuid("id"))
                .col(uuid("org_id"))
                .col(uuid("app_id"))
                .col(string_len("name", 60))
                .col(big_integer("created_at"))
                .to_owned(),
        )
        .await?;
        m.create_index(
            Index::create().name("roles_name").table("roles").col("app_id").col("name").unique().to_owned(),
        )
        .await?;
        m.create_table(
            Table::create()
                .table("consents")
                .col(pk_uuid("id"))
                .col(uuid("org_id"))
                .col(uuid("app_id"))
                .col(uuid("user_id"))
                .col(string_len("version", 60))
                .col(big_integer("accepted_at"))
                .to_owned(),
        )
        .await?;
        m.create_index(
            Index::create()
                .name("consents_user")
                .table("consents")
                .col("user_id")
                .col("version")
                .unique()
                .to_owned(),
        )
        .await?;
        for (table, _, column) in columns() {
            m.alter_table(Table::alter().table(table).add_column(column).to_owned()).await?;
        }
        m.create_index(
            Index::create()
                .name("external_users_app")
                .table("external_users")
                .col("app_id")
                .col("status")
                .col("id")
                .to_owned(),
        )
        .await?;
        // A file stands at one address for all organizations.
        m.create_index(
            Index::create()
                .name("service_accounts_domain_file")
                .table("service_accounts")
                .col("domain_file_name")
                .unique()
                .to_owned(),
        )
        .await?;
        // So far names and pictures came from WeChat alone.
        m.get_connection()
            .execute_unprepared(
                "UPDATE external_users SET profile_at = updated_at \
                 WHERE nickname IS NOT NULL OR avatar_url IS NOT NULL",
            )
            .await?;
        // Apps that were made before roles had a table keep their default role.
        m.get_connection()
            .execute_unprepared(
                "INSERT INTO roles (id, org_id, app_id, name, created_at) \
                 SELECT app_id, org_id, app_id, default_role, created_at FROM portals",
            )
            .await?;
        Ok(())
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        m.drop_index(Index::drop().name("service_accounts_domain_file").table("service_accounts").to_owned())
            .await?;
        m.drop_index(Index::drop().name("external_users_app").table("external_users").to_owned()).await?;
        for (table, column, _) in columns().into_iter().rev() {
            m.alter_table(Table::alter().table(table).drop_column(column).to_owned()).await?;
        }
        m.drop_table(Table::drop().table("consents").to_owned()).await?;
        m.drop_table(Table::drop().table("roles").to_owned()).await
    }
}
