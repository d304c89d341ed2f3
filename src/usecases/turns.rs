//! Turns: of those who would ask WeChat for the same thing at the same moment, one asks and the others find the answer.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::{Mutex as AsyncMutex, OwnedMutexGuard};
use uuid::Uuid;

/// The turns that are taken or waited for in this process; between processes unique keys and counters decide.
#[derive(Default)]
pub struct Turns(Mutex<HashMap<Uuid, Weak<AsyncMutex<()>>>>);

impl Turns {
    /// Waits until nobody else is at this thing; it is one's own until the guard is dropped.
    pub(super) async fn take(&self, thing: Uuid) -> OwnedMutexGuard<()> {
        self.of(thing).lock_owned().await
    }

    fn of(&self, thing: Uuid) -> Arc<AsyncMutex<()>> {
        // Nothing is left half done in here by a panic.
        let mut turns = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(turn) = turns.get(&thing).and_then(Weak::upgrade) {
            return turn;
        }
        turns.retain(|_, turn| turn.strong_count() > 0);
        let turn = Arc::default();
        turns.insert(thing, Arc::downgrade(&turn));
        turn
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn one_thing_is_one_turn_and_what_nobody_waits_for_is_forgotten() {
        let turns = Turns::default();
        let [one, other] = [Uuid::from_u128(1), Uuid::from_u128(2)];
        let held = turns.take(one).await;
        assert!(turns.of(one).try_lock().is_err());
        drop(turns.take(other).await);
        drop(held);
        drop(turns.take(Uuid::from_u128(3)).await);
        assert!(turns.of(one).try_lock().is_ok());
        assert_eq!(turns.0.lock().unwrap().len(), 1);
    }
}
