//! The rows of an audience written with nothing around them: into a bare table, and into the server's own.

use std::path::Path;

use entities::delivery;
use menfang::domain::ids::new_uuid;
use menfang::server::World;
use migration::{Migrator, MigratorTrait};
use sea_orm::{ActiveValue::Set, ConnectionTrait, DatabaseConnection, EntityTrait, Schema, TransactionTrait};

use crate::measure::commits::bare;

/// Rows in one statement.
const IN_STATEMENT: usize = 500;
/// Rows in one transaction.
const IN_UNIT: usize = 1_000;

/// A database that takes deliveries.
pub(crate) struct Rows {
    database: DatabaseConnection,
    world: World,
}

impl Rows {
    /// A table of the same columns, with a primary key and nothing else.
    pub(crate) async fn bare(folder: &Path) -> anyhow::Result<Self> {
        Self::bare_in(bare(&folder.join("bare.db")).await?).await
    }

    /// The same on a server.
    pub(crate) async fn bare_on(url: &str) -> anyhow::Result<Self> {
        let mut options = sea_orm::ConnectOptions::new(url);
        options.max_connections(1).sqlx_logging(false);
        Self::bare_in(sea_orm::Database::connect(options).await?).await
    }

    async fn bare_in(database: DatabaseConnection) -> anyhow::Result<Self> {
        let table = Schema::new(database.get_database_backend()).create_table_from_entity(delivery::Entity);
        database.execute(&table).await?;
        Ok(Self { database, world: World::real()? })
    }

    /// The server's own table, with its indexes.
    pub(crate) async fn indexed(folder: &Path) -> anyhow::Result<Self> {
        let database = bare(&folder.join("indexed.db")).await?;
        Migrator::up(&database, None).await?;
        Ok(Self { database, world: World::real()? })
    }

    /// Writes so many rows, as of one notification.
    pub(crate) async fn write(&self, rows: usize) -> anyhow::Result<()> {
        let (clock, entropy) = (&*self.world.clock, &*self.world.entropy);
        let (notification, outbox) = (new_uuid(clock, entropy), new_uuid(clock, entropy));
        let now = clock.now().0;
        let row = |number: usize| delivery::ActiveModel {
            id: Set(new_uuid(clock, entropy)),
            org_id: Set(outbox),
            notification_id: Set(notification),
            outbox_id: Set(outbox),
            app_id: Set(outbox),
            lane: Set(1),
            recipient: Set(format!("oBench_Follower_000000{number:06}")),
            user_id: Set(None),
            account_id: Set(None),
            openid: Set(Some(format!("oBench_Follower_000000{number:06}"))),
            state: Set("pending".into()),
            reason: Set(None),
            errcode: Set(None),
            attempts: Set(0),
            due_at: Set(now),
            unknown_since: Set(None),
            fence: Set(0),
            msgid: Set(None),
            again: Set(0),
            resend_of: Set(None),
            created_at: Set(now),
            sent_at: Set(None),
            finished_at: Set(None),
        };
        for unit in (0..rows).step_by(IN_UNIT) {
            let unit = unit..(unit + IN_UNIT).min(rows);
            let transaction = self.database.begin().await?;
            for from in unit.clone().step_by(IN_STATEMENT) {
                let some = (from..(from + IN_STATEMENT).min(unit.end)).map(row);
                delivery::Entity::insert_many(some).exec_without_returning(&transaction).await?;
            }
            transaction.commit().await?;
        }
        Ok(())
    }
}
