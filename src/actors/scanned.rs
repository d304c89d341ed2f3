//! Which QR sessions were written lately, as the change feed, this node's own units and other nodes tell: so that a browser that shows
//! a fresh code costs no read of a row that is not there yet.
//!
//! Whoever asks is in the registry before, so what is written later it is told. While the feed cannot be relied on, nothing is certain.

use std::collections::HashSet;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::domain::clock::Millis;
use crate::domain::qr_ticket::{QrRef, Waiting};

/// For how long is remembered at least.
const SPAN: Duration = Duration::from_mins(1);
/// The clocks of two nodes are apart by less.
const CLOCKS: Duration = Duration::from_secs(5);
/// Sessions remembered at most; beyond it the older half is forgotten, and rows are read.
const AT_MOST: usize = 100_000;

/// The sessions; a clone is the same.
#[derive(Clone, Debug, Default)]
pub struct Scanned(Arc<Mutex<Lately>>);

#[derive(Debug, Default)]
struct Lately {
    newer: HashSet<QrRef>,
    older: HashSet<QrRef>,
    /// Since when the newer ones are all there are, and since when both together are; none while nothing is known.
    since: Option<(Millis, Millis)>,
}

impl Scanned {
    fn lately(&self) -> MutexGuard<'_, Lately> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on every session that is written is told here.
    pub fn begin(&self, now: Millis) {
        *self.lately() = Lately { since: Some((now, now)), ..Lately::default() };
    }

    /// Nothing is certain any more, until it begins again.
    pub fn end(&self) {
        *self.lately() = Lately::default();
    }

    /// A session was written.
    pub fn put(&self, r: QrRef, now: Millis) {
        let mut lately = self.lately();
        let Some((newer_since, _)) = lately.since else { return };
        if now.since(newer_since) > SPAN || lately.newer.len() >= AT_MOST {
            lately.older = std::mem::take(&mut lately.newer);
            lately.since = Some((now, newer_since));
        }
        lately.newer.insert(r);
    }

    /// Whether it is certain that nobody has scanned this code so far.
    pub fn lacks(&self, waiting: &Waiting) -> bool {
        let lately = self.lately();
        lately.since.is_some_and(|(_, all_since)| waiting.issued_at > all_since.plus(CLOCKS))
            && !lately.newer.contains(&waiting.r)
            && !lately.older.contains(&waiting.r)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::AppId;

    const START: Millis = Millis(1_000_000);

    fn issued(r: u8, seconds: u64) -> Waiting {
        Waiting {
            r: QrRef([r; 16]),
            app: AppId(uuid::Uuid::nil()),
            issued_at: START.plus(Duration::from_secs(seconds)),
        }
    }

    #[test]
    fn a_fresh_code_that_was_not_written_is_lacking() {
        let scanned = Scanned::default();
        assert!(!scanned.lacks(&issued(1, 10)), "nothing is known");
        scanned.begin(START);
        assert!(scanned.lacks(&issued(1, 10)));
        scanned.put(issued(1, 10).r, START);
        assert!(!scanned.lacks(&issued(1, 10)));
        assert!(scanned.lacks(&issued(2, 10)));
        scanned.end();
        assert!(!scanned.lacks(&issued(2, 10)));
    }

    #[test]
    fn what_is_older_than_is_remembered_is_read() {
        let scanned = Scanned::default();
        scanned.begin(START);
        assert!(!scanned.lacks(&issued(1, 4)), "it may have been written before");
        for minutes in 2..5 {
            scanned.put(QrRef([9; 16]), START.plus(Duration::from_mins(minutes)));
        }
        assert!(!scanned.lacks(&issued(1, 60)), "what was written then is forgotten");
        assert!(scanned.lacks(&issued(1, 240)));
    }
}
