//! How fast template messages are sent.

use std::{
    collections::{HashMap, VecDeque},
    sync::{Mutex, MutexGuard, PoisonError},
};

use crate::{
    instant::{Millis, SECOND},
    state::RateLimit,
};

/// What is known of the sends since the start, or since the last reset.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct SendCounts {
    /// Sends that were taken on, or recognized as the same one again.
    pub(crate) calls: u64,
    pub(crate) first_at: Option<Millis>,
    pub(crate) last_at: Option<Millis>,
    /// The most in any second, wherever it begins.
    pub(crate) peak: usize,
}

#[derive(Default)]
struct Log {
    counts: SendCounts,
    /// The moments of the last second.
    recent: VecDeque<Millis>,
    /// The period that is running for each account, by its number, and the calls in it.
    periods: HashMap<String, (u64, u64)>,
}

/// The log of sends.
#[derive(Default)]
pub(crate) struct Sends(Mutex<Log>);

impl Sends {
    /// Counts a send. Moments come in their order.
    pub(crate) fn count(&self, at: Millis) {
        let mut log = self.log();
        log.recent.push_back(at);
        while log.recent.front().is_some_and(|&oldest| oldest.saturating_add(SECOND) <= at) {
            log.recent.pop_front();
        }
        let SendCounts { calls, first_at, peak, .. } = log.counts;
        log.counts = SendCounts {
            calls: calls + 1,
            first_at: first_at.or(Some(at)),
            last_at: Some(at),
            peak: peak.max(log.recent.len()),
        };
    }

    /// Counts a call against the account's limit, and says whether it is within.
    pub(crate) fn within(&self, appid: &str, limit: RateLimit, at: Millis) -> bool {
        let period = at / SECOND / limit.refresh_second.max(1);
        let mut log = self.log();
        let running = log.periods.entry(appid.to_owned()).or_default();
        if running.0 != period {
            *running = (period, 0);
        }
        running.1 += 1;
        running.1 <= limit.call_count
    }

    /// The counters.
    pub(crate) fn counts(&self) -> SendCounts {
        self.log().counts
    }

    /// Begins again with nothing.
    pub(crate) fn clear(&self) {
        *self.log() = Log::default();
    }

    fn log(&self) -> MutexGuard<'_, Log> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_peak_is_that_of_the_busiest_second_wherever_it_begins() {
        let sends = Sends::default();
        for at in [0, 900, 950, 1100, 1899, 1900, 5000] {
            sends.count(at);
        }
        let expected = SendCounts { calls: 7, first_at: Some(0), last_at: Some(5000), peak: 4 };
        assert_eq!(sends.counts(), expected, "900 to 1899");
    }

    #[test]
    fn a_period_takes_so_many_calls_of_each_account() {
        let (sends, limit) = (Sends::default(), RateLimit { call_count: 2, refresh_second: 60 });
        let within = |appid, at| sends.within(appid, limit, at);
        assert_eq!([within("wx1", 0), within("wx1", 1), within("wx1", 59_999)], [true, true, false]);
        assert!(within("wx2", 59_999) && within("wx1", 60_000));
    }
}
