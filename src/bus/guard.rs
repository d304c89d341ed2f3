//! Counters of the first line of defence: how often an address or a browser did something lately. They may be lost.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use crate::domain::clock::Millis;

/// Keys kept at most; past it those that no longer count go first.
const KEYS: usize = 200_000;

/// At most `max` in any `window`, per key.
#[derive(Clone, Debug)]
pub struct Limit {
    /// Its name, as metrics call it.
    pub name: &'static str,
    /// Whom it counts.
    pub key: String,
    /// How many.
    pub max: u32,
    /// Over how long.
    pub window: Duration,
}

/// A limit is reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Reached {
    /// Which one.
    pub limit: &'static str,
    /// When it is worth trying again.
    pub retry_after: Duration,
}

#[derive(Default)]
struct Log {
    times: VecDeque<Millis>,
    window: Duration,
}

/// The counters.
#[derive(Default)]
pub struct Guard {
    logs: Mutex<HashMap<(&'static str, String), Log>>,
}

impl Guard {
    /// Counts one under every limit, or under none if one of them is reached.
    ///
    /// # Errors
    /// The first limit that is reached.
    pub fn pass(&self, limits: &[Limit], now: Millis) -> Result<(), Reached> {
        // A panic while counting leaves at worst a number that is off by one.
        let mut logs = self.logs.lock().unwrap_or_else(PoisonError::into_inner);
        if logs.len() > KEYS {
            logs.retain(|_, log| log.times.back().is_some_and(|&last| now.since(last) < log.window));
        }
        for limit in limits {
            let log = logs.entry((limit.name, limit.key.clone())).or_default();
            log.window = limit.window;
            while log.times.front().is_some_and(|&first| now.since(first) >= limit.window) {
                log.times.pop_front();
            }
            if log.times.len() >= usize::try_from(limit.max).unwrap_or(usize::MAX) {
                let frees_at = log.times.front().copied().unwrap_or(now).plus(limit.window);
                let retry_after = frees_at.since(now).max(Duration::from_secs(1));
                return Err(Reached { limit: limit.name, retry_after });
            }
        }
        for limit in limits {
            logs.entry((limit.name, limit.key.clone())).or_default().times.push_back(now);
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_slides_and_a_refusal_counts_nowhere() {
        let guard = Guard::default();
        let limit = |name, max| Limit { name, key: "k".into(), max, window: Duration::from_secs(10) };
        let both = [limit("wide", 3), limit("narrow", 1)];
        assert_eq!(guard.pass(&both, Millis(0)), Ok(()));
        let refused = guard.pass(&both, Millis(4_000)).unwrap_err();
        assert_eq!((refused.limit, refused.retry_after), ("narrow", Duration::from_secs(6)));
        assert_eq!(guard.pass(&both, Millis(10_000)), Ok(()));
        assert_eq!(guard.pass(&[limit("wide", 3)], Millis(10_001)), Ok(()));
        assert_eq!(guard.pass(&[limit("wide", 3)], Millis(10_002)), Ok(()));
        assert!(guard.pass(&[limit("wide", 3)], Millis(10_003)).is_err());
    }
}
