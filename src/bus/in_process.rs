//! The bus of one process.

use std::sync::Arc;

use tokio::sync::broadcast;

use super::Nudge;
use super::guard::Guard;

/// Nudges a listener may be behind before it misses the oldest.
const BACKLOG: usize = 1_024;

/// A broadcast channel and counters in memory.
#[derive(Clone)]
pub struct InProcess {
    nudges: broadcast::Sender<Nudge>,
    pub(super) guard: Arc<Guard>,
}

impl Default for InProcess {
    fn default() -> Self {
        Self { nudges: broadcast::Sender::new(BACKLOG), guard: Arc::default() }
    }
}

impl InProcess {
    pub(super) fn nudge(&self, nudge: Nudge) {
        // An error means that nobody listens, as before the actors start.
        drop(self.nudges.send(nudge));
    }

    pub(super) fn listen(&self) -> broadcast::Receiver<Nudge> {
        self.nudges.subscribe()
    }
}
