//! Counters of the first line of defence: how often an address or a browser did something lately. They may be lost.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
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

/// The counters of one process.
#[derive(Default)]
pub struct Guard {
    logs: Mutex<Logs>,
}

#[derive(Default)]
struct Logs(HashMap<(&'static str, String), Log>);

impl Guard {
    /// Counts one under every limit, or under none if one of them is reached.
    ///
    /// # Errors
    /// The first limit that is reached.
    pub fn pass(&self, limits: &[Limit], now: Millis) -> Result<(), Reached> {
        let mut logs = self.lock();
        logs.look(limits, now)?;
        logs.count(limits, now);
        Ok(())
    }

    /// Looks whether a limit is reached, and counts nothing.
    ///
    /// # Errors
    /// The first limit that is reached.
    pub(super) fn look(&self, limits: &[Limit], now: Millis) -> Result<(), Reached> {
        self.lock().look(limits, now)
    }

    /// Counts what was let pass elsewhere.
    pub(super) fn count(&self, limits: &[Limit], now: Millis) {
        self.lock().count(limits, now);
    }

    fn lock(&self) -> MutexGuard<'_, Logs> {
        // A panic while counting leaves at worst a number that is off by one.
        self.logs.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Logs {
    fn look(&mut self, limits: &[Limit], now: Millis) -> Result<(), Reached> {
        if self.0.len() > KEYS {
            self.0.retain(|_, log| log.times.back().is_some_and(|&last| now.since(last) < log.window));
        }
        for limit in limits {
            let log = self.0.entry((limit.name, limit.key.clone())).or_default();
            log.window = limit.window;
            while log.times.front().is_some_and(|&first| now.since(first) >= limit.window) {
                log.times.pop_front();
            }
            if log.times.len() >= usize::try_from(limit.max).unwrap_or(usize::MAX) {
                return Err(Reached::at(limit, log.times.front().copied().unwrap_or(now), now));
            }
        }
        Ok(())
    }

    fn count(&mut self, limits: &[Limit], now: Millis) {
        for limit in limits {
            let log = self.0.entry((limit.name, limit.key.clone())).or_default();
            log.window = limit.window;
            log.times.push_back(now);
        }
    }
}

impl Reached {
    /// The limit whose oldest count that still counts is of `first`.
    pub(super) fn at(limit: &Limit, first: Millis, now: Millis) -> Self {
        let retry_after = first.plus(limit.window).since(now).max(Duration::from_secs(1));
        Self { limit: limit.name, retry_after }
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
