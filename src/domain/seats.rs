//! Seats: how many external users an organization may have at once.

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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_hundredth_fits_and_the_hundred_and_first_does_not() {
        assert!(Seats { used: 99, limit: EXTERNAL_USERS }.has_room());
        assert!(!Seats { used: 100, limit: EXTERNAL_USERS }.has_room());
    }
}
