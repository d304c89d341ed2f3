//! What can go wrong between a use case and its rows.

use sea_orm::{DbErr, SqlErr};

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
        match error {
            DbErr::ConnectionAcquire(_) | DbErr::Conn(_) => Self::Unavailable(Some(error)),
            // SQLite says so when its disk is full or another process holds the file.
            ref other if is_busy_or_full(&other.to_string()) => Self::Unavailable(Some(error)),
            other => Self::Other(other),
        }
    }
}

fn is_busy_or_full(text: &str) -> bool {
    ["database is locked", "database or disk is full", "disk I/O error", "readonly database"].iter().any(|known| text.contains(known))
}

/// A shorthand for rows that cannot be read.
pub(crate) fn inconsistent(table: &'static str, column: &'static str, id: impl std::fmt::Display) -> StoreError {
    StoreError::Inconsistent { table, column, id: id.to_string() }
}
