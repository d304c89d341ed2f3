//! Bringing the schema up and down, and telling where it stands.

use std::time::Duration;

use migration::{Migrator, MigratorTrait};
use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, DbErr, RuntimeErr, Statement};

use super::connect::{Database, OpenError, Store};
use super::error::StoreError;
use super::patience::GivenUp;
use super::servers::{self, COLLATION, PoolOf};

/// How long one change of the schema may take, on tables that have grown.
const LONGEST_CHANGE: Duration = Duration::from_mins(10);

/// One change of the schema.
#[derive(Clone, Debug)]
pub struct SchemaChange {
    /// Its name.
    pub name: String,
    /// Whether it is in the database.
    pub applied: bool,
}

impl Store {
    /// Applies every change that is missing; of several nodes that start at once, one after the other.
    ///
    /// # Errors
    /// The database refused, or is ahead of this version.
    pub async fn migrate_up(&self) -> Result<(), OpenError> {
        let alone = Alone::with_the_schema(self).await?;
        let done = Migrator::up(&alone.connection, None).await;
        alone.leave().await?;
        Ok(done.map_err(StoreError::from)?)
    }

    /// Takes the last change back.
    ///
    /// # Errors
    /// The database refused.
    pub async fn migrate_down(&self, steps: u32) -> Result<(), OpenError> {
        let alone = Alone::with_the_schema(self).await?;
        let done = Migrator::down(&alone.connection, Some(steps)).await;
        alone.leave().await?;
        Ok(done.map_err(StoreError::from)?)
    }

    /// Every change this version knows, and whether it is applied.
    ///
    /// # Errors
    /// The database is away.
    pub async fn schema_status(&self) -> Result<Vec<SchemaChange>, StoreError> {
        let pending = Migrator::get_pending_migrations_read_only(&self.readers.inner).await?;
        let pending: Vec<String> = pending.iter().map(|migration| migration.name().to_owned()).collect();
        let known = Migrator::migrations();
        Ok(known
            .iter()
            .map(|migration| SchemaChange {
                name: migration.name().to_owned(),
                applied: !pending.contains(&migration.name().to_owned()),
            })
            .collect())
    }
}

/// The one connection that changes the schema: a lock of the server's lasts as long as its connection.
struct Alone {
    connection: DatabaseConnection,
    borrowed: bool,
}

impl Alone {
    async fn with_the_schema(store: &Store) -> Result<Self, OpenError> {
        if store.is_for_one_process() {
            // The file is locked.
            return Ok(Self { connection: store.writer.inner.clone(), borrowed: true });
        }
        let patient = Database { transaction: LONGEST_CHANGE, ..(*store.database).clone() };
        let one = PoolOf { connections: 1, patience: store.database.transaction, many_rows: false };
        let connection = servers::pool(&patient, one, GivenUp::default())?;
        let alone = Self { connection, borrowed: false };
        alone.lock().await.map_err(StoreError::from)?;
        Ok(alone)
    }

    async fn lock(&self) -> Result<(), DbErr> {
        if self.connection.get_database_backend() == DbBackend::MySql {
            // Before the first table is made: the tables go by it.
            let words = format!("ALTER DATABASE CHARACTER SET utf8mb4 COLLATE {COLLATION}");
            self.connection.execute_unprepared(&words).await?;
        }
        let ask = match self.connection.get_database_backend() {
            DbBackend::MySql => "SELECT GET_LOCK('menfang_schema', 300) AS locked",
            // The number is nobody else's in this database; waiting ends with the statement's deadline.
            _ => "SELECT 1 AS locked FROM pg_advisory_lock(7236284911)",
        };
        let ask = Statement::from_string(self.connection.get_database_backend(), ask);
        let row = self.connection.query_one_raw(ask).await?;
        match row.map(|row| row.try_get::<i32>("", "locked")).transpose()? {
            Some(1) => Ok(()),
            _ => Err(DbErr::Conn(RuntimeErr::Internal("another node is changing the schema".into()))),
        }
    }

    /// Gives the lock back, with its connection.
    async fn leave(self) -> Result<(), StoreError> {
        if self.borrowed {
            return Ok(());
        }
        Ok(self.connection.close().await?)
    }
}
