//! Watchers: the bounded channels by which an actor's frames leave it, whatever the transport.

use std::sync::Arc;

use tokio::sync::mpsc;

use super::frame::close;

/// Updates a watcher may be behind; a QR session has at most about ten in its life, and of an inbox only the last counts.
pub const WATCHER_QUEUE: usize = 8;

/// What a watcher gets.
#[derive(Debug)]
pub enum Update<F> {
    /// A new snapshot.
    Frame(Arc<F>),
    /// The end, with its code.
    Close(u16),
}

/// Hands an update to a watcher without waiting; the last place in its queue is kept for the goodbye.
pub(super) fn push<F>(watcher: &mpsc::Sender<Update<F>>, update: Update<F>) -> bool {
    if watcher.capacity() > 1 || matches!(update, Update::Close(_)) {
        return watcher.try_send(update).is_ok();
    }
    metrics::counter!("menfang_watchers_too_slow_total").increment(1);
    drop(watcher.try_send(Update::Close(close::TOO_SLOW)));
    false
}
