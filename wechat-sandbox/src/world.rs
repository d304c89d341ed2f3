//! What every handler holds: the ledger, the faults, the counters and the way out to callbacks.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::{
    callback::{Outbox, Receipts},
    ledger::Ledger,
    traffic::{Faults, Sends, Stats},
};

/// The one sandbox that runs behind a port.
pub(crate) struct World {
    /// Where it is reached: `http://127.0.0.1:PORT`.
    pub(crate) url: String,
    /// The misbehaviour in force.
    pub(crate) faults: Faults,
    /// The counters.
    pub(crate) stats: Stats,
    /// How fast messages are sent.
    pub(crate) sends: Sends,
    /// The receipts of messages that are not due yet.
    pub(crate) receipts: Receipts,
    /// The way to the accounts' callbacks.
    pub(crate) outbox: Outbox,
    ledger: Mutex<Ledger>,
    stop: watch::Receiver<bool>,
}

impl World {
    pub(crate) fn new(url: String, ledger: Ledger, outbox: Outbox, stop: watch::Receiver<bool>) -> Self {
        let ledger = Mutex::new(ledger);
        Self {
            url,
            faults: Faults::default(),
            stats: Stats::default(),
            sends: Sends::default(),
            receipts: Receipts::default(),
            outbox,
            ledger,
            stop,
        }
    }

    /// The state, and the only way to change it. Held for a moment, never across an await.
    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        self.ledger.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until the sandbox stops.
    pub(crate) async fn stopping(&self) {
        let mut stop = self.stop.clone();
        // An error means that the running sandbox was dropped: that is a stop, too.
        let _ = stop.wait_for(|stopping| *stopping).await;
    }
}
