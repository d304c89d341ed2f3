//! Pauses between tries: they double, up to a longest one, and chance spreads them.

use std::time::Duration;

/// Chance moves a pause by at most so many hundredths, up or down.
const SPREAD: u64 = 20;

/// How pauses grow.
#[derive(Clone, Copy, Debug)]
pub struct Backoff {
    /// The pause after the first failure.
    pub first: Duration,
    /// The longest pause.
    pub longest: Duration,
}

impl Backoff {
    /// The pause after so many failures in a row; `jitter` is a random number of the whole range.
    pub fn pause(&self, failures: i32, jitter: u32) -> Duration {
        let doublings = u32::try_from(failures.saturating_sub(1)).unwrap_or(0);
        let pause = self.first.saturating_mul(2_u32.saturating_pow(doublings)).min(self.longest);
        let millis = u64::try_from(pause.as_millis()).unwrap_or(u64::MAX);
        let hundredths = 100 - SPREAD + u64::from(jitter) * (2 * SPREAD) / u64::from(u32::MAX);
        Duration::from_millis(millis.saturating_mul(hundredths) / 100).min(self.longest)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const USUAL: Backoff = Backoff { first: Duration::from_secs(5), longest: Duration::from_hours(1) };

    #[test]
    fn pauses_double_up_to_the_longest() {
        let middle = u32::MAX / 2;
        let seconds =
            [1, 2, 3, 4, 5, 11, i32::MAX].map(|failures| USUAL.pause(failures, middle).as_millis() / 100);
        assert_eq!(
            seconds,
            [49, 99, 198, 396, 792, 35_640, 35_640],
            "the middle of the spread is a hair below the pause"
        );
    }

    proptest! {
        #[test]
        fn chance_moves_a_pause_by_a_fifth_at_most(failures in 1..10_i32, jitter: u32) {
            let plain = 5_000 * 2_u64.pow(u32::try_from(failures).unwrap() - 1);
            let pause = u64::try_from(USUAL.pause(failures, jitter).as_millis()).unwrap();
            prop_assert!(pause >= plain * 80 / 100 - 1 && pause <= (plain * 120 / 100).min(3_600_000), "{pause} of {plain}");
        }
    }
}
