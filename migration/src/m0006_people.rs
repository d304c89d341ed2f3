//! Platform accounts and what ties them to organizations: affiliations, departments, modules, invitations.

use sea_orm_migration::prelude::{
    DbErr, DeriveMigrationName, Index, MigrationTrait, SchemaManager, Table, async_trait,
};
use sea_orm_migration::schema::{
    big_integer, big_integer_null, boolean, pk_uuid, string_len, text, text_null, uuid, uuid_null,
};

/// Platform accounts and what ties them to organizations: affiliations, departments, modules, invitations.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLES: [&str; 8] = [
    "invitations",
    "affiliation_roles",
    "joinings",
    "modules",
    "affiliations",
    "departments",
    "account_logins",
    "accounts",
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        accounts(m).await?;
        account_logins(m).await?;
        departments(m).await?;
        affiliations(m).await?;
        modules(m).await?;
        joinings(m).await?;
        affiliation_roles(m).await?;
        invitations(m).await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        for table in TABLES {
            m.drop_table(Table::drop().table(table).to_owned()).await?;
        }
        Ok(())
    }
}

async fn unique(
    m: &SchemaManager<'_>,
    name: &str,
    table: &'static str,
    columns: &[&'static str],
) -> Result<(), DbErr> {
    let mut index = Index::create().name(name).table(table).unique().to_owned();
    for column in columns {
        index.col(*column);
    }
    m.create_index(index).await
}

async fn index(
    m: &SchemaManager<'_>,
    name: &str,
    table: &'static str,
    columns: &[&'static str],
) -> Result<(), DbErr> {
    let mut index = Index::create().name(name).table(table).to_owned();
    for column in columns {
        index.col(*column);
    }
    m.create_index(index).await
}

async fn accounts(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    m.create_table(
        Table::create()
            .table("accounts")
            .col(pk_uuid("id"))
            .col(string_len("phone_index", 64))
            .col(text("phone"))
            .col(string_len("name", 120))
            .col(text_null("password_hash"))
            .col(boolean("enabled"))
            .col(big_integer("created_at"))
            .col(big_integer("updated_at"))
            .to_owned(),
    )
    .await?;
    unique(m, "accounts_phone", "accounts", &["phone_index"]).await
}

async fn account_logins(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    m.create_table(
        Table::create()
            .table("account_logins")
            .col(pk_uuid("id"))
            .col(uuid("account_id"))
            .col(string_len("client", 8))
            .col(string_len("token_hash", 64))
            .col(big_integer("created_at"))
            .col(big_integer("last_seen_at"))
            .col(big_integer("expires_at"))
            .col(big_integer_null("ended_at"))
            .to_owned(),
    )
    .await?;
    unique(m, "account_logins_token", "account_logins", &["token_hash"]).await?;
    index(m, "account_logins_account", "account_logins", &["account_id", "ended_at"]).await
}

async fn departments(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    m.create_table(
        Table::create()
            .table("departments")
            .col(pk_uuid("id"))
            .col(uuid("org_id"))
            .col(string_len("name", 120))
            .col(uuid_null("parent_id"))
            .col(big_integer("created_at"))
            .to_owned(),
    )
    .await?;
    unique(m, "departments_name", "departments", &["org_id", "name"]).await
}

async fn affiliations(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    m.create_table(
        Table::create()
            .table("affiliations")
            .col(pk_uuid("id"))
            .col(uuid("org_id"))
            .col(string_len("kind", 24))
            .col(uuid_null("account_id"))
            .col(string_len("phone_index", 64))
            .col(text("phone"))
            .col(string_len("name", 120))
            .col(string_len("status", 16))
            .col(uuid_null("department_id"))
            .col(uuid_null("manager_id"))
            .col(big_integer("created_at"))
            .col(big_integer("updated_at"))
            .to_owned(),
    )
    .await?;
    // Nobody is a member and a collaborator of one organization at the same time.
    unique(m, "affiliations_phone", "affiliations", &["org_id", "phone_index"]).await?;
    index(m, "affiliations_account", "affiliations", &["account_id"]).await?;
    index(m, "affiliations_kind", "affiliations", &["org_id", "kind", "id"]).await
}

async fn modules(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    m.create_table(
        Table::create()
            .table("modules")
            .col(pk_uuid("id"))
            .col(uuid("org_id"))
            .col(uuid_null("app_id"))
            .col(string_len("kind", 8))
            .col(string_len("name", 120))
            .col(big_integer("created_at"))
            .to_owned(),
    )
    .await?;
    unique(m, "modules_name", "modules", &["org_id", "kind", "name"]).await
}

async fn joinings(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    m.create_table(
        Table::create()
            .table("joinings")
            .col(pk_uuid("id"))
            .col(uuid("org_id"))
            .col(uuid("affiliation_id"))
            .col(uuid_null("app_id"))
            .col(uuid_null("module_id"))
            .col(big_integer("created_at"))
            .to_owned(),
    )
    .await?;
    unique(m, "joinings_app", "joinings", &["affiliation_id", "app_id"]).await?;
    unique(m, "joinings_module", "joinings", &["affiliation_id", "module_id"]).await
}

async fn affiliation_roles(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    m.create_table(
        Table::create()
            .table("affiliation_roles")
            .col(pk_uuid("id"))
            .col(uuid("org_id"))
            .col(uuid("affiliation_id"))
            .col(uuid("role_id"))
            .to_owned(),
    )
    .await?;
    unique(m, "affiliation_roles_role", "affiliation_roles", &["affiliation_id", "role_id"]).await?;
    index(m, "affiliation_roles_of", "affiliation_roles", &["role_id"]).await
}

async fn invitations(m: &SchemaManager<'_>) -> Result<(), DbErr> {
    m.create_table(
        Table::create()
            .table("invitations")
            .col(pk_uuid("id"))
            .col(uuid("org_id"))
            .col(uuid("affiliation_id"))
            .col(string_len("token_hash", 64))
            .col(string_len("created_by", 64))
            .col(big_integer("created_at"))
            .col(big_integer("expires_at"))
            .col(big_integer_null("accepted_at"))
            .col(big_integer_null("revoked_at"))
            .to_owned(),
    )
    .await?;
    unique(m, "invitations_token", "invitations", &["token_hash"]).await?;
    index(m, "invitations_affiliation", "invitations", &["affiliation_id"]).await
}
