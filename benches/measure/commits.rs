//! The bare database, as a reference.

use std::path::Path;

use sea_orm::{ConnectionTrait, Database, DatabaseConnection};

/// A database with one table, set as the server sets its own.
pub(crate) struct Commits(DatabaseConnection);

impl Commits {
    pub(crate) async fn open(folder: &Path, name: &str) -> anyhow::Result<Self> {
        let database = bare(&folder.join(name)).await?;
        database
            .execute_unprepared("CREATE TABLE lines (id INTEGER PRIMARY KEY, text TEXT NOT NULL)")
            .await?;
        Ok(Self(database))
    }

    /// From now on, each commit waits for the disk, which the server does not ask for.
    pub(crate) async fn wait_for_the_disk(&self) -> anyhow::Result<()> {
        self.0.execute_unprepared("PRAGMA synchronous = FULL").await?;
        Ok(())
    }

    /// One on a PostgreSQL.
    pub(crate) async fn on_postgres(url: &str) -> anyhow::Result<Self> {
        let mut options = sea_orm::ConnectOptions::new(url);
        options.max_connections(1).sqlx_logging(false);
        let database = Database::connect(options).await?;
        database
            .execute_unprepared("CREATE TABLE lines (id BIGSERIAL PRIMARY KEY, text TEXT NOT NULL)")
            .await?;
        Ok(Self(database))
    }

    /// Writes so many rows, each committed by itself.
    pub(crate) async fn write(&self, rows: usize) -> anyhow::Result<()> {
        for _ in 0..rows {
            self.0
                .execute_unprepared(
                    "INSERT INTO lines (text) VALUES ('one line of about forty letters, or so')",
                )
                .await?;
        }
        Ok(())
    }
}

/// A new database without tables, set as the server sets its own.
pub(crate) async fn bare(file: &Path) -> anyhow::Result<DatabaseConnection> {
    let mut options = sea_orm::ConnectOptions::new(format!("sqlite://{}?mode=rwc", file.display()));
    options.max_connections(1).sqlx_logging(false);
    let database = Database::connect(options).await?;
    database.execute_unprepared("PRAGMA journal_mode = WAL").await?;
    database.execute_unprepared("PRAGMA synchronous = NORMAL").await?;
    database.execute_unprepared("PRAGMA cache_size = -16384; PRAGMA wal_autocheckpoint = 16000").await?;
    Ok(database)
}
