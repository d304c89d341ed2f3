//! The bus between nodes: nudges by publish and subscribe, shared counters, and a cache of what every node could get anew.
//!
//! One task for each node connects, listens, publishes and asks once a second whether Redis still answers. Whoever asks Redis for
//! something waits a moment at most, and while Redis is away nobody asks: the node goes on by itself.
//!
//! Redis sees no text that says something of a person: names of counters and values are hashed under the server's signing key,
//! values are sealed. What stands there openly is the name of a QR session that was written, and its step: nothing is opened by them.

mod cache;
mod check;
mod guard;
mod keeper;
mod link;
mod nudges;
mod servers;

use std::sync::Arc;
use std::time::Duration;

use tokio::task::AbortHandle;

use crate::domain::clock::{Entropy, Millis, random};
use crate::domain::keys::{SigningKey, hex};
use crate::domain::qr_ticket::QrRef;

use super::Nudge;
use super::guard::{Limit, Reached};
use super::in_process::InProcess;

pub use cache::{Cache, Found, Lock, Locked, Stamp};
pub use check::check;
pub use servers::{Servers, Unusable};

/// Longest wait for an answer.
const ANSWER: Duration = Duration::from_millis(250);

/// What a bus over Redis is made of.
pub struct Settings {
    /// Where Redis is.
    pub servers: Servers,
    /// What every key and channel begins with.
    pub prefix: String,
    /// The server's signing key: names are hashed and values sealed under it.
    pub signing: SigningKey,
    /// Chance.
    pub entropy: Arc<dyn Entropy>,
}

/// A bus over Redis; a clone is the same.
#[derive(Clone)]
pub struct RedisBus(Arc<Owner>);

/// Ends the task with the last clone.
struct Owner {
    shared: Arc<Shared>,
    task: AbortHandle,
}

impl Drop for Owner {
    fn drop(&mut self) {
        self.task.abort();
    }
}

/// What the bus and its task share.
struct Shared {
    here: InProcess,
    link: link::Link,
    pending: nudges::Pending,
    names: Names,
    cipher: cache::Cipher,
    entropy: Arc<dyn Entropy>,
    /// Who we are among the nodes, at random with every start.
    node: String,
}

/// What keys and channels are called.
struct Names {
    prefix: String,
    signing: SigningKey,
}

impl Names {
    /// A key whose last part tells nobody what it was made of.
    fn hashed(&self, kind: &str, parts: &[&[u8]]) -> String {
        let mac = self.signing.mac(&format!("redis {kind}"), parts);
        format!("{}:{kind}:{}", self.prefix, hex(&mac[..16]))
    }

    fn channel(&self) -> String {
        format!("{}:nudges", self.prefix)
    }
}

impl RedisBus {
    pub(super) fn new(settings: Settings) -> Result<Self, Unusable> {
        let Settings { servers, prefix, signing, entropy } = settings;
        let wiring = servers.wiring()?;
        let shared = Arc::new(Shared {
            here: InProcess::default(),
            link: link::Link::default(),
            pending: nudges::Pending::default(),
            cipher: cache::Cipher::new(&signing),
            names: Names { prefix, signing },
            node: hex(&random::<8>(&*entropy)),
            entropy,
        });
        let task = tokio::spawn(keeper::keep(Arc::clone(&shared), wiring)).abort_handle();
        Ok(Self(Arc::new(Owner { shared, task })))
    }

    pub(super) fn nudge(&self, nudge: Nudge) {
        self.0.shared.pending.note(&nudge);
        self.0.shared.here.nudge(nudge);
    }

    /// Tells the other nodes that a QR session was written, to this step.
    pub(super) fn name_session(&self, r: QrRef, seq: u32) {
        self.0.shared.pending.note_session(r, seq);
    }

    pub(super) fn here(&self) -> &InProcess {
        &self.0.shared.here
    }

    pub(super) async fn pass(&self, limits: &[Limit], now: Millis) -> Result<(), Reached> {
        self.0.shared.pass(limits, now).await
    }

    pub(super) fn cache(&self) -> Cache {
        Cache::new(Arc::clone(&self.0.shared))
    }

    pub(super) fn is_up(&self) -> bool {
        self.0.shared.link.is_up()
    }
}
