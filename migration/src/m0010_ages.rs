//! Indexes by which rows that have had their time are found, in tables that may grow large.

use sea_orm_migration::prelude::{
    DbErr, DeriveMigrationName, Index, MigrationTrait, SchemaManager, async_trait,
};

/// Indexes by which rows that have had their time are found.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

/// Name, table, column.
const INDEXES: [(&str, &str, &str); 5] = [
    ("audit_age", "audit", "at"),
    ("logins_age", "logins", "expires_at"),
    ("account_logins_age", "account_logins", "expires_at"),
    ("known_browsers_age", "known_browsers", "seen_at"),
    ("invitations_age", "invitations", "expires_at"),
];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        for (name, table, column) in INDEXES {
            m.create_index(Index::create().name(name).table(table).col(column).to_owned()).await?;
        }
        Ok(())
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        for (name, table, _) in INDEXES {
            m.drop_index(Index::drop().name(name).table(table).to_owned()).await?;
        }
        Ok(())
    }
}
