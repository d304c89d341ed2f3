//! Service accounts: the organization's WeChat account, one per organization and the other way round.

use secrecy::{ExposeSecret, SecretString};

use super::clock::Millis;
pub use super::domain_file::{DomainFile, InvalidDomainFile};
use super::ids::{OrgId, ServiceAccountId};

/// A secret shorter than this is not shown in part: too little of it would be left.
const SHOWN_IN_PART: usize = 8;

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
    pub secret: SecretString,
    /// The token of its message callback.
    pub token: SecretString,
    /// The key of its message callback.
    pub encoding_aes_key: SecretString,
    /// The key before that one, while WeChat may still use it.
    pub previous_encoding_aes_key: Option<SecretString>,
    /// How WeChat sends its pushes.
    pub mode: PushMode,
    /// WeChat's original id (`gh_…`), if it was given.
    pub original_id: Option<String>,
    /// The file by which WeChat checks that the domain is ours, if we serve it.
    pub domain_file: Option<DomainFile>,
    /// When it was bound.
    pub created_at: Millis,
    /// When it was bound or changed last.
    pub updated_at: Millis,
}

/// How many people an account reaches: what stops when it is unbound.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reach {
    /// Accounts of external users that are signed in by it.
    pub bindings: u64,
    /// Those of them whose phone was freed: without it they are found by nothing.
    pub only_by_wechat: u64,
    /// People who follow it.
    pub followers: u64,
}

/// Which part of a service account cannot be one, with the rule it breaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPart {
    /// WeChat's appids are `wx` and 16 letters and digits, which it does not promise.
    #[error("must be the appid of WeChat's console: wx and letters and digits, 8 to 64 in all")]
    Appid,
    /// Something without spaces.
    #[error("must be the app secret of WeChat's console: 1 to 128 characters without spaces")]
    Secret,
    /// WeChat's console takes 3 to 32 letters and digits.
    #[error("must have 3 to 32 letters and digits, as WeChat's console takes them")]
    Token,
    /// WeChat's original ids begin with `gh_`.
    #[error("must be the original id of WeChat's console: gh_ and letters and digits")]
    OriginalId,
}

impl InvalidPart {
    /// The field of that part.
    pub fn field(self) -> &'static str {
        match self {
            Self::Appid => "appid",
            Self::Secret => "secret",
            Self::Token => "token",
            Self::OriginalId => "original_id",
        }
    }
}

/// Checks the form of what is typed in; the key of the callback has a type of its own.
///
/// # Errors
/// The first part that cannot be one.
pub fn check_parts(
    appid: &str,
    secret: &str,
    token: &str,
    original_id: Option<&str>,
) -> Result<(), InvalidPart> {
    let alphanumeric = |text: &str| text.bytes().all(|b| b.is_ascii_alphanumeric());
    if !(8..=64).contains(&appid.len()) || !appid.starts_with("wx") || !alphanumeric(appid) {
        return Err(InvalidPart::Appid);
    }
    if !(1..=128).contains(&secret.len()) || !secret.bytes().all(|b| b.is_ascii_graphic()) {
        return Err(InvalidPart::Secret);
    }
    if !(3..=32).contains(&token.len()) || !alphanumeric(token) {
        return Err(InvalidPart::Token);
    }
    match original_id.map(|id| id.strip_prefix("gh_").unwrap_or_default()) {
        Some(rest) if !(1..=61).contains(&rest.len()) || !alphanumeric(rest) => Err(InvalidPart::OriginalId),
        _ => Ok(()),
    }
}

/// The last four characters of a secret, by which people tell one from another; none of a short one.
pub fn last_four(secret: &SecretString) -> Option<String> {
    let text = secret.expose_secret();
    let count = text.chars().count();
    (count >= SHOWN_IN_PART).then(|| text.chars().skip(count - 4).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_part_has_its_form() {
        let good = ("wx0123456789abcdef", "s3cret", "abc");
        let check = |(appid, secret, token): (&str, &str, &str), id: Option<&str>| {
            check_parts(appid, secret, token, id)
        };
        assert_eq!(check(good, None), Ok(()));
        assert_eq!(check((good.0, "s", &"t".repeat(32)), Some("gh_0123456789ab")), Ok(()));
        let long = format!("wx{}", "1".repeat(63));
        for appid in ["", "wx", "gh0123456789abcdef", "wx0123 456789", "wx０１２３４５", &long] {
            assert_eq!(check((appid, good.1, good.2), None), Err(InvalidPart::Appid), "{appid}");
        }
        for secret in ["", "a b", "a\n", "密", &"s".repeat(129)] {
            assert_eq!(check((good.0, secret, good.2), None), Err(InvalidPart::Secret), "{secret}");
        }
        for token in ["", "ab", "a-b-c", "abc ", &"t".repeat(33)] {
            assert_eq!(check((good.0, good.1, token), None), Err(InvalidPart::Token), "{token}");
        }
        let long = format!("gh_{}", "a".repeat(62));
        for id in ["", "gh_", "0123456789ab", "gh_ab cd", &long] {
            assert_eq!(check(good, Some(id)), Err(InvalidPart::OriginalId), "{id}");
        }
    }

    #[test]
    fn four_characters_of_a_secret_are_shown_and_none_of_a_short_one() {
        let shown = |text: &str| last_four(&text.to_owned().into());
        assert_eq!(shown("0123456789abcdef").as_deref(), Some("cdef"));
        assert_eq!((shown("12345678").as_deref(), shown("1234567"), shown("")), (Some("5678"), None, None));
    }
}
