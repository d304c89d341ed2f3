//! Opening the database. SQLite: WAL, one writer (every write transaction is IMMEDIATE), a few readers, and a lock on
//! the file so that a second server cannot share it.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{ConnectOptions, ConnectionTrait, DatabaseConnection};

use crate::domain::clock::{Clock, Entropy};

use super::error::StoreError;
use super::unit::Unit;
use super::vault::Vault;

/// How to open the database.
#[derive(Clone, Debug)]
pub struct Database {
    /// `sqlite://path`, relative to the working folder or absolute.
    pub url: String,
    /// Connections for reading.
    pub readers: u32,
    /// How long to wait for a connection.
    pub acquire: Duration,
    /// How long a write transaction may take.
    pub transaction: Duration,
    /// Only to look, beside a server that may be running.
    pub beside: bool,
}

/// The database is not usable.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL is of no database that this version knows.
    #[error("database.url: only sqlite://PATH is supported by this version")]
    Unsupported,
    /// Another server uses the file.
    #[error("database.url: another menfang process uses this database ({0}); stop it first")]
    InUse(PathBuf),
    /// The file cannot be made.
    #[error("database.url: cannot open {0}: {1}")]
    File(PathBuf, std::io::Error),
    /// The database did not answer.
    #[error("database: {0}")]
    Store(#[from] StoreError),
}

/// The rows, for reading and writing.
#[derive(Clone)]
pub struct Store {
    pub(crate) readers: DatabaseConnection,
    pub(crate) writer: DatabaseConnection,
    pub(crate) tools: Tools,
    transaction: Duration,
    writes: Arc<AtomicU64>,
    // Held as long as any copy of the store lives.
    _lock: Arc<File>,
}

/// What rows are sealed and stamped with.
#[derive(Clone)]
pub(crate) struct Tools {
    pub(crate) vault: Vault,
    pub(crate) clock: Arc<dyn Clock>,
    pub(crate) entropy: Arc<dyn Entropy>,
}

impl Store {
    /// Opens the database, making the file if there is none; the schema is brought up by [`Store::migrate_up`].
    ///
    /// # Errors
    /// The URL, the file, or another process that uses it.
    pub async fn open(
        database: &Database,
        vault: Vault,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, OpenError> {
        let path = database.url.strip_prefix("sqlite://").ok_or(OpenError::Unsupported)?;
        let path = PathBuf::from(path.split('?').next().unwrap_or(path));
        let failed = |error| OpenError::File(path.clone(), error);
        if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
            std::fs::create_dir_all(folder).map_err(failed)?;
        }
        let lock = File::create(path.with_extension("lock")).map_err(failed)?;
        match lock.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) if database.beside => {}
            Err(TryLockError::WouldBlock) => return Err(OpenError::InUse(path)),
            Err(TryLockError::Error(error)) => return Err(failed(error)),
        }
        // Made by us and not by SQLite, so that only its owner can read it; the files beside it follow its mode.
        OpenOptions::new().create(true).append(true).mode(0o600).open(&path).map_err(failed)?;
        let url = format!("sqlite://{}?mode=rwc", path.display());
        let writer = connect(&url, 1, database.acquire).await?;
        let readers = connect(&url, database.readers, database.acquire).await?;
        let tools = Tools { vault, clock, entropy };
        Ok(Self {
            readers,
            writer,
            tools,
            transaction: database.transaction,
            writes: Arc::default(),
            _lock: Arc::new(lock),
        })
    }

    /// Begins a unit: the rows it writes, the changes it tells of and the audit lines stand or fall together.
    ///
    /// # Errors
    /// The database is away or busy.
    pub async fn begin(&self) -> Result<Unit, StoreError> {
        Unit::begin(self.writer.clone(), self.tools.clone(), self.transaction, Arc::clone(&self.writes)).await
    }

    /// How many units were committed since the start: idle browsers must not move it.
    pub fn committed_units(&self) -> u64 {
        self.writes.load(Ordering::Relaxed)
    }

    /// Asks the database for a sign of life.
    ///
    /// # Errors
    /// It does not answer.
    pub async fn ping(&self) -> Result<(), StoreError> {
        self.readers.execute_unprepared("SELECT 1").await?;
        Ok(())
    }
}

async fn connect(url: &str, connections: u32, acquire: Duration) -> Result<DatabaseConnection, StoreError> {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(acquire)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |sqlite| {
            sqlite
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Normal)
                .foreign_keys(true)
                .busy_timeout(acquire)
        });
    Ok(sea_orm::Database::connect(options).await?)
}
