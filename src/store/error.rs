//! What can go wrong between a use case and its rows.

use sea_orm::sqlx::{self, mysql::MySqlDatabaseError, postgres::PgDatabaseError};
use sea_orm::{DbErr, RuntimeErr, SqlErr};

/// A failure of the store.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A unique key says that somebody was first.
    #[error("a unique key is taken")]
    Conflict,
    /// The database is away, full, or too slow; worth trying again later.
    #[error("the database is not available")]
    Unavailable(#[source] Option<DbErr>),
    /// A row does not mean anything.
    #[error("{table}.{column} of {id} holds nothing that makes sense")]
    Inconsistent {
        /// Which table.
        table: &'static str,
        /// Which column.
        column: &'static str,
        /// Which row.
        id: String,
    },
    /// Anything else.
    #[error("the database refused")]
    Other(#[source] DbErr),
}

impl From<DbErr> for StoreError {
    fn from(error: DbErr) -> Self {
        match error.sql_err() {
            Some(SqlErr::UniqueConstraintViolation(_)) => return Self::Conflict,
            Some(SqlErr::ForeignKeyConstraintViolation(_)) => return Self::Other(error),
            _ => {}
        }
        if is_unavailable(&error) { Self::Unavailable(Some(error)) } else { Self::Other(error) }
    }
}

fn is_unavailable(error: &DbErr) -> bool {
    match error {
        DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => true,
        DbErr::Exec(RuntimeErr::SqlxError(error)) | DbErr::Query(RuntimeErr::SqlxError(error)) => {
            is_broken_or_busy(error)
        }
        _ => false,
    }
}

fn is_broken_or_busy(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_)
        | sqlx::Error::Tls(_)
        | sqlx::Error::Protocol(_)
        | sqlx::Error::PoolTimedOut
        | sqlx::Error::PoolClosed
        | sqlx::Error::WorkerCrashed => true,
        sqlx::Error::Database(told) => {
            if let Some(mysql) = told.try_downcast_ref::<MySqlDatabaseError>() {
                return MYSQL_PASSES.contains(&mysql.number());
            }
            if let Some(postgres) = told.try_downcast_ref::<PgDatabaseError>() {
                return POSTGRES_PASSES.iter().any(|code| postgres.code().starts_with(code));
            }
            SQLITE_PASSES.iter().any(|known| told.message().contains(known))
        }
        _ => false,
    }
}

/// What PostgreSQL says when it is away, full or busy, or gives one of several rivals up (its appendix A; a class, or a code):
/// connection exceptions, deadlocks and conflicts of transactions, read only after a change of primary, idle in a transaction
/// for too long, insufficient resources, lock not available, operator intervention, which a statement's deadline is, too.
const POSTGRES_PASSES: [&str; 7] = ["08", "40", "25006", "25P03", "53", "55P03", "57"];

/// The same of MySQL and MariaDB, by error number: disk full, too many connections, shutting down, waited for a lock for too
/// long, deadlock, read only, connection killed, statement's deadline.
const MYSQL_PASSES: [u16; 14] =
    [1021, 1040, 1041, 1053, 1114, 1152, 1159, 1205, 1213, 1290, 1836, 1927, 1969, 3024];

/// The same of SQLite: another process holds the file, or its disk is full.
const SQLITE_PASSES: [&str; 4] =
    ["database is locked", "database or disk is full", "disk I/O error", "readonly database"];

/// A shorthand for rows that cannot be read.
pub(crate) fn inconsistent(
    table: &'static str,
    column: &'static str,
    id: impl std::fmt::Display,
) -> StoreError {
    StoreError::Inconsistent { table, column, id: id.to_string() }
}
