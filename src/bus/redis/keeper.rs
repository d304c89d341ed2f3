//! The task that keeps the connections: it connects, listens, publishes, and asks once a second whether Redis still answers; whatever
//! goes wrong, it waits a little and begins anew.

use std::sync::Arc;
use std::time::Duration;

use redis::aio::PubSubSink;
use redis::{RedisError, RedisResult};
use tokio::time::MissedTickBehavior;

use crate::domain::clock::random;
use crate::domain::retry::Backoff;

use super::link::{Connection, within};
use super::servers::{Wires, Wiring};
use super::{ANSWER, Shared};

/// Longest time for connecting, Sentinel or a cluster's map included.
const CONNECT: Duration = Duration::from_secs(2);
/// How often Redis is asked whether it answers.
const PING: Duration = Duration::from_secs(1);
/// How long the mark stands that shows that Redis takes writes.
const MARK: Duration = Duration::from_secs(10);
/// Pauses between tries to connect.
const PAUSES: Backoff = Backoff { first: Duration::from_millis(100), longest: Duration::from_secs(2) };

/// Keeps the bus connected for ever.
pub(super) async fn keep(shared: Arc<Shared>, wiring: Wiring) {
    metrics::gauge!("menfang_redis_up").set(0.0);
    let (mut failures, mut tries) = (0, 0);
    loop {
        let error = match within(CONNECT, shared.connect(&wiring, tries)).await {
            Ok(wires) => {
                if tries > 0 {
                    tracing::info!("Redis is back");
                }
                failures = 0;
                let error = shared.serve(wires).await;
                shared.link.lower();
                error
            }
            Err(error) => error,
        };
        if failures == 0 {
            tracing::warn!(error = %error, "Redis is away; this node goes on by itself until it is back");
        } else {
            tracing::debug!(error = %error, "Redis is still away");
        }
        (failures, tries) = (failures + 1, tries + 1);
        let jitter = u32::from_le_bytes(random(&*shared.entropy));
        tokio::time::sleep(PAUSES.pause(failures, jitter)).await;
    }
}

impl Shared {
    /// Connects so far that everything works: publishing, listening and writing.
    async fn connect(&self, wiring: &Wiring, tries: usize) -> RedisResult<Wires> {
        let mut wires = wiring.connect(tries).await?;
        wires.ears.subscribe(self.names.channel()).await?;
        self.mark(&mut wires.voice).await?;
        Ok(wires)
    }

    /// Works until something fails.
    async fn serve(&self, wires: Wires) -> RedisError {
        let (sink, messages) = wires.ears.split();
        self.link.raise(&wires.voice);
        self.look_at_all();
        tokio::select! {
            error = self.hear(messages) => error,
            error = self.tell(wires.voice.clone()) => error,
            error = self.watch(wires.voice.clone(), sink) => error,
        }
    }

    async fn watch(&self, mut voice: Connection, mut ears: PubSubSink) -> RedisError {
        let mut tick = tokio::time::interval(PING);
        tick.set_missed_tick_behavior(MissedTickBehavior::Delay);
        loop {
            tick.tick().await;
            let written = within(2 * ANSWER, self.mark(&mut voice));
            let heard = within(2 * ANSWER, ears.ping::<redis::Value>());
            if let Err(error) = tokio::try_join!(written, heard) {
                return error;
            }
            self.link.raise(&voice);
        }
    }

    /// Writes something that says nothing: a replica, or a Redis without memory or disk, answers a ping and takes no writes.
    async fn mark(&self, voice: &mut Connection) -> RedisResult<()> {
        let key = format!("{}:node:{}", self.names.prefix, self.node);
        let mut set = redis::cmd("SET");
        set.arg(key).arg(1).arg("PX").arg(u64::try_from(MARK.as_millis()).unwrap_or(u64::MAX));
        set.exec_async(voice).await
    }
}
