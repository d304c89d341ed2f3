//! What can go wrong when WeChat is asked.

use std::net::IpAddr;

use super::errcode::{Advice, Class, Interface};

/// Why a call to WeChat gave no result; neither its text nor its fields hold a URL, a token or WeChat's own words.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum WeChatError {
    /// WeChat answered with an error code.
    #[error("WeChat refused the call: errcode {errcode}, rid {}", shown(rid.as_deref()))]
    Api {
        /// WeChat's number for it.
        errcode: i64,
        /// WeChat's request id, which its support and `openapi/rid/get` understand.
        rid: Option<String>,
        /// With 40164: our address, which the account's administrator has to put on the list.
        ip: Option<IpAddr>,
        /// Which family of calls answered; some codes mean something else in each.
        interface: Interface,
    },
    /// The access token was refused again although it was new: another system mints tokens, or the secret was reset.
    #[error("WeChat keeps refusing the service account's access token: errcode {errcode}")]
    TokenRefusedAgain {
        /// 40001, 40014 or 42001.
        errcode: i64,
    },
    /// No answer of WeChat's came back whole.
    #[error("no usable answer from WeChat: {0}")]
    Network(NetworkFailure),
    /// There was no access token to ask with, for want of an answer: certainly nothing was asked.
    #[error("no access token from WeChat: {0}")]
    NoToken(NetworkFailure),
    /// A virtual person of WeChat's snapshot mode: never a sign-in.
    #[error("the page was opened in WeChat's snapshot mode")]
    SnapshotUser,
    /// The person granted `snsapi_base` only, which shows no profile.
    #[error("the authorization does not cover the profile")]
    ScopeTooNarrow,
}

/// How a call failed below WeChat's own answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum NetworkFailure {
    /// No connection: certainly nothing was asked.
    #[error("could not connect")]
    Connect,
    /// The deadline passed; the request may have been carried out.
    #[error("timed out")]
    Timeout,
    /// The connection broke; the request may have been carried out.
    #[error("interrupted")]
    Interrupted,
    /// An HTTP status other than 2xx.
    #[error("HTTP status {0}")]
    Status(u16),
    /// An answer that is too long, no JSON, or lacks what it must hold.
    #[error("unreadable answer")]
    Body,
}

impl WeChatError {
    /// What the caller should do about it; a pure read may treat `Uncertain` as `Retry`.
    pub fn advice(&self) -> Advice {
        match self {
            Self::Api { errcode, interface, .. } => Class::of(*errcode, *interface).advice(),
            Self::TokenRefusedAgain { .. } => Advice::Pause,
            Self::Network(failure) => failure.advice(),
            Self::NoToken(_) => Advice::Retry,
            Self::SnapshotUser | Self::ScopeTooNarrow => Advice::GiveUp,
        }
    }

    /// WeChat's error code, where there was one.
    pub fn errcode(&self) -> Option<i64> {
        match self {
            Self::Api { errcode, .. } | Self::TokenRefusedAgain { errcode } => Some(*errcode),
            Self::Network(_) | Self::NoToken(_) | Self::SnapshotUser | Self::ScopeTooNarrow => None,
        }
    }

    /// The class of the error code, where there was one.
    pub fn class(&self) -> Option<Class> {
        match self {
            Self::Api { errcode, interface, .. } => Some(Class::of(*errcode, *interface)),
            Self::TokenRefusedAgain { .. } => Some(Class::Account),
            Self::Network(_) | Self::NoToken(_) | Self::SnapshotUser | Self::ScopeTooNarrow => None,
        }
    }

    /// From an answer's `errcode` and `errmsg`; of the message only a request id and an address are kept, by their form.
    pub(super) fn from_answer(errcode: i64, errmsg: &str, interface: Interface) -> Self {
        let ip = if errcode == 40_164 { address_in(errmsg) } else { None };
        Self::Api { errcode, rid: rid_in(errmsg), ip, interface }
    }
}

impl NetworkFailure {
    fn advice(self) -> Advice {
        match self {
            Self::Status(408 | 500..) | Self::Timeout | Self::Interrupted | Self::Body => Advice::Uncertain,
            // The request itself is wrong (412: a body of unknown length).
            Self::Status(412) => Advice::GiveUp,
            // No connection; or a status of somebody in between, who did not let it pass: WeChat says everything with 200.
            Self::Connect | Self::Status(_) => Advice::Retry,
        }
    }

    /// Reads an HTTP client's error, whose own text would show the URL and with it a secret.
    pub(super) fn of(error: &reqwest::Error) -> Self {
        if error.is_connect() {
            Self::Connect
        } else if error.is_timeout() {
            Self::Timeout
        } else if error.is_builder() || error.is_decode() {
            Self::Body
        } else {
            Self::Interrupted
        }
    }
}

fn shown(rid: Option<&str>) -> &str {
    rid.unwrap_or("none")
}

/// Three groups of eight hex digits, as every rid that was published.
fn rid_in(errmsg: &str) -> Option<String> {
    let (_, rest) = errmsg.split_once("rid: ")?;
    let rid = rest.get(..26)?;
    let fits = rid.split('-').count() == 3
        && rid.split('-').all(|group| group.len() == 8 && group.bytes().all(|b| b.is_ascii_hexdigit()));
    fits.then(|| rid.to_owned())
}

fn address_in(errmsg: &str) -> Option<IpAddr> {
    errmsg.split([' ', ',']).find_map(|word| word.parse().ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_class_has_its_advice() {
        let advice = |errcode| WeChatError::from_answer(errcode, "", Interface::Account).advice();
        assert_eq!(advice(-1), Advice::Retry);
        assert_eq!(advice(42_001), Advice::Refresh);
        assert_eq!(advice(43_004), Advice::GiveUp);
        assert_eq!(advice(40_037), Advice::GiveUp);
        assert_eq!(advice(45_009), Advice::Pause);
        assert_eq!(advice(40_164), Advice::Pause);
        assert_eq!(advice(40_029), Advice::Reauthorize);
        assert_eq!(WeChatError::Network(NetworkFailure::Connect).advice(), Advice::Retry);
        assert_eq!(WeChatError::Network(NetworkFailure::Status(502)).advice(), Advice::Uncertain);
        assert_eq!(WeChatError::Network(NetworkFailure::Status(412)).advice(), Advice::GiveUp);
    }

    #[test]
    fn of_wechats_words_only_rid_and_address_survive() {
        let errmsg = "invalid ip 203.0.113.9 ipv6 ::ffff:203.0.113.9, not in whitelist rid: 6915a1b2-0c0ffee0-12345678";
        let error = WeChatError::from_answer(40_164, errmsg, Interface::Token);
        let WeChatError::Api { rid, ip, .. } = &error else { panic!("an API error") };
        assert_eq!(rid.as_deref(), Some("6915a1b2-0c0ffee0-12345678"));
        assert_eq!(*ip, "203.0.113.9".parse().ok());
        assert_eq!(
            error.to_string(),
            "WeChat refused the call: errcode 40164, rid 6915a1b2-0c0ffee0-12345678"
        );
        let leaky = WeChatError::from_answer(
            40_001,
            "bad token 1.2.3.4 rid: <script>alert(1)</script>aaa",
            Interface::Account,
        );
        assert_eq!(leaky.to_string(), "WeChat refused the call: errcode 40001, rid none");
        assert!(!format!("{leaky:?}").contains("1.2.3.4"));
    }
}
