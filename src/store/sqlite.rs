//! SQLite: WAL, one writer (every write transaction is IMMEDIATE), a few readers, and a lock on the file so that a second server
//! cannot share it.

use std::fs::{File, OpenOptions, TryLockError};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use sea_orm::sqlx::sqlite::{SqliteJournalMode, SqliteSynchronous};
use sea_orm::{ConnectOptions, DatabaseConnection, DbBackend, Statement, Values};
use tokio::sync::Notify;

use super::connect::{Database, OpenError};
use super::error::StoreError;
use super::sqlite_log::LogMover;

/// What a connection keeps of the file, in KiB. Keys that come in no order (openids) touch a leaf of their index each: whoever
/// writes many must not read them again for every unit.
const WRITER_KEEPS: u32 = 16 * 1024;
const READER_KEEPS: u32 = 2 * 1024;
/// What the connection keeps that moves the log.
const MOVER_KEEPS: u32 = 256;
/// Pages in the log (64 MiB) at which a commit moves them into the file itself: so many units are written without a pause that
/// [`LogMover`] finds no end of them.
const LOG: &str = "16000";

/// The ways into one file.
pub(super) struct Opened {
    pub(super) readers: DatabaseConnection,
    pub(super) writer: DatabaseConnection,
    pub(super) log: LogMover,
    /// Held as long as any copy of the store lives.
    pub(super) lock: File,
}

/// Opens the file, or makes it; `written` is told of every unit that was committed.
pub(super) async fn open(database: &Database, path: &str, written: Arc<Notify>) -> Result<Opened, OpenError> {
    let path = PathBuf::from(path.split('?').next().unwrap_or(path));
    let failed = |error| OpenError::File(path.clone(), error);
    if let Some(folder) = path.parent().filter(|folder| !folder.as_os_str().is_empty()) {
        std::fs::create_dir_all(folder).map_err(failed)?;
    }
    let lock = lock(&path, database.beside)?;
    // Made by us and not by SQLite, so that only its owner can read it; the files beside it follow its mode.
    OpenOptions::new().create(true).append(true).mode(0o600).open(&path).map_err(failed)?;
    let url = format!("sqlite://{}?mode=rwc", path.display());
    let writer = connect(&url, (1, WRITER_KEEPS), database.acquire).await?;
    let readers = connect(&url, (database.readers, READER_KEEPS), database.acquire).await?;
    let log = LogMover::start(connect(&url, (1, MOVER_KEEPS), database.acquire).await?, written);
    Ok(Opened { readers, writer, log, lock })
}

/// Statements that give no rows, as one where the database is SQLite: it takes several in one text, which is one way to its thread and
/// back.
pub(super) fn together(backend: DbBackend, statements: impl Iterator<Item = Statement>) -> Vec<Statement> {
    if backend != DbBackend::Sqlite {
        return statements.collect();
    }
    let joined = statements.reduce(|mut all, next| {
        all.sql.push_str("; ");
        all.sql.push_str(&next.sql);
        let Values(values) = all.values.get_or_insert_with(|| Values(Vec::new()));
        values.extend(next.values.into_iter().flat_map(|Values(values)| values));
        all
    });
    joined.into_iter().collect()
}

fn lock(path: &Path, beside: bool) -> Result<File, OpenError> {
    let failed = |error| OpenError::File(path.to_path_buf(), error);
    let lock = File::create(path.with_extension("lock")).map_err(failed)?;
    match lock.try_lock() {
        Ok(()) => Ok(lock),
        Err(TryLockError::WouldBlock) if beside => Ok(lock),
        Err(TryLockError::WouldBlock) => Err(OpenError::InUse(path.to_path_buf())),
        Err(TryLockError::Error(error)) => Err(failed(error)),
    }
}

async fn connect(
    url: &str,
    (connections, keeps): (u32, u32),
    acquire: Duration,
) -> Result<DatabaseConnection, StoreError> {
    let mut options = ConnectOptions::new(url);
    options
        .max_connections(connections)
        .min_connections(1)
        .acquire_timeout(acquire)
        // A file does not go away between two statements, and the question costs as much as a statement.
        .test_before_acquire(false)
        .sqlx_logging(false)
        .map_sqlx_sqlite_opts(move |sqlite| {
            sqlite
                .journal_mode(SqliteJournalMode::Wal)
                .synchronous(SqliteSynchronous::Normal)
                .foreign_keys(true)
                .busy_timeout(acquire)
                // Below zero it is no number of pages.
                .pragma("cache_size", format!("-{keeps}"))
                .pragma("wal_autocheckpoint", LOG)
        });
    Ok(sea_orm::Database::connect(options).await?)
}

#[cfg(test)]
mod tests {
    use sea_orm::{ConnectionTrait, Database, Value};

    use super::*;

    #[tokio::test]
    async fn statements_that_are_one_text_write_each_its_own_values() {
        let db = Database::connect("sqlite::memory:").await.unwrap();
        db.execute_unprepared("CREATE TABLE a (x, y); CREATE TABLE b (z)").await.unwrap();
        let statement = |sql: &str, values: &[i64]| {
            Statement::from_sql_and_values(DbBackend::Sqlite, sql, values.iter().copied().map(Value::from))
        };
        let some = || {
            let first = statement("INSERT INTO a (x, y) VALUES (?, ?), (?, ?)", &[1, 2, 3, 4]);
            let second = statement("INSERT INTO a (x, y) VALUES (?, ?)", &[5, 6]);
            [first, second, statement("INSERT INTO b (z) VALUES (?)", &[7])].into_iter()
        };
        for statement in together(DbBackend::Sqlite, some()) {
            db.execute_raw(statement).await.unwrap();
        }
        let all = "SELECT group_concat(x || '-' || y) || '; ' || (SELECT group_concat(z) FROM b) AS all_rows FROM a";
        let row = db.query_one_raw(statement(all, &[])).await.unwrap().unwrap();
        assert_eq!(row.try_get::<String>("", "all_rows").unwrap(), "1-2,3-4,5-6; 7");
        assert_eq!(together(DbBackend::Sqlite, some()).len(), 1);
        assert_eq!(together(DbBackend::Postgres, some()).len(), 3);
        assert!(together(DbBackend::Sqlite, std::iter::empty()).is_empty());
    }
}
