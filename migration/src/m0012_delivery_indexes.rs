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
/// Indexes of those rows alone that have something in the last column.
const IN_PART: [(&str, &[&str]); 2] =
    [("deliveries_msgid", &["outbox_id", "msgid"]), ("deliveries_user", &["user_id"])];

#[async_trait::async_trait]
impl MigrationTrait for Migration {
    // MySQL commits each step by itself, so one that was done before a crash is not done again.
    async fn up(&self, m: &SchemaManager) -> Result<(), DbErr> {
        // The person in front: one index says who is in a notification, and what a person was sent.
        let to = of_columns("deliveries_to", &["recipient", "notification_id", "again"]);
        make(m, "deliveries_to", to.clone().unique().to_owned()).await?;
        for name in ["deliveries_recipient", "deliveries_person"] {
            unmake(m, name).await?;
        }
        if m.get_database_backend() == DbBackend::MySql {
            // It has no index of some rows.
            return Ok(());
        }
        for (name, columns) in IN_PART {
            unmake(m, name).await?;
            let [.., column] = columns else { continue };
            let index = of_columns(name, columns).and_where(Expr::col(*column).is_not_null()).to_owned();
            make(m, name, index).await?;
        }
        Ok(())
    }

    async fn down(&self, m: &SchemaManager) -> Result<(), DbErr> {
        let recipient = of_columns("deliveries_recipient", &["notification_id", "recipient", "again"]);
        make(m, "deliveries_recipient", recipient.clone().unique().to_owned()).await?;
        let person = of_columns("deliveries_person", &["outbox_id", "openid", "sent_at"]);
        make(m, "deliveries_person", person).await?;
        unmake(m, "deliveries_to").await?;
        if m.get_database_backend() == DbBackend::MySql {
            return Ok(());
        }
        for (name, columns) in IN_PART {
            unmake(m, name).await?;
            make(m, name, of_columns(name, columns)).await?;
        }
        Ok(())
    }
}

async fn make(m: &SchemaManager<'_>, name: &str, index: IndexCreateStatement) -> Result<(), DbErr> {
    if m.has_index(TABLE, name).await? { Ok(()) } else { m.create_index(index).await }
}

async fn unmake(m: &SchemaManager<'_>, name: &'static str) -> Result<(), DbErr> {
    if m.has_index(TABLE, name).await? {
        m.drop_index(Index::drop().name(name).table(TABLE).to_owned()).await?;
    }
    Ok(())
}

fn of_columns(name: &'static str, columns: &[&'static str]) -> IndexCreateStatement {
    let mut index = Index::create().name(name).table(TABLE).to_owned();
    for column in columns {
        index.col(*column);
    }
    index
}
