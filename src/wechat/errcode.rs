//! The one table that knows WeChat's error codes, and what to do about each.

use std::ops::RangeInclusive;

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

/// What a refusal of a template message is about (error table of `message/template/send`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum SendRefusal {
    /// The person does not follow the account.
    NotFollowing,
    /// The person refuses messages by this template; by others they may still be reached.
    TemplateRefused,
    /// The person is sent too much: later.
    TooFrequent,
    /// The same words went to the same person within a minute.
    Duplicate,
    /// There is no such template.
    TemplateGone,
    /// The template is banned.
    TemplateBanned,
    /// The message itself is refused, whoever it is for.
    Message,
    /// The calls of a minute are used up.
    MinuteQuota,
    /// The calls of a day are used up.
    DayQuota,
}

impl SendRefusal {
    /// The number that says that a person refuses messages by one template, also where it is known before any call.
    pub const TEMPLATE_REFUSED: i64 = 43_101;

    /// The refusal that needs a reaction of its own; none for the others, which their class decides.
    pub fn of(errcode: i64) -> Option<Self> {
        Some(match errcode {
            43_004 | 50_005 => Self::NotFollowing,
            Self::TEMPLATE_REFUSED => Self::TemplateRefused,
            43_117 => Self::TooFrequent,
            40_241 => Self::Duplicate,
            40_036 | 40_037 => Self::TemplateGone,
            43_116 => Self::TemplateBanned,
            40_008 | 40_039 | 40_249 | 44_002 | 47_001 | 47_003 => Self::Message,
            45_011 => Self::MinuteQuota,
            45_009 => Self::DayQuota,
            _ => return None,
        })
    }
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
}
