//! Service accounts: the organization's WeChat account, one per organization and the other way round.

use super::ids::{OrgId, ServiceAccountId};

/// How WeChat sends its pushes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum PushMode {
    /// In clear (development only: the signature does not cover the body).
    Plain,
    /// Clear and encrypted at once.
    Compatible,
    /// Encrypted.
    Safe,
}

impl PushMode {
    /// The contract's word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Plain => "plain",
            Self::Compatible => "compatible",
            Self::Safe => "safe",
        }
    }

    /// Reads the contract's word.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Plain, Self::Compatible, Self::Safe].into_iter().find(|value| value.name() == name)
    }
}

/// A bound service account with its secrets opened.
#[derive(Clone)]
pub struct ServiceAccount {
    /// Our id of it.
    pub id: ServiceAccountId,
    /// Its organization.
    pub organization: OrgId,
    /// WeChat's id of it.
    pub appid: String,
    /// Its app secret.
    pub secret: secrecy::SecretString,
    /// The token of its message callback.
    pub token: secrecy::SecretString,
    /// The key of its message callback.
    pub encoding_aes_key: secrecy::SecretString,
    /// The key before that one, while WeChat may still use it.
    pub previous_encoding_aes_key: Option<secrecy::SecretString>,
    /// How WeChat sends its pushes.
    pub mode: PushMode,
    /// WeChat's original id (`gh_…`), if it was given.
    pub original_id: Option<String>,
}
