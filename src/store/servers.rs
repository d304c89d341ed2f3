//! PostgreSQL and MySQL or MariaDB: pools whose connections are all set up alike, so that one query text means one thing.

use std::str::FromStr;
use std::time::Duration;

use sea_orm::sqlx::mysql::MySqlConnectOptions;
use sea_orm::sqlx::pool::PoolOptions;
use sea_orm::sqlx::postgres::PgConnectOptions;
use sea_orm::sqlx::{
    self, ConnectOptions as _, Connection as _, Database as Kind, Executor as _, MySql, Postgres,
};
use sea_orm::{DatabaseConnection, SqlxMySqlConnector, SqlxPostgresConnector};
use tokio::time::timeout;

use super::connect::{Database, OpenError};

/// A connection that nobody used for so long is asked for a sign of life before it is used again.
const FRESH: Duration = Duration::from_secs(1);
/// A connection that nobody needs for so long is closed.
const IDLE: Duration = Duration::from_mins(1);

/// A pool of so many connections to the server that the URL names; nothing is connected yet.
pub(super) fn pool(database: &Database, connections: u32) -> Result<DatabaseConnection, OpenError> {
    let url = &database.url;
    if let Some(rest) = url.strip_prefix("mysql://").or_else(|| url.strip_prefix("mariadb://")) {
        let options = MySqlConnectOptions::from_str(&format!("mysql://{rest}")).map_err(invalid)?;
        // The server's own notion of words is no matter of ours: names, openids and hashes are compared byte by byte.
        let options = options.charset("utf8mb4").collation(COLLATION).disable_statement_logging();
        let pool = options_of::<MySql>(database, connections, mysql_session(database.transaction));
        return Ok(SqlxMySqlConnector::from_sqlx_mysql_pool(pool.connect_lazy_with(options)));
    }
    let options = PgConnectOptions::from_str(url).map_err(invalid)?;
    let options = options.application_name("menfang").disable_statement_logging();
    let pool = options_of::<Postgres>(database, connections, postgres_session(database.transaction));
    Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool.connect_lazy_with(options)))
}

/// How strings are compared in MySQL and MariaDB.
pub(super) const COLLATION: &str = "utf8mb4_bin";

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err asks for")]
fn invalid(error: sqlx::Error) -> OpenError {
    OpenError::Url(error.to_string())
}

/// The server itself ends what a node that is frozen or cut off has left open: nobody waits for its locks for long, and no
/// transaction is committed later than readers of the change feed count on.
fn postgres_session(transaction: Duration) -> String {
    let (one, all) = (transaction.as_millis(), transaction.as_millis() + 1_000);
    format!(
        "SET statement_timeout = {one}; SET lock_timeout = {one}; \
         SET idle_in_transaction_session_timeout = {all}; SET default_transaction_isolation = 'read committed'; \
         SET timezone = 'UTC'"
    )
}

/// MySQL has no end for transactions, only for connections on which nothing happens; the pool closes its idle ones before that.
fn mysql_session(transaction: Duration) -> String {
    let (wait, idle) = (transaction.as_secs().max(1), 2 * IDLE.as_secs());
    // The two have no common name for the variable of the isolation level.
    format!(
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; \
         SET SESSION innodb_lock_wait_timeout = {wait}, wait_timeout = {idle}"
    )
}

fn options_of<D: Kind>(database: &Database, connections: u32, session: String) -> PoolOptions<D>
where
    for<'c> &'c mut D::Connection: sqlx::Executor<'c, Database = D>,
{
    let answer = database.answer;
    PoolOptions::new()
        .max_connections(connections)
        .min_connections(0)
        .acquire_timeout(answer)
        .idle_timeout(IDLE)
        .test_before_acquire(false)
        .after_connect(move |connection: &mut D::Connection, _| {
            let session = session.clone();
            Box::pin(async move {
                connection.execute(sqlx::AssertSqlSafe(session)).await?;
                Ok(())
            })
        })
        .before_acquire(move |connection: &mut D::Connection, about| {
            Box::pin(async move {
                if about.idle_for < FRESH {
                    return Ok(true);
                }
                Ok(timeout(answer / 2, connection.ping()).await.is_ok_and(|pong| pong.is_ok()))
            })
        })
        // A statement that was given up is still to be answered: until then, or until it is clear that no answer comes, the
        // connection is nobody's.
        .after_release(move |connection: &mut D::Connection, _| {
            Box::pin(async move {
                match timeout(answer, connection.ping()).await {
                    Ok(pong) => pong.map(|()| true),
                    Err(_) => Err(sqlx::Error::Protocol("no answer in time".into())),
                }
            })
        })
}
