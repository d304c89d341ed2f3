//! An end to waiting for a database server: one that is gone, frozen or cut off must cost a caller a moment and not a minute.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sea_orm::{
    ConnectionTrait, DbBackend, DbErr, ExecResult, QueryResult, RuntimeErr, Statement, StatementBuilder,
};
use tokio::time::timeout;

/// A connection, or a pool of them, whose every statement has a deadline.
#[derive(Clone, Debug)]
pub(crate) struct Patient<C> {
    pub(super) inner: C,
    patience: Option<Duration>,
    until: Option<Instant>,
    asked: Arc<AtomicU64>,
}

impl<C> Patient<C> {
    /// Every statement, with the wait for its connection, takes at most `patience`; none where the database is a file. Each is
    /// counted in `asked`.
    pub(super) fn new(inner: C, patience: Option<Duration>, asked: &Arc<AtomicU64>) -> Self {
        Self { inner, patience, until: None, asked: Arc::clone(asked) }
    }

    /// No statement goes on beyond this instant, either.
    pub(super) fn until(self, until: Instant) -> Self {
        Self { until: Some(until), ..self }
    }

    /// Something else with the same patience.
    pub(super) fn with<D>(&self, inner: D) -> Patient<D> {
        Patient { inner, patience: self.patience, until: self.until, asked: Arc::clone(&self.asked) }
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
        timeout(patience.min(left), answer).await.unwrap_or_else(|_| Err(too_slow()))
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
        self.ask(self.inner.query_one_raw(statement)).await
    }

    async fn query_one<S: StatementBuilder>(&self, statement: &S) -> Result<Option<QueryResult>, DbErr> {
        self.ask(self.inner.query_one(statement)).await
    }

    async fn query_all_raw(&self, statement: Statement) -> Result<Vec<QueryResult>, DbErr> {
        self.ask(self.inner.query_all_raw(statement)).await
    }

    async fn query_all<S: StatementBuilder>(&self, statement: &S) -> Result<Vec<QueryResult>, DbErr> {
        self.ask(self.inner.query_all(statement)).await
    }

    fn support_returning(&self) -> bool {
        self.inner.support_returning()
    }
}
