//! The bus of one process.

use std::sync::{Arc, OnceLock};

use tokio::sync::broadcast;

use super::guard::Guard;
use super::{About, Nudge, SessionNews};

/// Nudges a listener may be behind before it misses the oldest.
const BACKLOG: usize = 1_024;

/// Whoever is told of the QR sessions that sign-ins write.
type Shown = Box<dyn Fn(SessionNews) + Send + Sync>;

/// A broadcast channel for each kind of nudge, and counters in memory.
#[derive(Clone)]
pub struct InProcess {
    changes: broadcast::Sender<Nudge>,
    followers: broadcast::Sender<Nudge>,
    imports: broadcast::Sender<Nudge>,
    outbox: broadcast::Sender<Nudge>,
    shown: Arc<OnceLock<Shown>>,
    pub(super) guard: Arc<Guard>,
}

impl Default for InProcess {
    fn default() -> Self {
        let channel = || broadcast::Sender::new(BACKLOG);
        Self {
            changes: channel(),
            followers: channel(),
            imports: channel(),
            outbox: channel(),
            shown: Arc::default(),
            guard: Arc::default(),
        }
    }
}

impl InProcess {
    fn channel(&self, about: About) -> &broadcast::Sender<Nudge> {
        match about {
            About::Changes => &self.changes,
            About::Followers => &self.followers,
            About::Imports => &self.imports,
            About::Outbox => &self.outbox,
        }
    }

    pub(super) fn nudge(&self, nudge: Nudge) {
        // An error means that nobody listens, as before the actors start.
        drop(self.channel(nudge.about()).send(nudge));
    }

    pub(super) fn show_sessions_to(&self, shown: Shown) {
        self.shown.get_or_init(|| shown);
    }

    pub(super) fn show_session(&self, news: SessionNews) {
        if let Some(shown) = self.shown.get() {
            shown(news);
        }
    }

    pub(super) fn listen(&self, about: About) -> broadcast::Receiver<Nudge> {
        self.channel(about).subscribe()
    }
}
