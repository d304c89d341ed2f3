//! SQLite's log, whose pages are moved into the file by a connection of its own: a commit that has to move them takes tens of
//! milliseconds longer, and whoever waits for it waits as long.

use std::sync::Arc;
use std::time::Duration;

use sea_orm::{ConnectionTrait, DatabaseConnection, DbErr};
use tokio::sync::Notify;
use tokio::task::JoinHandle;

/// Pages are moved once in this time, if there are any: those that many units wrote are moved once.
const PAUSE: Duration = Duration::from_secs(1);
/// Moves what no reader needs any more, and keeps nobody from reading or writing (SQLite, `PRAGMA wal_checkpoint`).
const MOVE: &str = "PRAGMA wal_checkpoint(PASSIVE)";

async fn move_pages(connection: &DatabaseConnection) -> Result<(), DbErr> {
    connection.execute_unprepared(MOVE).await?;
    Ok(())
}

/// Moves pages as long as it lives.
pub(super) struct LogMover {
    connection: DatabaseConnection,
    task: JoinHandle<()>,
}

impl Drop for LogMover {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl LogMover {
    /// Moves what was written each time that `written` says so, by this connection, which nobody else uses.
    pub(super) fn start(connection: DatabaseConnection, written: Arc<Notify>) -> Self {
        let own = connection.clone();
        let task = tokio::spawn(async move {
            loop {
                written.notified().await;
                tokio::time::sleep(PAUSE).await;
                if let Err(error) = move_pages(&own).await {
                    // Nothing is lost by it: the next commit that finds the log too long moves it itself.
                    tracing::warn!(error = %error, "SQLite's log was not moved into the file");
                }
            }
        });
        Self { connection, task }
    }

    /// Ends it; what is left in the log is moved when the last connection goes.
    pub(super) async fn stop(&self) -> Result<(), DbErr> {
        self.task.abort();
        self.connection.close_by_ref().await
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use crate::store::connect::Database;
    use crate::store::sqlite;

    use super::*;

    /// Rows that take some hundred pages.
    const ROWS: &str = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 200) \
                        INSERT INTO rows SELECT zeroblob(4000) FROM n";

    fn size(file: &Path) -> u64 {
        std::fs::metadata(file).unwrap().len()
    }

    #[tokio::test]
    async fn what_was_written_is_moved_beside_the_one_who_writes() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("rows.db");
        let some = Duration::from_secs(5);
        let database = Database {
            url: String::new(),
            readers: 1,
            acquire: some,
            connections: 1,
            background_connections: 1,
            answer: some,
            transaction: some,
            behind: some,
            beside: false,
        };
        let opened = sqlite::open(&database, file.to_str().unwrap(), Arc::default()).await.unwrap();
        opened.writer.execute_unprepared("CREATE TABLE rows (bytes)").await.unwrap();
        opened.writer.execute_unprepared(ROWS).await.unwrap();
        let before = size(&file);
        assert!(before < 200 * 4_000, "a commit has moved {before} bytes");
        move_pages(&opened.log.connection).await.unwrap();
        assert!(size(&file) >= 200 * 4_000, "nothing was moved: {before} and now {} bytes", size(&file));
        // Whoever writes goes on, and what ends leaves one file.
        opened.writer.execute_unprepared(ROWS).await.unwrap();
        for connection in [opened.readers, opened.writer] {
            connection.close().await.unwrap();
        }
        opened.log.stop().await.unwrap();
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 2, "rows.db and rows.lock");
    }
}
