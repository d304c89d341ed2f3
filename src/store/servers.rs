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
use tokio::time::{Instant, timeout, timeout_at};

use super::connect::{Database, OpenError};
use super::patience::GivenUp;

/// A connection that nobody used for so long is asked for a sign of life before it is used again.
const FRESH: Duration = Duration::from_secs(1);
/// A connection that nobody needs for so long is closed.
const IDLE: Duration = Duration::from_mins(1);
/// A connection is closed after so long: one that leads to a server which takes no writes any more is not kept for ever.
const LIFE: Duration = Duration::from_mins(5);

/// How long until a server that is not there is looked for again.
const PAUSE: Duration = Duration::from_millis(200);

/// What a pool is for.
#[derive(Clone, Copy)]
pub(super) struct PoolOf {
    /// Connections at most.
    pub(super) connections: u32,
    /// How long a statement may take.
    pub(super) patience: Duration,
    /// Whether statements are about hundreds of rows as a rule.
    pub(super) many_rows: bool,
}

/// A pool of connections to the server that the URL names; nothing is connected yet.
pub(super) fn pool(
    database: &Database,
    of: PoolOf,
    given_up: GivenUp,
) -> Result<DatabaseConnection, OpenError> {
    match server(&database.url)? {
        Server::MySql(options) => {
            let session = mysql_session(database.transaction);
            let pool = options_of::<MySql>(of, database.transaction, session, given_up);
            Ok(SqlxMySqlConnector::from_sqlx_mysql_pool(pool.connect_lazy_with(*options)))
        }
        Server::Postgres(options) => {
            let session = postgres_session(database.transaction, of);
            let pool = options_of::<Postgres>(of, database.transaction, session, given_up);
            Ok(SqlxPostgresConnector::from_sqlx_postgres_pool(pool.connect_lazy_with(*options)))
        }
    }
}

/// Connects as a pool would, one time, however often that has to be tried: a pool says only that it could not in time.
///
/// # Errors
/// Why nothing can be connected.
pub(super) async fn reach(database: &Database, of: PoolOf) -> Result<(), OpenError> {
    let server = server(&database.url)?;
    let ends = Instant::now() + of.patience;
    loop {
        let connecting = async {
            match &server {
                Server::MySql(options) => {
                    connect::<MySql>(options, mysql_session(database.transaction)).await
                }
                Server::Postgres(options) => {
                    connect::<Postgres>(options, postgres_session(database.transaction, of)).await
                }
            }
        };
        match timeout_at(ends, connecting).await {
            Ok(Ok(())) => return Ok(()),
            Ok(Err(error)) if may_come_up(&error) && Instant::now() + PAUSE < ends => {
                tokio::time::sleep(PAUSE).await;
            }
            Ok(Err(error)) => return Err(OpenError::Away(error.to_string())),
            Err(_) => return Err(OpenError::Away(format!("no answer in {} s", of.patience.as_secs_f32()))),
        }
    }
}

/// Nobody listens yet, or a server says that it is starting or full.
fn may_come_up(error: &sqlx::Error) -> bool {
    match error {
        sqlx::Error::Io(_) => true,
        sqlx::Error::Database(told) => told.is_transient_in_connect_phase(),
        _ => false,
    }
}

async fn connect<D: Kind>(
    options: &<D::Connection as sqlx::Connection>::Options,
    session: String,
) -> Result<(), sqlx::Error>
where
    for<'c> &'c mut D::Connection: sqlx::Executor<'c, Database = D>,
{
    let mut connection = D::Connection::connect_with(options).await?;
    connection.execute(sqlx::AssertSqlSafe(session)).await?;
    connection.close().await
}

/// How a server is connected to.
enum Server {
    MySql(Box<MySqlConnectOptions>),
    Postgres(Box<PgConnectOptions>),
}

fn server(url: &str) -> Result<Server, OpenError> {
    if let Some(rest) = url.strip_prefix("mysql://").or_else(|| url.strip_prefix("mariadb://")) {
        let options = MySqlConnectOptions::from_str(&format!("mysql://{rest}")).map_err(invalid)?;
        // The server's own notion of words is no matter of ours: in names, openids and hashes case and accents count.
        let options = options.charset("utf8mb4").collation(COLLATION).disable_statement_logging();
        return Ok(Server::MySql(Box::new(match ipv6_host(url) {
            Some(host) => options.host(host),
            None => options,
        })));
    }
    let options = PgConnectOptions::from_str(url).map_err(invalid)?;
    let options = options.application_name("menfang").disable_statement_logging();
    Ok(Server::Postgres(Box::new(match ipv6_host(url) {
        Some(host) => options.host(host),
        None => options,
    })))
}

/// The address of a URL whose host is one of IPv6: the driver would look its brackets up as a name.
fn ipv6_host(url: &str) -> Option<&str> {
    let (_, rest) = url.split_once("://")?;
    let (authority, _) = rest.split_once('/').unwrap_or((rest, ""));
    let (_, host) = authority.rsplit_once('@').unwrap_or(("", authority));
    host.strip_prefix('[')?.split_once(']').map(|(address, _)| address)
}

/// How strings are compared in MySQL and MariaDB: by their code points. Spaces at the end do not count there; nothing of ours has any.
pub(super) const COLLATION: &str = "utf8mb4_bin";

#[expect(clippy::needless_pass_by_value, reason = "the shape that map_err asks for")]
fn invalid(error: sqlx::Error) -> OpenError {
    OpenError::Url(error.to_string())
}

/// The server itself ends what a node that is frozen or cut off has left open: nobody waits for its locks for long, and no
/// transaction is committed later than readers of the change feed count on.
///
/// A plan that is kept is made for tables as they were, of a new database for empty ones: what is about many rows is planned each time.
fn postgres_session(transaction: Duration, of: PoolOf) -> String {
    let (lock, all) = (transaction.as_millis(), transaction.as_millis() + 1_000);
    let statement = of.patience.max(transaction).as_millis();
    let plans = if of.many_rows { "force_custom_plan" } else { "auto" };
    format!(
        "SET statement_timeout = {statement}; SET lock_timeout = {lock}; SET plan_cache_mode = {plans}; \
         SET idle_in_transaction_session_timeout = {all}; SET default_transaction_isolation = 'read committed'; \
         SET timezone = 'UTC'; \
         DO $$ BEGIN IF pg_is_in_recovery() THEN RAISE 'this server takes no writes'; END IF; END $$"
    )
}

/// MariaDB ends a transaction that is left open. MySQL knows no such end, only one for connections on which nothing happens, so it
/// closes idle ones early, too; the pool opens others. Which of the two it is says the comment that it reads.
fn mysql_session(transaction: Duration) -> String {
    let (wait, all, idle) = (transaction.as_secs().max(1), transaction.as_secs() + 1, 2 * IDLE.as_secs());
    // The two have no common name for the variable of the isolation level.
    format!(
        "SET SESSION TRANSACTION ISOLATION LEVEL READ COMMITTED; \
         SET SESSION sql_mode = CONCAT(@@sql_mode, ',STRICT_ALL_TABLES'), innodb_lock_wait_timeout = {wait}, \
         wait_timeout = {idle} /*M!100300 , idle_transaction_timeout = {all} */ /*!80000 , wait_timeout = {all} */"
    )
}

fn options_of<D: Kind>(
    PoolOf { connections, patience, .. }: PoolOf,
    transaction: Duration,
    session: String,
    given_up: GivenUp,
) -> PoolOptions<D>
where
    for<'c> &'c mut D::Connection: sqlx::Executor<'c, Database = D>,
{
    // A unit whose statement was given up lets go of its connection when it ends.
    let longest = patience + transaction;
    PoolOptions::new()
        .max_connections(connections)
        .min_connections(0)
        .acquire_timeout(patience)
        .idle_timeout(IDLE)
        .max_lifetime(LIFE)
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
                Ok(timeout(patience / 2, connection.ping()).await.is_ok_and(|pong| pong.is_ok()))
            })
        })
        // A statement that was given up is still to be answered: until then, or until it is clear that no answer comes, the
        // connection is nobody's. Without one the pool's own question on release is enough, which has no deadline.
        .after_release(move |connection: &mut D::Connection, _| {
            let to_be_answered = given_up.within(longest);
            Box::pin(async move {
                if !to_be_answered {
                    return Ok(true);
                }
                match timeout(patience, connection.ping()).await {
                    Ok(pong) => pong.map(|()| true),
                    Err(_) => Err(sqlx::Error::Protocol("no answer in time".into())),
                }
            })
        })
}

#[cfg(test)]
mod tests {
    use super::ipv6_host;

    #[test]
    fn addresses_of_ipv6_lose_their_brackets_and_others_stay_with_the_driver() {
        assert_eq!(ipv6_host("postgres://u:p@[::1]:5432/m"), Some("::1"));
        assert_eq!(ipv6_host("mysql://[fd00::7]/m?ssl-mode=REQUIRED"), Some("fd00::7"));
        for other in ["postgres://u:p@127.0.0.1/m", "mysql://db/m", "postgres://u:[@db/m"] {
            assert_eq!(ipv6_host(other), None, "{other}");
        }
    }
}
