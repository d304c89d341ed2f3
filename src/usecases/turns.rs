//! Turns: of those who want the same at once, one after the other.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, PoisonError, Weak};

use tokio::sync::OwnedMutexGuard;

/// A turn for each key, on this node; it is over when it is dropped.
pub struct Turns<K>(Mutex<HashMap<K, Weak<tokio::sync::Mutex<()>>>>);

impl<K> Default for Turns<K> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash> Turns<K> {
    /// Waits until nobody else has the turn of this key, and takes it.
    pub async fn take(&self, key: K) -> OwnedMutexGuard<()> {
        let turn = {
            let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            all.retain(|_, turn| turn.strong_count() > 0);
            let known = all.get(&key).and_then(Weak::upgrade);
            known.unwrap_or_else(|| {
                let turn = Arc::default();
                all.insert(key, Arc::downgrade(&turn));
                turn
            })
        };
        turn.lock_owned().await
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use futures_util::FutureExt;

    #[tokio::test]
    async fn the_same_key_waits_another_does_not() {
        let turns = Turns::default();
        let first = turns.take(1).await;
        assert!(turns.take(1).now_or_never().is_none());
        assert!(turns.take(2).now_or_never().is_some());
        drop(first);
        assert!(turns.take(1).now_or_never().is_some());
        assert!(turns.take(3).now_or_never().is_some());
        assert_eq!(turns.0.lock().unwrap().len(), 1, "what nobody has is put away");
    }
}
