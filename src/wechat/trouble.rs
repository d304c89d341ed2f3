//! What is wrong between us and a service account, in plain words with the mend, for whoever set it up.

use std::net::IpAddr;

use super::errcode::{Class, Interface};
use super::error::{NetworkFailure, WeChatError};

/// What is wrong, and as its text what to do about it (WeChat's error tables).
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum Trouble {
    /// The secret is not this appid's, or was reset.
    #[error("the app secret is wrong; copy it anew from WeChat's console, or reset it there")]
    WrongSecret,
    /// No such account.
    #[error("WeChat knows no account with this appid; copy it anew from WeChat's console")]
    UnknownAppid,
    /// Our address may not call for this account.
    #[error("WeChat takes no calls from {}; add it to the IP whitelist in WeChat's console", address(*.ip))]
    IpNotAllowed {
        /// Our address as WeChat sees it, where it says so.
        ip: Option<IpAddr>,
    },
    /// An administrator froze the secret.
    #[error("the app secret is frozen; unfreeze it in WeChat's console")]
    SecretFrozen,
    /// WeChat froze the account.
    #[error("WeChat has frozen the account; see its notices in WeChat's console")]
    AccountFrozen,
    /// An administrator has to confirm our address.
    #[error(
        "WeChat has sent the account's administrator a message to confirm this server; try again once that is done"
    )]
    ConfirmationPending,
    /// An administrator did not confirm our address.
    #[error("the account's administrator refused this server; try again after {hours} h")]
    ConfirmationRefused {
        /// How long WeChat refuses us for it.
        hours: u8,
    },
    /// The account may not make this call.
    #[error(
        "the account may not do this (errcode {errcode}); is it a verified service account, \
         and has WeChat restricted it? see its interface permissions in WeChat's console"
    )]
    NotPermitted {
        /// WeChat's number for why.
        errcode: i64,
    },
    /// Tokens die as soon as they are made.
    #[error(
        "WeChat keeps refusing new access tokens; does another system make tokens for this account \
         by /cgi-bin/token, or was the secret reset just now?"
    )]
    TokensContested,
    /// The calls of a minute are used up.
    #[error("the account's calls of this minute are used up; try again in a minute")]
    MinuteQuota,
    /// The calls of a day are used up.
    #[error("the account's calls of this day are used up; try again tomorrow")]
    DayQuota,
    /// WeChat says that it is busy.
    #[error("WeChat is busy; try again")]
    Busy,
    /// Nobody answered.
    #[error("WeChat does not answer ({0}); can this server reach wechat.api_url?")]
    Unreachable(NetworkFailure),
    /// Somebody answered who does not speak like WeChat.
    #[error(
        "what answers at wechat.api_url does not speak like WeChat ({0}); is the address right, and is a proxy in between?"
    )]
    Strange(NetworkFailure),
    /// Anything else.
    #[error(transparent)]
    Refused(WeChatError),
}

impl Trouble {
    /// A stable word for each kind, for programs.
    pub fn word(&self) -> &'static str {
        match self {
            Self::WrongSecret => "wrong_secret",
            Self::UnknownAppid => "unknown_appid",
            Self::IpNotAllowed { .. } => "ip_not_allowed",
            Self::SecretFrozen => "secret_frozen",
            Self::AccountFrozen => "account_frozen",
            Self::ConfirmationPending => "confirmation_pending",
            Self::ConfirmationRefused { .. } => "confirmation_refused",
            Self::NotPermitted { .. } => "not_permitted",
            Self::TokensContested => "tokens_contested",
            Self::MinuteQuota | Self::DayQuota => "quota",
            Self::Busy => "busy",
            Self::Unreachable(_) | Self::Strange(_) => "unreachable",
            Self::Refused(_) => "refused",
        }
    }
}

impl WeChatError {
    /// What is wrong, for whoever can mend it.
    pub fn trouble(&self) -> Trouble {
        match self {
            Self::Api { errcode, ip, interface, .. } => {
                known(*errcode, *ip, *interface).unwrap_or_else(|| Trouble::Refused(self.clone()))
            }
            Self::TokenRefusedAgain { .. } => Trouble::TokensContested,
            Self::Network(failure @ (NetworkFailure::Status(_) | NetworkFailure::Body))
            | Self::NoToken(failure @ (NetworkFailure::Status(_) | NetworkFailure::Body)) => {
                Trouble::Strange(*failure)
            }
            Self::Network(failure) | Self::NoToken(failure) => Trouble::Unreachable(*failure),
            Self::SnapshotUser | Self::ScopeTooNarrow => Trouble::Refused(self.clone()),
        }
    }
}

fn known(errcode: i64, ip: Option<IpAddr>, interface: Interface) -> Option<Trouble> {
    // Elsewhere 40013 may mean a mini program's appid, and 40001 a token.
    let with_secret = interface == Interface::Token;
    Some(match errcode {
        40_001 if with_secret => Trouble::WrongSecret,
        40_125 | 41_004 => Trouble::WrongSecret,
        40_013 | 41_002 if with_secret => Trouble::UnknownAppid,
        40_164 => Trouble::IpNotAllowed { ip },
        40_243 => Trouble::SecretFrozen,
        50_007 => Trouble::AccountFrozen,
        89_501 | 89_503 => Trouble::ConfirmationPending,
        89_506 => Trouble::ConfirmationRefused { hours: 24 },
        89_507 => Trouble::ConfirmationRefused { hours: 1 },
        45_009 => Trouble::DayQuota,
        45_011 => Trouble::MinuteQuota,
        48_001 | 48_004 | 50_001 | 50_002 | 50_004 if interface != Interface::Person => {
            Trouble::NotPermitted { errcode }
        }
        _ if Class::of(errcode, interface) == Class::Transient => Trouble::Busy,
        _ => return None,
    })
}

fn address(ip: Option<IpAddr>) -> String {
    ip.map_or_else(|| "this server's address".to_owned(), |ip| ip.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn trouble(errcode: i64, interface: Interface) -> Trouble {
        WeChatError::from_answer(errcode, "invalid ip 203.0.113.9 ipv6 ::ffff:203.0.113.9", interface)
            .trouble()
    }

    #[test]
    fn every_refusal_of_the_credentials_has_its_word_and_its_mend() {
        for (errcode, word, part) in [
            (40_001, "wrong_secret", "copy it anew"),
            (40_125, "wrong_secret", "copy it anew"),
            (41_004, "wrong_secret", "copy it anew"),
            (40_013, "unknown_appid", "knows no account"),
            (40_164, "ip_not_allowed", "no calls from 203.0.113.9; add it to the IP whitelist"),
            (40_243, "secret_frozen", "unfreeze it"),
            (50_007, "account_frozen", "has frozen the account"),
            (50_004, "not_permitted", "errcode 50004"),
            (89_501, "confirmation_pending", "a message to confirm"),
            (89_503, "confirmation_pending", "a message to confirm"),
            (89_506, "confirmation_refused", "after 24 h"),
            (89_507, "confirmation_refused", "after 1 h"),
            (45_009, "quota", "tomorrow"),
            (45_011, "quota", "in a minute"),
            (-1, "busy", "try again"),
            (40_002, "refused", "errcode 40002"),
        ] {
            let trouble = trouble(errcode, Interface::Token);
            assert_eq!(trouble.word(), word, "{errcode}");
            assert!(trouble.to_string().contains(part), "{errcode}: {trouble}");
        }
    }

    #[test]
    fn an_address_is_named_only_where_wechat_named_it() {
        let unnamed = WeChatError::from_answer(40_164, "not in whitelist", Interface::Token).trouble();
        assert_eq!(unnamed, Trouble::IpNotAllowed { ip: None });
        assert!(unnamed.to_string().starts_with("WeChat takes no calls from this server's address; add it"));
    }

    #[test]
    fn a_code_is_not_taken_for_what_it_means_at_another_door() {
        assert_eq!(trouble(40_013, Interface::Account).word(), "refused");
        assert_eq!(trouble(40_001, Interface::Person).word(), "refused");
        assert_eq!(trouble(48_001, Interface::Account), Trouble::NotPermitted { errcode: 48_001 });
        assert_eq!(trouble(48_001, Interface::Person).word(), "refused");
        assert_eq!(WeChatError::TokenRefusedAgain { errcode: 40_001 }.trouble(), Trouble::TokensContested);
    }

    #[test]
    fn silence_and_strange_answers_are_told_apart() {
        let of = |failure| WeChatError::Network(failure).trouble();
        for failure in [NetworkFailure::Connect, NetworkFailure::Timeout, NetworkFailure::Interrupted] {
            assert_eq!(of(failure), Trouble::Unreachable(failure));
        }
        let strange = of(NetworkFailure::Status(502));
        assert!(strange.to_string().contains("HTTP status 502"));
        assert_eq!((of(NetworkFailure::Connect).word(), strange.word()), ("unreachable", "unreachable"));
    }
}
