//! What can go wrong with WeChat, and the one table that knows its error codes.

use std::net::IpAddr;
use std::ops::RangeInclusive;

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

/// Families of calls that give the same code different meanings.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Interface {
    /// `/cgi-bin/stable_token`, asked with the account's secret.
    Token,
    /// Every other `/cgi-bin` call, asked with the account's access token.
    Account,
    /// `/sns`, asked with a code or a person's own token.
    Person,
}

/// What an error code is about, which decides the reaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Class {
    /// WeChat is busy: the same request may succeed later.
    Transient,
    /// The access token is no longer good.
    Token,
    /// This recipient cannot be reached.
    Recipient,
    /// This message template cannot be used.
    Template,
    /// The request itself is wrong.
    Request,
    /// A quota of the account is used up.
    Quota,
    /// The account, its secret or its permissions are refused: an operator has to act.
    Account,
    /// The person has to authorize again.
    OAuth,
    /// A code that is in no table of ours.
    Unknown,
}

/// What the caller should do about it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Advice {
    /// Certainly not done: ask again later, with backoff.
    Retry,
    /// Drop the access token and ask again, once.
    Refresh,
    /// Send the person through WeChat's authorization again.
    Reauthorize,
    /// Do not ask again.
    GiveUp,
    /// It may have been done: repeat only what is safe to repeat.
    Uncertain,
    /// Ask nothing more for this account until its quota or its operator allows.
    Pause,
}

/// Every code that WeChat documents for what we call, or that has been seen; the others are `Class::Unknown`.
const CLASSES: &[(RangeInclusive<i64>, Class)] = &[
    (-1..=-1, Class::Transient),
    (10_003..=10_016, Class::Account),
    (40_001..=40_001, Class::Token),
    (40_002..=40_002, Class::Request),
    (40_003..=40_003, Class::Recipient),
    (40_007..=40_008, Class::Request),
    (40_013..=40_013, Class::Account),
    (40_014..=40_014, Class::Token),
    (40_015..=40_028, Class::Request),
    (40_029..=40_030, Class::OAuth),
    (40_031..=40_033, Class::Request),
    (40_035..=40_035, Class::Request),
    (40_036..=40_037, Class::Template),
    (40_038..=40_039, Class::Request),
    (40_052..=40_055, Class::Request),
    (40_125..=40_125, Class::Account),
    (40_163..=40_163, Class::OAuth),
    (40_164..=40_164, Class::Account),
    (40_201..=40_203, Class::Request),
    (40_241..=40_241, Class::Request),
    (40_243..=40_243, Class::Account),
    (40_246..=40_247, Class::Request),
    (40_249..=40_249, Class::Request),
    (41_001..=41_004, Class::Request),
    (41_008..=41_009, Class::Request),
    (42_001..=42_001, Class::Token),
    (42_002..=42_003, Class::OAuth),
    (42_007..=42_007, Class::OAuth),
    (43_001..=43_003, Class::Request),
    (43_004..=43_004, Class::Recipient),
    (43_019..=43_019, Class::Recipient),
    (43_101..=43_101, Class::Recipient),
    (43_116..=43_116, Class::Template),
    (43_117..=43_117, Class::Recipient),
    (44_002..=44_002, Class::Request),
    (45_002..=45_006, Class::Request),
    (45_008..=45_008, Class::Request),
    (45_009..=45_009, Class::Quota),
    (45_011..=45_011, Class::Quota),
    (45_015..=45_015, Class::Recipient),
    (45_047..=45_047, Class::Recipient),
    (45_056..=45_056, Class::Request),
    (45_058..=45_059, Class::Request),
    (45_109..=45_109, Class::Request),
    (45_157..=45_159, Class::Request),
    (45_169..=45_169, Class::Request),
    (45_171..=45_171, Class::Request),
    (46_003..=46_003, Class::Request),
    (47_001..=47_001, Class::Request),
    (47_003..=47_003, Class::Request),
    (48_001..=48_001, Class::Account),
    (48_002..=48_002, Class::Recipient),
    (48_004..=48_004, Class::Account),
    (48_006..=48_006, Class::Account),
    (49_003..=49_003, Class::Recipient),
    (50_001..=50_002, Class::Account),
    (50_004..=50_004, Class::Account),
    (50_005..=50_005, Class::Recipient),
    (50_007..=50_007, Class::Account),
    (61_004..=61_004, Class::Account),
    (61_007..=61_007, Class::Account),
    (61_016..=61_016, Class::Account),
    (61_024..=61_024, Class::Account),
    (61_450..=61_450, Class::Transient),
    (65_301..=65_317, Class::Request),
    (70_000..=70_000, Class::Recipient),
    (76_001..=76_004, Class::Request),
    (76_021..=76_022, Class::Request),
    (89_501..=89_501, Class::Account),
    (89_503..=89_503, Class::Account),
    (89_506..=89_507, Class::Account),
    (9_001_002..=9_001_002, Class::Transient),
    (268_487_001..=268_487_002, Class::Transient),
];

/// Where a code means something else than in [`CLASSES`], by its own page.
const EXCEPTIONS: &[(Interface, i64, Class)] = &[
    (Interface::Token, 40_001, Class::Account), // the secret is not this appid's
    (Interface::Person, 40_001, Class::OAuth),  // a person's token, which has no refresh here
    (Interface::Person, 40_014, Class::OAuth),
    (Interface::Person, 42_001, Class::OAuth),
    (Interface::Person, 40_003, Class::Request), // the openid is not the token's
    (Interface::Person, 48_001, Class::Request), // scope too narrow, or a snapshot user
];

impl Class {
    /// The class of `errcode` as `interface` means it.
    pub fn of(errcode: i64, interface: Interface) -> Self {
        let special = EXCEPTIONS.iter().find(|(place, code, _)| *place == interface && *code == errcode);
        if let Some((_, _, class)) = special {
            return *class;
        }
        CLASSES.iter().find(|(codes, _)| codes.contains(&errcode)).map_or(Self::Unknown, |(_, class)| *class)
    }

    /// The reaction to every code of this class.
    pub fn advice(self) -> Advice {
        match self {
            Self::Transient => Advice::Retry,
            Self::Token => Advice::Refresh,
            Self::OAuth => Advice::Reauthorize,
            Self::Quota | Self::Account => Advice::Pause,
            Self::Recipient | Self::Template | Self::Request | Self::Unknown => Advice::GiveUp,
        }
    }
}

impl WeChatError {
    /// What the caller should do about it; a pure read may treat `Uncertain` as `Retry`.
    pub fn advice(&self) -> Advice {
        match self {
            Self::Api { errcode, interface, .. } => Class::of(*errcode, *interface).advice(),
            Self::TokenRefusedAgain { .. } => Advice::Pause,
            Self::Network(failure) => failure.advice(),
            Self::SnapshotUser | Self::ScopeTooNarrow => Advice::GiveUp,
        }
    }

    /// WeChat's error code, where there was one.
    pub fn errcode(&self) -> Option<i64> {
        match self {
            Self::Api { errcode, .. } | Self::TokenRefusedAgain { errcode } => Some(*errcode),
            Self::Network(_) | Self::SnapshotUser | Self::ScopeTooNarrow => None,
        }
    }

    /// The class of the error code, where there was one.
    pub fn class(&self) -> Option<Class> {
        match self {
            Self::Api { errcode, interface, .. } => Some(Class::of(*errcode, *interface)),
            Self::TokenRefusedAgain { .. } => Some(Class::Account),
            Self::Network(_) | Self::SnapshotUser | Self::ScopeTooNarrow => None,
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
            Self::Connect => Advice::Retry,
            Self::Status(500..) | Self::Timeout | Self::Interrupted | Self::Body => Advice::Uncertain,
            Self::Status(_) => Advice::GiveUp,
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
    fn the_same_code_means_another_thing_at_another_door() {
        assert_eq!(Class::of(40_001, Interface::Account), Class::Token);
        assert_eq!(Class::of(40_001, Interface::Token), Class::Account);
        assert_eq!(Class::of(40_001, Interface::Person), Class::OAuth);
        assert_eq!(Class::of(48_001, Interface::Account), Class::Account);
        assert_eq!(Class::of(48_001, Interface::Person), Class::Request);
        assert_eq!(Class::of(40_003, Interface::Account), Class::Recipient);
        assert_eq!(Class::of(12_345_678, Interface::Account), Class::Unknown);
    }

    #[test]
    fn the_table_is_sorted_and_no_code_stands_twice() {
        for pair in CLASSES.windows(2) {
            assert!(pair[0].0.end() < pair[1].0.start(), "{:?} before {:?}", pair[0].0, pair[1].0);
        }
    }

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
