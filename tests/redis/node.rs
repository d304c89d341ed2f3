//! A node, as far as the bus goes.

use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::future::select_all;
use menfang::bus::redis::{Servers, Settings};
use menfang::bus::{About, Bus, Nudge};
use menfang::domain::keys::SigningKey;
use menfang::server::world::OsEntropy;
use tokio::sync::broadcast::Receiver;

use crate::server::{RedisServer, until};

/// How long a node may keep somebody waiting, whatever Redis does.
const MOMENT: Duration = Duration::from_secs(1);

pub(crate) struct Node {
    pub(crate) bus: Bus,
    ears: Vec<Receiver<Nudge>>,
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
        let about = [About::Changes, About::Followers, About::Imports, About::Outbox];
        let ears = about.map(|about| bus.listen(about)).into();
        Self { bus, ears }
    }

    /// The next word that is heard.
    pub(crate) async fn hears(&mut self) -> &'static str {
        let any = select_all(self.ears.iter_mut().map(|ear| Box::pin(ear.recv())));
        let (heard, ..) =
            tokio::time::timeout(Duration::from_secs(20), any).await.expect("nothing was heard");
        match heard.unwrap() {
            Nudge::Changes => "changes",
            Nudge::Follower { .. } => "follower",
            Nudge::Imports => "imports",
            Nudge::Outbox => "outbox",
        }
    }

    /// The next two words, which come in no order.
    pub(crate) async fn hears_both(&mut self) -> [&'static str; 2] {
        let mut both = [self.hears().await, self.hears().await];
        both.sort_unstable();
        both
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
