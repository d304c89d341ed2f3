//! Fewer indexes of deliveries, which are written a hundred thousand at once: what nobody is looked up by is in none of them.

use sea_orm_migration::prelude::{
    ConditionalStatement, DbErr, DeriveMigrationName, Expr, ExprTrait, Index, IndexCreateStatement,
    MigrationTrait, SchemaManager, async_trait,
};
use sea_orm_migration::sea_orm::DbBackend;

/// Fewer indexes of deliveries.
#[derive(DeriveMigrationName)]
pub(crate) struct Migration;

const TABLE: &str = "deliveries";

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        // The person in front: one index says who is in a notification, and what a person was sent.
        let recipient = of_columns("deliveries_to", &["recipient", "notification_id", "again"]);
        m.create_index(recipient.clone().unique().to_owned()).await?;
        for name in ["deliveries_recipient", "deliveries_person", "deliveries_msgid", "deliveries_user"] {
            drop_index(m, name).await?;
        }
        let numbers = of_columns("deliveries_msgid", &["outbox_id", "msgid"]);
        m.create_index(of_what_is_there(m, numbers, "msgid")).await?;
        let users = of_columns("deliveries_user", &["user_id"]);
        m.create_index(of_what_is_there(m, users, "user_id")).await
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        for name in ["deliveries_msgid", "deliveries_user"] {
            drop_index(m, name).await?;
        }
        let recipient = of_columns("deliveries_recipient", &["notification_id", "recipient", "again"]);
        m.create_index(recipient.clone().unique().to_owned()).await?;
        drop_index(m, "deliveries_to").await?;
        m.create_index(of_columns("deliveries_msgid", &["outbox_id", "msgid"])).await?;
        m.create_index(of_columns("deliveries_person", &["outbox_id", "openid", "sent_at"])).await?;
        m.create_index(of_columns("deliveries_user", &["user_id"])).await
    }
}

async fn drop_index(m: &SchemaManager<'_>, name: &'static str) -> Result<(), DbErr> {
    m.drop_index(Index::drop().name(name).table(TABLE).to_owned()).await
}

fn of_columns(name: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create().name(name).table(TABLE).to_owned();
    for column in columns {
        index.col(*column);
    }
    index
}

/// Without the rows that have nothing in the column; MySQL has no such index, and takes all of them.
fn of_what_is_there(
    m: &SchemaManager<'_>,
    mut index: IndexCreateStatement,
    column: &'static str,
) -> IndexCreateStatement {
    if m.get_database_backend() != DbBackend::MySql {
        index.and_where(Expr::col(column).is_not_null());
    }
    index
}
