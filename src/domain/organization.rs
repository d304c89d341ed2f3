//! Organizations: tenants with an edition.

/// What an organization has bought.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Edition {
    /// Free of charge.
    Free,
    /// On trial.
    Trial,
    /// Standard.
    Standard,
    /// Enterprise.
    Enterprise,
    /// Ultimate.
    Ultimate,
}

impl Edition {
    /// Every edition.
    pub const ALL: [Self; 5] = [Self::Free, Self::Trial, Self::Standard, Self::Enterprise, Self::Ultimate];

    /// The contract's word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Free => "free",
            Self::Trial => "trial",
            Self::Standard => "standard",
            Self::Enterprise => "enterprise",
            Self::Ultimate => "ultimate",
        }
    }

    /// Reads the contract's word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|edition| edition.name() == name)
    }

    /// Member seats that come with it.
    pub fn member_seats(self) -> i32 {
        match self {
            Self::Free => 10,
            _ => 30,
        }
    }

    /// Whether expansion packs can be bought for it.
    pub fn can_buy(self) -> bool {
        !matches!(self, Self::Free | Self::Trial)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_free_and_trial_cannot_buy() {
        let buyers: Vec<_> = Edition::ALL.into_iter().filter(|edition| edition.can_buy()).collect();
        assert_eq!(buyers, [Edition::Standard, Edition::Enterprise, Edition::Ultimate]);
    }
}
