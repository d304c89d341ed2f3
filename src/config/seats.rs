//! `[seats]`: how many member seats come with each edition.

use super::ConfigError;
use super::values::Values;

/// The section `seats`.
#[derive(Debug, Clone)]
pub struct Seats {
    /// Member seats with the free edition.
    pub members_free: i32,
    /// Member seats on trial.
    pub members_trial: i32,
    /// Member seats with the standard edition.
    pub members_standard: i32,
    /// Member seats with the enterprise edition.
    pub members_enterprise: i32,
    /// Member seats with the ultimate edition.
    pub members_ultimate: i32,
}

impl Seats {
    pub(super) fn read(values: &Values) -> Result<Self, ConfigError> {
        let section = values.section("seats");
        let count = |name| section.number(name, 1..=1_000_000_i32);
        Ok(Self {
            members_free: count("members_free")?,
            members_trial: count("members_trial")?,
            members_standard: count("members_standard")?,
            members_enterprise: count("members_enterprise")?,
            members_ultimate: count("members_ultimate")?,
        })
    }
}
