//! Counters of the first line of defence: how often an address or a browser did something lately. They may be lost.

use std::collections::{HashMap, VecDeque};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::domain::clock::Millis;

/// Keys that are counted each for itself; who comes past it is counted with all others who do.
const KEYS: usize = 200_000;
/// How often those that no longer count are looked for: it takes a walk over all of them.
const SWEEP: Duration = Duration::from_secs(1);

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

impl Log {
    /// How many count, and the first of them.
    fn lately(&mut self, limit: &Limit, now: Millis) -> (usize, Option<Millis>) {
        while self.times.front().is_some_and(|&first| now.since(first) >= limit.window) {
            self.times.pop_front();
        }
        (self.times.len(), self.times.front().copied())
    }
}

/// The counters of one process.
#[derive(Default)]
pub struct Guard {
    logs: Mutex<Logs>,
}

/// The name of a limit and whom it counts.
type Key = (&'static str, String);

#[derive(Default)]
struct Logs {
    by_key: HashMap<Key, Log>,
    swept_at: Millis,
}

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
        for limit in limits {
            let key = self.key(limit, now);
            let (lately, first) = self.by_key.get_mut(&key).map_or((0, None), |log| log.lately(limit, now));
            if lately >= usize::try_from(limit.max).unwrap_or(usize::MAX) {
                return Err(Reached::at(limit, first.unwrap_or(now), now));
            }
        }
        Ok(())
    }

    fn count(&mut self, limits: &[Limit], now: Millis) {
        for limit in limits {
            let key = self.key(limit, now);
            let log = self.by_key.entry(key).or_default();
            log.window = limit.window;
            log.times.push_back(now);
        }
    }

    /// The limit's own key, or in a flood the one of all who have none.
    fn key(&mut self, limit: &Limit, now: Millis) -> Key {
        let own = (limit.name, limit.key.clone());
        if self.by_key.contains_key(&own) || self.has_room(now) { own } else { (limit.name, String::new()) }
    }

    fn has_room(&mut self, now: Millis) -> bool {
        if self.by_key.len() >= KEYS && now.since(self.swept_at) >= SWEEP {
            self.swept_at = now;
            self.by_key.retain(|_, log| log.times.back().is_some_and(|&last| now.since(last) < log.window));
        }
        self.by_key.len() < KEYS
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

    #[test]
    fn in_a_flood_newcomers_are_counted_together_until_there_is_room() {
        let guard = Guard::default();
        let pass = |key: String, window, now| {
            let limit = Limit { name: "flood", key, max: 2, window: Duration::from_millis(window) };
            guard.pass(&[limit], Millis(now))
        };
        for number in 0..KEYS {
            // The first few end early.
            pass(number.to_string(), if number < 3 { 1_500 } else { 60_000 }, 1_000).unwrap();
        }
        for newcomer in ["a", "b"] {
            pass(newcomer.into(), 60_000, 2_000).unwrap();
        }
        assert!(pass("c".into(), 60_000, 2_000).is_err(), "two of all newcomers");
        pass("7".into(), 60_000, 2_000).unwrap();
        assert_eq!(guard.lock().by_key.len(), KEYS + 1);
        assert!(pass("c".into(), 60_000, 2_999).is_err(), "within a second nobody looks for room again");
        pass("c".into(), 60_000, 3_000).unwrap();
        assert_eq!(guard.lock().by_key.len(), KEYS - 1);
    }
}
