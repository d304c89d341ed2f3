//! The bus of one process.

use std::sync::Arc;

use tokio::sync::broadcast;

use super::guard::Guard;
use super::{About, Nudge};

/// Nudges a listener may be behind before it misses the oldest.
const BACKLOG: usize = 1_024;

/// A broadcast channel for each kind of nudge, and counters in memory.
#[derive(Clone)]
pub struct InProcess {
    changes: broadcast::Sender<Nudge>,
    qr_sessions: broadcast::Sender<Nudge>,
    followers: broadcast::Sender<Nudge>,
    imports: broadcast::Sender<Nudge>,
    outbox: broadcast::Sender<Nudge>,
    pub(super) guard: Arc<Guard>,
}

impl Default for InProcess {
    fn default() -> Self {
        let channel = || broadcast::Sender::new(BACKLOG);
        Self {
            changes: channel(),
            qr_sessions: channel(),
            followers: channel(),
            imports: channel(),
            outbox: channel(),
            guard: Arc::default(),
        }
    }
}

impl InProcess {
    fn channel(&self, about: About) -> &broadcast::Sender<Nudge> {
        match about {
            About::Changes => &self.changes,
            About::QrSessions => &self.qr_sessions,
            About::Followers => &self.followers,
            About::Imports => &self.imports,
            About::Outbox => &self.outbox,
        }
    }

    pub(super) fn nudge(&self, nudge: Nudge) {
        // An error means that nobody listens, as before the actors start.
        drop(self.channel(nudge.about()).send(nudge));
    }

    pub(super) fn listen(&self, about: About) -> broadcast::Receiver<Nudge> {
        self.channel(about).subscribe()
    }
}
