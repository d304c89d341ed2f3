//! The way to Redis: one connection that all share, and whether it is worth asking.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{PoisonError, RwLock};
use std::time::Duration;

use redis::aio::{ConnectionLike, MultiplexedConnection};
use redis::cluster_async::ClusterConnection;
use redis::{Cmd, ErrorKind, Pipeline, RedisError, RedisFuture, RedisResult, Value};

/// A connection that many use at once.
#[derive(Clone)]
pub(super) enum Connection {
    One(MultiplexedConnection),
    Cluster(ClusterConnection),
}

impl ConnectionLike for Connection {
    fn req_packed_command<'a>(&'a mut self, command: &'a Cmd) -> RedisFuture<'a, Value> {
        match self {
            Self::One(connection) => connection.req_packed_command(command),
            Self::Cluster(connection) => connection.req_packed_command(command),
        }
    }

    fn req_packed_commands<'a>(
        &'a mut self,
        pipeline: &'a Pipeline,
        offset: usize,
        count: usize,
    ) -> RedisFuture<'a, Vec<Value>> {
        match self {
            Self::One(connection) => connection.req_packed_commands(pipeline, offset, count),
            Self::Cluster(connection) => connection.req_packed_commands(pipeline, offset, count),
        }
    }

    fn get_db(&self) -> i64 {
        match self {
            Self::One(connection) => connection.get_db(),
            Self::Cluster(connection) => connection.get_db(),
        }
    }
}

/// The connection while there is one, and whether Redis answered when it was asked last.
#[derive(Default)]
pub(super) struct Link {
    connection: RwLock<Option<Connection>>,
    up: AtomicBool,
}

impl Link {
    pub(super) fn is_up(&self) -> bool {
        self.up.load(Ordering::Relaxed)
    }

    /// The connection; none while Redis is away.
    pub(super) fn connection(&self) -> Option<Connection> {
        if !self.is_up() {
            return None;
        }
        self.connection.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Waits for an answer, a moment at most; none when it does not come, and then nobody asks until Redis is known to answer again.
    pub(super) async fn in_time<T>(&self, asked: impl Future<Output = RedisResult<T>>) -> Option<T> {
        match within(super::ANSWER, asked).await {
            Ok(answer) => Some(answer),
            Err(error) => {
                if self.up.swap(false, Ordering::Relaxed) {
                    tracing::warn!(error = %error, "Redis did not answer; it is asked no more until it is known to");
                }
                None
            }
        }
    }

    /// Redis answers, by this connection.
    pub(super) fn raise(&self, connection: &Connection) {
        if !self.up.load(Ordering::Relaxed) {
            *self.connection.write().unwrap_or_else(PoisonError::into_inner) = Some(connection.clone());
            self.up.store(true, Ordering::Relaxed);
        }
        metrics::gauge!("menfang_redis_up").set(1.0);
    }

    /// Redis is away.
    pub(super) fn lower(&self) {
        self.up.store(false, Ordering::Relaxed);
        *self.connection.write().unwrap_or_else(PoisonError::into_inner) = None;
        metrics::gauge!("menfang_redis_up").set(0.0);
    }
}

/// The answer, if it comes within `limit`.
pub(super) async fn within<T>(
    limit: Duration,
    asked: impl Future<Output = RedisResult<T>>,
) -> RedisResult<T> {
    let late = || RedisError::from((ErrorKind::Io, "no answer in time"));
    tokio::time::timeout(limit, asked).await.unwrap_or_else(|_| Err(late()))
}

/// The connection has ended.
pub(super) fn gone() -> RedisError {
    RedisError::from((ErrorKind::Io, "the connection has ended"))
}
