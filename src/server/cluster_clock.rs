//! The time that nodes agree on: the database's, carried on by this machine's steady clock between two looks at it. That is the one
//! that also counts while the machine sleeps: a virtual machine that was suspended knows at once how late it is.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use rustix::time::{ClockId, clock_gettime};

use crate::domain::clock::{Clock, Millis};
use crate::store::{Store, StoreError};

use super::world::SystemClock;

/// How often the database is asked for the time.
const LOOKS: Duration = Duration::from_secs(5);
/// A machine whose clock is off by more than this is told of.
const WORTH_A_WORD: i64 = 1_000;
/// Before the database was asked, or where it is a file of this machine's own.
const UNKNOWN: i64 = i64::MIN;

/// The system's clock until the database has told its own; from then on the system's is not looked at any more, so that one
/// that is wrong, or is put right, moves nothing.
pub struct ClusterClock {
    started: Duration,
    /// What the database's clock said when this one began.
    base: AtomicI64,
}

impl Default for ClusterClock {
    fn default() -> Self {
        Self { started: steady(), base: AtomicI64::new(UNKNOWN) }
    }
}

impl Clock for ClusterClock {
    fn now(&self) -> Millis {
        match self.base.load(Ordering::Relaxed) {
            UNKNOWN => SystemClock.now(),
            base => Millis(base).plus(self.elapsed()),
        }
    }
}

impl ClusterClock {
    /// Asks the database for the time once; a file has none.
    ///
    /// # Errors
    /// The database is away; the clock goes on as it was.
    pub async fn look(&self, store: &Store) -> Result<(), StoreError> {
        let before = self.elapsed();
        let Some(told) = store.time().await? else { return Ok(()) };
        self.learn(told, before, self.elapsed());
        Ok(())
    }

    fn elapsed(&self) -> Duration {
        steady().saturating_sub(self.started)
    }

    /// The database said `told` at some time between the two instants, and nobody knows when: within that, the clock is right
    /// already and stays as it is.
    fn learn(&self, told: Millis, before: Duration, after: Duration) {
        let (earliest, latest) = (told.minus(after).0, told.minus(before).0);
        let base = self.base.load(Ordering::Relaxed);
        if base == UNKNOWN {
            let off = told.minus(after).0.saturating_add(millis(after)).saturating_sub(SystemClock.now().0);
            if off.abs() > WORTH_A_WORD {
                tracing::warn!(
                    off_by_ms = -off,
                    "this machine's clock differs from the database's, which counts"
                );
            }
        }
        if base == UNKNOWN || base < earliest || base > latest {
            self.base.store(i64::midpoint(earliest, latest), Ordering::Relaxed);
        }
    }

    /// Asks again and again, for as long as the server runs.
    pub async fn follow(self: Arc<Self>, store: Store) {
        let mut looks = tokio::time::interval(LOOKS);
        looks.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        loop {
            looks.tick().await;
            if let Err(error) = self.look(&store).await {
                tracing::debug!(error = %error, "the database did not tell the time; the steady clock goes on");
            }
        }
    }
}

/// Time since this machine started, its sleep included.
fn steady() -> Duration {
    let now = clock_gettime(ClockId::Boottime);
    let (seconds, nanos) = (u64::try_from(now.tv_sec).unwrap_or(0), u32::try_from(now.tv_nsec).unwrap_or(0));
    Duration::new(seconds, nanos)
}

fn millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    const fn ms(count: u64) -> Duration {
        Duration::from_millis(count)
    }

    #[test]
    fn the_databases_time_counts_and_not_the_systems() {
        let clock = ClusterClock::default();
        assert!(SystemClock.now().since(clock.now()) < ms(1_000), "nothing else is known yet");
        clock.learn(Millis(5_000_000), ms(0), ms(0));
        assert!(clock.now().since(Millis(5_000_000)) < ms(1_000));
    }

    #[test]
    fn it_is_corrected_by_no_more_than_an_answer_proves() {
        let clock = ClusterClock::default();
        clock.learn(Millis(5_000_000), ms(100), ms(140));
        assert_eq!(clock.base.load(Ordering::Relaxed), 4_999_880);
        // Anything from 4,999,800 to 5,000,000 may be true.
        clock.learn(Millis(5_000_100), ms(100), ms(300));
        assert_eq!(clock.base.load(Ordering::Relaxed), 4_999_880);
        clock.learn(Millis(5_010_000), ms(1_000), ms(1_010));
        assert_eq!(clock.base.load(Ordering::Relaxed), 5_008_995);
    }
}
