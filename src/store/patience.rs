//! An end to waiting for a database server: one that is gone, frozen or cut off must cost a caller a moment and not a minute.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement, StatementBuilder,
    Value, Values,
};
use tokio::time::timeout;

/// When a statement was last given up, by its deadline or because nobody waits for it any more: its connection has an answer under
/// way that is nobody's.
#[derive(Clone, Debug, Default)]
pub(super) struct GivenUp(Arc<Mutex<Option<Instant>>>);

impl GivenUp {
    /// Whether one was within the last `span`.
    pub(super) fn within(&self, span: Duration) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).is_some_and(|at| at.elapsed() < span)
    }

    fn note(&self) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(Instant::now());
    }
}

/// Notes when it goes before what it is about has ended.
struct Ending<'a>(Option<&'a GivenUp>);

impl Drop for Ending<'_> {
    fn drop(&mut self) {
        if let Some(given_up) = self.0 {
            given_up.note();
        }
    }
}

/// A connection, or a pool of them, whose every statement has a deadline.
#[derive(Clone, Debug)]
pub(crate) struct Patient<C> {
    pub(super) inner: C,
    patience: Option<Duration>,
    until: Option<Instant>,
    asked: Arc<AtomicU64>,
    given_up: GivenUp,
}

impl<C> Patient<C> {
    /// A file, whose statements take what they take. Each is counted in `asked`.
    pub(super) fn of_file(inner: C, asked: &Arc<AtomicU64>) -> Self {
        Self { inner, patience: None, until: None, asked: Arc::clone(asked), given_up: GivenUp::default() }
    }

    /// A server: every statement, with the wait for its connection, takes at most `patience`, and is counted in `asked`.
    pub(super) fn of_server(inner: C, patience: Duration, asked: &Arc<AtomicU64>, given_up: GivenUp) -> Self {
        Self { inner, patience: Some(patience), until: None, asked: Arc::clone(asked), given_up }
    }

    /// No statement goes on beyond this instant, either.
    pub(super) fn until(self, until: Instant) -> Self {
        Self { until: Some(until), ..self }
    }

    /// Something else with the same patience.
    pub(super) fn with<D>(&self, inner: D) -> Patient<D> {
        let (asked, given_up) = (Arc::clone(&self.asked), self.given_up.clone());
        Patient { inner, patience: self.patience, until: self.until, asked, given_up }
    }

    /// What it is patient with, and its patience.
    pub(super) fn apart(self) -> (C, Patient<()>) {
        let patience = self.with(());
        (self.inner, patience)
    }

    /// Waits for an answer of the database, but no longer than a statement may take.
    pub(super) async fn wait<T>(&self, answer: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
        let Some(patience) = self.patience else { return answer.await };
        let left = self.until.map_or(patience, |until| until.saturating_duration_since(Instant::now()));
        let mut ending = Ending(Some(&self.given_up));
        let answer = timeout(patience.min(left), answer).await;
        let Ok(answer) = answer else {
            return Err(too_slow());
        };
        ending.0 = None;
        answer
    }
}

impl<C> Patient<C> {
    async fn ask<T>(&self, answer: impl Future<Output = Result<T, DbErr>>) -> Result<T, DbErr> {
        self.asked.fetch_add(1, Ordering::Relaxed);
        self.wait(answer).await
    }
}

fn too_slow() -> DbErr {
    DbErr::Conn(RuntimeErr::Internal("no answer in time".into()))
}

/// SQLite makes the plan of a statement anew whenever a limit is bound to it, the same one too: there it stands in the text.
fn with_plain_limit(mut statement: Statement) -> Statement {
    if statement.db_backend != DbBackend::Sqlite {
        return statement;
    }
    if let Some(before) = statement.sql.strip_suffix(" LIMIT ?")
        && let Some(Values(values)) = &mut statement.values
        && let Some(Value::BigUnsigned(Some(limit))) = values.last()
    {
        statement.sql = format!("{before} LIMIT {limit}");
        values.pop();
    }
    statement
}

#[async_trait::async_trait]
impl<C: ConnectionTrait> ConnectionTrait for Patient<C> {
    fn get_database_backend(&self) -> DbBackend {
        self.inner.get_database_backend()
    }

    async fn execute_raw(&self, statement: Statement) -> Result<ExecResult, DbErr> {
        self.ask(self.inner.execute_raw(statement)).await
    }

    async fn execute<S: StatementBuilder>(&self, statement: &S) -> Result<ExecResult, DbErr> {
        self.ask(self.inner.execute(statement)).await
    }

    async fn execute_unprepared(&self, sql: &str) -> Result<ExecResult, DbErr> {
        self.ask(self.inner.execute_unprepared(sql)).await
    }

    async fn query_one_raw(&self, statement: Statement) -> Result<Option<QueryResult>, DbErr> {
        self.ask(self.inner.query_one_raw(with_plain_limit(statement))).await
    }

    async fn query_one<S: StatementBuilder>(&self, statement: &S) -> Result<Option<QueryResult>, DbErr> {
        self.query_one_raw(self.get_database_backend().build(statement)).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.ask(self.inner.query_all_raw(with_plain_limit(statement))).await
    }

    async fn query_all<S: StatementBuilder>(&self, statement: &S) -> Result<Vec<QueryResult>, DbErr> {
        self.query_all_raw(self.get_database_backend().build(statement)).await
    }

    fn support_returning(&self) -> bool {
        self.inner.support_returning()
    }
}

#[cfg(test)]
mod tests {
    use sea_orm::{DbBackend, Statement, Value};

    use super::with_plain_limit;

    #[test]
    fn a_limit_stands_in_the_text_for_sqlite_alone() {
        let sql = "SELECT a FROM b WHERE c = ? LIMIT ?";
        let values = [Value::from(7_i64), Value::from(1_u64)];
        let bound = |backend| with_plain_limit(Statement::from_sql_and_values(backend, sql, values.clone()));
        let of_file = bound(DbBackend::Sqlite);
        assert_eq!(of_file.sql, "SELECT a FROM b WHERE c = ? LIMIT 1");
        assert_eq!(of_file.values.unwrap().0, values[..1]);
        let of_server = bound(DbBackend::MySql);
        assert_eq!((of_server.sql.as_str(), of_server.values.unwrap().0.len()), (sql, 2));
    }

    #[test]
    fn what_has_no_limit_stays_as_it_is() {
        let values = [Value::from(7_i64)];
        let sql = "SELECT a FROM b WHERE c = ?";
        let statement = Statement::from_sql_and_values(DbBackend::Sqlite, sql, values.clone());
        let statement = with_plain_limit(statement);
        assert_eq!((statement.sql.as_str(), &statement.values.unwrap().0[..]), (sql, &values[..]));
    }
}
