//! Opening the database: a file of one process, or a server that many nodes share.

use std::fs::File;
use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbBackend, Statement};
use tokio::sync::Notify;

use crate::domain::clock::{Clock, Entropy, Millis};

use super::error::StoreError;
use super::patience::{GivenUp, Patient};
use super::recent::Recent;
use super::servers::{self, PoolOf};
use super::sqlite;
use super::sqlite_log::LogMover;
use super::unit::{Done, Unit};
use super::vault::Vault;

/// How to open the database.
#[derive(Clone, Debug)]
pub struct Database {
    /// `sqlite://PATH`, relative to the working folder or absolute, `postgres://…` or `mysql://…`.
    pub url: String,
    /// Connections for reading; SQLite.
    pub readers: u32,
    /// How long to wait for a connection; SQLite.
    pub acquire: Duration,
    /// Connections for what somebody waits for; a server.
    pub connections: u32,
    /// Connections for sending, importing and tidying up; a server.
    pub background_connections: u32,
    /// How long a server may take for one statement, the wait for a connection included.
    pub answer: Duration,
    /// How long a write transaction may take.
    pub transaction: Duration,
    /// How long a server may take for one statement of what runs behind, where nobody waits.
    pub behind: Duration,
    /// Only to look, beside a server that may be running.
    pub beside: bool,
}

/// The database is not usable.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// The URL is of no database that there is.
    #[error("database.url: must begin with sqlite://, postgres:// or mysql://")]
    Unsupported,
    /// The URL says something that its database does not know.
    #[error("database.url: {0}")]
    Url(String),
    /// Another server uses the file.
    #[error("database.url: another menfang process uses this database ({0}); stop it first")]
    InUse(PathBuf),
    /// The file cannot be made.
    #[error("database.url: cannot open {0}: {1}")]
    File(PathBuf, std::io::Error),
    /// There is no connection to be had.
    #[error("database.url: {0}; is the server up, and are its address, user and password right?")]
    Away(String),
    /// The database did not answer.
    #[error("database: {0}")]
    Store(#[from] StoreError),
}

/// The rows, for reading and writing.
#[derive(Clone)]
pub struct Store {
    pub(crate) readers: Patient<DatabaseConnection>,
    pub(crate) writer: Patient<DatabaseConnection>,
    behind: Option<Pools>,
    pub(crate) tools: Tools,
    pub(super) database: Arc<Database>,
    writes: Arc<AtomicU64>,
    written: Arc<Notify>,
    asked: Arc<AtomicU64>,
    pub(super) recent: Arc<Recent>,
    file: Option<Arc<OwnFile>>,
}

/// What else belongs to a file that nobody else has.
struct OwnFile {
    log: LogMover,
    /// Held as long as any copy of the store lives, or until it is let go.
    lock: File,
}

/// Connections to a server. Who writes may read beside it, and must not wait for a connection that others like it have.
#[derive(Clone)]
struct Pools {
    readers: Patient<DatabaseConnection>,
    writer: Patient<DatabaseConnection>,
}

impl Pools {
    /// Half of these connections to read by, and half of them to write by.
    fn open(database: &Database, of: PoolOf, asked: &Arc<AtomicU64>) -> Result<Self, OpenError> {
        let of = PoolOf { connections: of.connections.div_ceil(2), ..of };
        let open = || {
            let given_up = GivenUp::default();
            let pool = servers::pool(database, of, given_up.clone())?;
            Ok::<_, OpenError>(Patient::of_server(pool, of.patience, asked, given_up))
        };
        Ok(Self { readers: open()?, writer: open()? })
    }
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
    /// The URL, the file, another process that uses it, or a server that does not answer.
    pub async fn open(
        database: &Database,
        vault: Vault,
        clock: Arc<dyn Clock>,
        entropy: Arc<dyn Entropy>,
    ) -> Result<Self, OpenError> {
        let url = database.url.as_str();
        let tools = Tools { vault, clock, entropy };
        let (of, asked) = (Arc::new(database.clone()), Arc::<AtomicU64>::default());
        if let Some(path) = url.strip_prefix("sqlite://") {
            let written = Arc::<Notify>::default();
            let opened = sqlite::open(database, path, Arc::clone(&written)).await?;
            let [readers, writer] =
                [opened.readers, opened.writer].map(|connection| Patient::of_file(connection, &asked));
            let file = Some(Arc::new(OwnFile { log: opened.log, lock: opened.lock }));
            return Ok(Self {
                readers,
                writer,
                behind: None,
                tools,
                database: of,
                writes: Arc::default(),
                written,
                asked,
                recent: Arc::default(),
                file,
            });
        }
        if !["postgres://", "postgresql://", "mysql://", "mariadb://"]
            .iter()
            .any(|kind| url.starts_with(kind))
        {
            return Err(OpenError::Unsupported);
        }
        let front = PoolOf { connections: database.connections, patience: database.answer, many_rows: false };
        let behind = PoolOf {
            connections: database.background_connections,
            patience: database.behind,
            many_rows: true,
        };
        servers::reach(database, front).await?;
        let (pools, behind) = (Pools::open(database, front, &asked)?, Pools::open(database, behind, &asked)?);
        let Pools { readers, writer } = pools;
        let store = Self {
            readers,
            writer,
            behind: Some(behind),
            tools,
            database: of,
            writes: Arc::default(),
            written: Arc::default(),
            asked,
            recent: Arc::default(),
            file: None,
        };
        store.ping().await?;
        Ok(store)
    }

    /// The same rows by connections of their own: whoever sends to many must not keep those waiting who want to sign in.
    #[must_use]
    pub fn in_background(&self) -> Self {
        let Some(Pools { readers, writer }) = self.behind.clone() else { return self.clone() };
        Self { readers, writer, ..self.clone() }
    }

    /// Whether the rows are a file that nobody else has: at its start, whoever held a claim is gone.
    pub fn is_for_one_process(&self) -> bool {
        self.file.is_some()
    }

    /// Lets go of the file for whoever starts next, though a copy of this may live a moment longer; only when nothing runs any more.
    pub fn let_go(&self) {
        if let Some(file) = &self.file
            && let Err(error) = file.lock.unlock()
        {
            tracing::warn!(error = %error, "the database's lock is held until this process ends");
        }
    }

    /// Begins a unit: the rows it writes, the changes it tells of and the audit lines stand or fall together.
    ///
    /// # Errors
    /// The database is away or busy.
    pub async fn begin(&self) -> Result<Unit, StoreError> {
        let deadline = self.database.transaction;
        let done = Done {
            units: Arc::clone(&self.writes),
            written: Arc::clone(&self.written),
            recent: Arc::clone(&self.recent),
        };
        Unit::begin(&self.writer, self.tools.clone(), deadline, done).await
    }

    /// How many units were committed since the start: idle browsers must not move it.
    pub fn committed_units(&self) -> u64 {
        self.writes.load(Ordering::Relaxed)
    }

    /// How many statements the database was asked since the start: what is done for many at once must not move it for each.
    pub fn statements(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }

    /// The time by the database server's clock, which is the one that nodes agree on; none for a file.
    ///
    /// # Errors
    /// The database is away.
    pub async fn time(&self) -> Result<Option<Millis>, StoreError> {
        let backend = self.readers.get_database_backend();
        // Not the time at which the transaction began: between that and the answer lies the wait for a connection.
        let ask = match backend {
            DbBackend::Postgres => "SELECT (extract(epoch FROM clock_timestamp()) * 1000)::bigint AS now",
            DbBackend::MySql => "SELECT CAST(UNIX_TIMESTAMP(SYSDATE(3)) * 1000 AS SIGNED) AS now",
            _ => return Ok(None),
        };
        let row = self.readers.query_one_raw(Statement::from_string(backend, ask)).await?;
        Ok(row.map(|row| row.try_get("", "now").map(Millis)).transpose()?)
    }

    /// Lets go of every connection.
    ///
    /// # Errors
    /// The database did not let go.
    pub async fn close(self) -> Result<(), StoreError> {
        let behind = self.behind.map(|pools| [pools.readers, pools.writer]);
        for pool in [self.readers, self.writer].into_iter().chain(behind.into_iter().flatten()) {
            pool.inner.close().await?;
        }
        if let Some(file) = &self.file {
            file.log.stop().await?;
        }
        Ok(())
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
