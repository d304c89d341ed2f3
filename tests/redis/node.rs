//! A node, as far as the bus goes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use menfang::bus::redis::{Servers, Settings};
use menfang::bus::{Bus, Nudge};
use menfang::domain::keys::SigningKey;
use menfang::server::world::OsEntropy;
use tokio::sync::broadcast::Receiver;

use crate::server::{RedisServer, until};

/// How long a node may keep somebody waiting, whatever Redis does.
const MOMENT: Duration = Duration::from_secs(1);

pub(crate) struct Node {
    pub(crate) bus: Bus,
    ears: Receiver<Nudge>,
}

/// What all nodes of a Menfang have in common.
pub(crate) fn settings(servers: Servers) -> Settings {
    Settings {
        servers,
        prefix: "menfang".into(),
        signing: SigningKey::new([7; 32]),
        entropy: Arc::new(OsEntropy),
    }
}

impl Node {
    /// A node that has joined the others.
    pub(crate) async fn join(redis: &RedisServer) -> Self {
        Self::over(Servers::One(redis.url())).await
    }

    pub(crate) async fn over(servers: Servers) -> Self {
        let mut node = Self::alone(servers);
        node.looks_at_all().await;
        node
    }

    /// A node that need not have joined yet.
    pub(crate) fn alone(servers: Servers) -> Self {
        let bus = Bus::redis(settings(servers)).unwrap();
        let ears = bus.listen();
        Self { bus, ears }
    }

    /// The next word that is heard.
    pub(crate) async fn hears(&mut self) -> &'static str {
        let heard = tokio::time::timeout(Duration::from_secs(20), self.ears.recv()).await;
        match heard.expect("nothing was heard").unwrap() {
            Nudge::Changes => "changes",
            Nudge::Follower { .. } => "follower",
            Nudge::Imports => "imports",
            Nudge::Outbox => "outbox",
        }
    }

    /// Whenever it has joined, it looks at everything once.
    pub(crate) async fn looks_at_all(&mut self) {
        for kind in ["changes", "imports", "outbox"] {
            assert_eq!(self.hears().await, kind);
        }
    }

    pub(crate) async fn knows_that_redis_is(&self, up: bool) {
        until("whether Redis answers is known", async || self.bus.redis_is_up() == Some(up)).await;
    }
}

/// Does something, which may take a moment only.
pub(crate) async fn in_a_moment<T>(what: impl Future<Output = T>) -> T {
    let begun = Instant::now();
    let done = what.await;
    assert!(begun.elapsed() < MOMENT, "somebody was kept waiting for {:?}", begun.elapsed());
    done
}
