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
}
