//! Seats: how many external users an organization may have at once.

/// Most external-user seats of one organization, bought ones included.
pub const MOST_SEATS: i32 = 100_000_000;

/// External-user seats of every edition, before expansion packs.
pub const EXTERNAL_USERS: i32 = 100;

/// How full the seats are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Seats {
    /// How many are taken.
    pub used: i32,
    /// How many there are.
    pub limit: i32,
}

impl Seats {
    /// Whether one more fits. The store asks the same in its UPDATE; this is the rule in words.
    pub fn has_room(self) -> bool {
        self.used < self.limit
    }
}

/// Shares of the seats, in per cent, of which the organization is told.
pub const THRESHOLDS: [u8; 3] = [80, 90, 100];

/// The thresholds that a change from `before_used` to `after_used` taken seats crosses upward, lowest first.
pub fn crossed(before_used: i32, after_used: i32, limit: i32) -> impl Iterator<Item = u8> {
    let reached = move |used: i32, share: u8| i64::from(used) * 100 >= i64::from(share) * i64::from(limit);
    THRESHOLDS.into_iter().filter(move |share| reached(after_used, *share) && !reached(before_used, *share))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn a_threshold_is_told_when_it_is_reached_from_below() {
        let cases: [(i32, i32, i32, &[u8]); 10] = [
            (79, 80, 100, &[80]),
            (80, 81, 100, &[]),
            (89, 95, 100, &[90]),
            (99, 100, 100, &[100]),
            (0, 100, 100, &[80, 90, 100]),
            (100, 79, 100, &[]),
            // Above the limit, after packs have ended.
            (100, 101, 100, &[]),
            // 80 per cent of 3 is 2.4 and 90 per cent 2.7: both are reached by the third.
            (2, 3, 3, &[80, 90, 100]),
            (0, 0, 0, &[]),
            (0, i32::MAX, i32::MAX, &[80, 90, 100]),
        ];
        for (before, after, limit, told) in cases {
            assert_eq!(
                crossed(before, after, limit).collect::<Vec<_>>(),
                told,
                "{before} to {after} of {limit}"
            );
        }
    }

    proptest! {
        #[test]
        fn one_seat_after_the_other_tells_each_threshold_once(limit in 1..500_i32) {
            let told: Vec<_> = (0..limit).flat_map(|used| crossed(used, used + 1, limit)).collect();
            prop_assert_eq!(told, THRESHOLDS);
        }
    }

    #[test]
    fn the_hundredth_fits_and_the_hundred_and_first_does_not() {
        assert!(Seats { used: 99, limit: EXTERNAL_USERS }.has_room());
        assert!(!Seats { used: 100, limit: EXTERNAL_USERS }.has_room());
    }
}
