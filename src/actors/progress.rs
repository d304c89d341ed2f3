//! Who watches how far a notification is: a table, not an actor. The change feed says "look", whoever watches reads the row; while
//! nobody watches a notification nothing of it is read.

use std::collections::HashMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::watch;

use crate::domain::ids::NotificationId;

use super::registry::WatchError;

type Table = Arc<Mutex<HashMap<NotificationId, watch::Sender<()>>>>;

/// The notifications that somebody on this node watches; a clone is the same.
#[derive(Clone, Default)]
pub struct ProgressWatchers {
    table: Table,
    draining: Arc<AtomicBool>,
}

/// A place to watch a notification from; dropping it is leaving.
pub struct ProgressWatch {
    table: Table,
    id: NotificationId,
    looks: watch::Receiver<()>,
}

fn lock(table: &Table) -> MutexGuard<'_, HashMap<NotificationId, watch::Sender<()>>> {
    table.lock().unwrap_or_else(PoisonError::into_inner)
}

impl ProgressWatchers {
    /// Watches a notification.
    ///
    /// # Errors
    /// The server is going down.
    pub fn watch(&self, id: NotificationId) -> Result<ProgressWatch, WatchError> {
        let mut table = lock(&self.table);
        // Asked while the table is held, so that nobody comes in behind those who are sent away.
        if self.draining.load(Ordering::Relaxed) {
            return Err(WatchError::Restarting);
        }
        let looks = table.entry(id).or_insert_with(|| watch::channel(()).0).subscribe();
        metrics::gauge!("menfang_progress_watchers").increment(1);
        Ok(ProgressWatch { table: Arc::clone(&self.table), id, looks })
    }

    /// Tells those who watch these notifications to look.
    pub fn look(&self, changed: impl Iterator<Item = NotificationId>) {
        let table = lock(&self.table);
        for id in changed {
            if let Some(watchers) = table.get(&id) {
                watchers.send_replace(());
            }
        }
    }

    /// Tells everybody to look.
    pub fn look_at_all(&self) {
        for watchers in lock(&self.table).values() {
            watchers.send_replace(());
        }
    }

    /// Takes no new watchers and sends all others away.
    pub fn drain(&self) {
        self.draining.store(true, Ordering::Relaxed);
        lock(&self.table).clear();
    }

    /// How many notifications are watched.
    pub fn watched(&self) -> usize {
        lock(&self.table).len()
    }
}

impl ProgressWatch {
    /// Waits until there may be something new; false when the server is going down.
    pub async fn look(&mut self) -> bool {
        self.looks.changed().await.is_ok()
    }
}

impl Drop for ProgressWatch {
    fn drop(&mut self) {
        let mut table = lock(&self.table);
        // Our own receiver is dropped after this.
        if table.get(&self.id).is_some_and(|watchers| watchers.receiver_count() <= 1) {
            table.remove(&self.id);
        }
        metrics::gauge!("menfang_progress_watchers").decrement(1);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    fn id(number: u128) -> NotificationId {
        NotificationId(Uuid::from_u128(number))
    }

    #[tokio::test]
    async fn a_look_reaches_those_who_watch_and_many_are_one() {
        let watchers = ProgressWatchers::default();
        let (mut one, mut again) = (watchers.watch(id(1)).unwrap(), watchers.watch(id(1)).unwrap());
        let mut other = watchers.watch(id(2)).unwrap();
        watchers.look([id(1), id(1), id(3)].into_iter());
        assert!(one.look().await && again.look().await);
        let quiet = |watch: &ProgressWatch| !watch.looks.has_changed().unwrap();
        assert!(quiet(&one) && quiet(&other));
        watchers.look_at_all();
        assert!(one.look().await && other.look().await);
    }

    #[tokio::test]
    async fn the_last_one_who_leaves_puts_the_place_away() {
        let watchers = ProgressWatchers::default();
        let (one, again) = (watchers.watch(id(1)).unwrap(), watchers.watch(id(1)).unwrap());
        drop(one);
        assert_eq!(watchers.watched(), 1);
        drop(again);
        assert_eq!(watchers.watched(), 0);
    }

    #[tokio::test]
    async fn a_server_that_goes_down_sends_everybody_away() {
        let watchers = ProgressWatchers::default();
        let mut one = watchers.watch(id(1)).unwrap();
        watchers.drain();
        assert!(!one.look().await);
        assert!(watchers.watch(id(1)).is_err());
    }
}
