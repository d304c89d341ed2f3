//! The rows of an audience written with nothing around them: into a bare table, and into the server's own.

use std::path::Path;

use entities::delivery::{self, Column};
use menfang::domain::ids::new_uuid;
use menfang::server::World;
use migration::{Migrator, MigratorTrait};
use sea_orm::sea_query::{Expr, Query, ValueTuple};
use sea_orm::{ConnectionTrait, DatabaseConnection, Schema, TransactionTrait, Value};
use uuid::Uuid;

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

    /// Writes so many rows, as of one notification, by statements like the server's: what all rows have is bound once.
    pub(crate) async fn write(&self, rows: usize) -> anyhow::Result<()> {
        let (clock, entropy) = (&*self.world.clock, &*self.world.entropy);
        let (notification, outbox) = (new_uuid(clock, entropy), new_uuid(clock, entropy));
        let now = clock.now().0;
        let same: [(Column, Value); 11] = [
            (Column::OrgId, outbox.into()),
            (Column::NotificationId, notification.into()),
            (Column::OutboxId, outbox.into()),
            (Column::AppId, outbox.into()),
            (Column::Lane, 1_i16.into()),
            (Column::State, "pending".into()),
            (Column::Attempts, 0_i32.into()),
            (Column::Fence, 0_i64.into()),
            (Column::Again, 0_i32.into()),
            (Column::CreatedAt, now.into()),
            (Column::DueAt, now.into()),
        ];
        let own = [Column::Id, Column::Recipient, Column::UserId, Column::Openid];
        let row = |number: usize| {
            let openid = format!("oBench_Follower_000000{number:06}");
            let (id, user) = (new_uuid(clock, entropy), None::<Uuid>);
            ValueTuple::Many(vec![id.into(), openid.as_str().into(), user.into(), openid.into()])
        };
        for unit in (0..rows).step_by(IN_UNIT) {
            let unit = unit..(unit + IN_UNIT).min(rows);
            let transaction = self.database.begin().await?;
            for from in unit.clone().step_by(IN_STATEMENT) {
                let mut select = Query::select();
                select.exprs(same.iter().map(|(_, value)| Expr::val(value.clone())));
                select.exprs((1..=own.len()).map(|number| Expr::col(format!("column{number}"))));
                select.from_values((from..(from + IN_STATEMENT).min(unit.end)).map(row), "rows");
                let mut insert = Query::insert();
                insert
                    .into_table(delivery::Entity)
                    .columns(same.iter().map(|(column, _)| *column).chain(own));
                transaction.execute(insert.select_from(select)?).await?;
            }
            transaction.commit().await?;
        }
        Ok(())
    }
}
