//! How much of their daily number of template sends accounts have used, and how often they began anew.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::instant::{Millis, china_day, china_month};

/// The daily number of template sends of an account that has no other.
pub(crate) const DAILY_SENDS: u64 = 100_000;
/// How often in a month the counters may be cleared.
const CLEARINGS: u32 = 10;

#[derive(Clone, Default, Serialize, Deserialize)]
struct Usage {
    day: u64,
    sends: u64,
    month: u64,
    clearings: u32,
}

/// The counters of all accounts.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Usages(BTreeMap<String, Usage>);

impl Usages {
    /// The sends of the day at `at`: taken on, or recognized as the same one again. The day is China's.
    pub(crate) fn sends(&self, appid: &str, at: Millis) -> u64 {
        self.0.get(appid).filter(|usage| usage.day == china_day(at)).map_or(0, |usage| usage.sends)
    }

    /// Whether the counters may be cleared once more this month.
    pub(crate) fn may_clear(&self, appid: &str, at: Millis) -> bool {
        self.0.get(appid).is_none_or(|usage| usage.month != china_month(at) || usage.clearings < CLEARINGS)
    }

    pub(super) fn count(&mut self, appid: &str, at: Millis) {
        let usage = match self.0.get_mut(appid) {
            Some(usage) => usage,
            None => self.0.entry(appid.to_owned()).or_default(),
        };
        let day = china_day(at);
        if usage.day != day {
            (usage.day, usage.sends) = (day, 0);
        }
        usage.sends += 1;
    }

    pub(super) fn clear(&mut self, appid: String, at: Millis) {
        let usage = self.0.entry(appid).or_default();
        let month = china_month(at);
        if usage.month != month {
            (usage.month, usage.clearings) = (month, 0);
        }
        usage.clearings += 1;
        usage.sends = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::instant::{DAY, HOUR};

    /// 2026-01-01, 08:00:05 in China.
    const MORNING: Millis = 1_767_225_605_000;

    #[test]
    fn the_count_begins_anew_at_midnight_in_china() {
        let mut usages = Usages::default();
        usages.count("wx1", MORNING);
        usages.count("wx1", MORNING + 15 * HOUR);
        assert_eq!(usages.sends("wx1", MORNING + 15 * HOUR), 2);
        assert_eq!(usages.sends("wx1", MORNING + 16 * HOUR), 0);
        usages.count("wx1", MORNING + 16 * HOUR);
        assert_eq!((usages.sends("wx1", MORNING + 16 * HOUR), usages.sends("wx2", MORNING)), (1, 0));
    }

    #[test]
    fn counters_are_cleared_ten_times_a_month() {
        let mut usages = Usages::default();
        for _ in 0..10 {
            usages.count("wx1", MORNING);
            assert!(usages.may_clear("wx1", MORNING));
            usages.clear("wx1".to_owned(), MORNING);
            assert_eq!(usages.sends("wx1", MORNING), 0);
        }
        assert!(!usages.may_clear("wx1", MORNING + 30 * DAY));
        assert!(usages.may_clear("wx1", MORNING + 31 * DAY) && usages.may_clear("wx2", MORNING));
        usages.clear("wx1".to_owned(), MORNING + 31 * DAY);
        assert!(usages.may_clear("wx1", MORNING + 31 * DAY));
    }
}
