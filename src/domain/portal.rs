//! Portals: the external window of one app, and the gate that every way in passes.

use std::ops::RangeInclusive;

use super::external_user::Status;
use super::ids::{AppId, OrgId, UserId};
use super::qr_session::Refusal;
use super::scope::OrgScope;

/// How long a login may last at most, in hours.
pub const LOGIN_HOURS: RangeInclusive<i32> = 1..=336;

/// Who may make an account.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SignUp {
    /// Anybody.
    Open,
    /// Anybody, but the organization lets them in one by one.
    Approval,
    /// Only people the organization has prepared an account for.
    Invitation,
}

impl SignUp {
    /// The contract's word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Approval => "approval",
            Self::Invitation => "invitation",
        }
    }

    /// Reads the contract's word.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Open, Self::Approval, Self::Invitation].into_iter().find(|value| value.name() == name)
    }
}

/// How a person confirms on the phone.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Confirm {
    /// A number match on a browser where this person has not signed in before.
    Adaptive,
    /// A tap.
    Tap,
    /// Always a number match.
    Number,
}

impl Confirm {
    /// The contract's word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Adaptive => "adaptive",
            Self::Tap => "tap",
            Self::Number => "number",
        }
    }

    /// Reads the contract's word.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Adaptive, Self::Tap, Self::Number].into_iter().find(|value| value.name() == name)
    }

    /// Whether the number must be matched, given whether the person is known on that browser.
    pub fn needs_number(self, known_browser: bool) -> bool {
        match self {
            Self::Adaptive => !known_browser,
            Self::Tap => false,
            Self::Number => true,
        }
    }
}

/// What a person accepts before coming in.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Terms {
    /// Where they are to be read.
    pub url: String,
    /// Which version; a new one has to be accepted anew.
    pub version: String,
}

/// One half of the terms is set without the other; it says which one is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("terms_url and terms_version go together: set both, or both to null")]
pub struct HalfTerms {
    /// The missing field, as requests name it.
    pub missing: &'static str,
}

impl Terms {
    /// Terms of both halves, or none of neither.
    ///
    /// # Errors
    /// Which half is missing.
    pub fn of(url: Option<String>, version: Option<String>) -> Result<Option<Self>, HalfTerms> {
        match (url, version) {
            (Some(url), Some(version)) => Ok(Some(Self { url, version })),
            (None, None) => Ok(None),
            (Some(_), None) => Err(HalfTerms { missing: "terms_version" }),
            (None, Some(_)) => Err(HalfTerms { missing: "terms_url" }),
        }
    }

    /// Whether a form's tick box says that these were accepted: by their version, or by a word for yes.
    pub fn ticked(&self, field: &str) -> bool {
        field == self.version || ["on", "true", "yes", "1"].contains(&field.to_ascii_lowercase().as_str())
    }
}

/// A portal with what its visitors see of its app and organization.
#[derive(Clone, Debug)]
pub struct Portal {
    /// Its organization.
    pub organization: OrgId,
    /// The organization's name.
    pub organization_name: String,
    /// Its app.
    pub app: AppId,
    /// The app's name.
    pub app_name: String,
    /// The app's logo.
    pub logo_url: Option<String>,
    /// Its place in links.
    pub slug: String,
    /// A title of its own, if it has one.
    pub title: Option<String>,
    /// Whether the portal itself is switched on.
    pub enabled: bool,
    /// Whether portal, app and organization are all switched on.
    pub open: bool,
    /// Who may make an account.
    pub sign_up: SignUp,
    /// How a person confirms.
    pub confirm: Confirm,
    /// How long a login lasts at most, in hours.
    pub login_hours: i32,
    /// The role of new people.
    pub default_role: String,
    /// What has to be accepted before coming in, if anything.
    pub terms: Option<Terms>,
}

impl Portal {
    /// The scope of this portal's organization.
    pub fn scope(&self) -> OrgScope {
        OrgScope::of_portal(self)
    }

    /// The gate: whether a person with this account (or none) may come in.
    ///
    /// # Errors
    /// The reason to tell them.
    pub fn admit(&self, account: Option<(UserId, Status)>) -> Result<(), Refusal> {
        match account {
            _ if !self.open => Err(Refusal::PortalClosed),
            Some((_, Status::Disabled)) => Err(Refusal::AccountDisabled),
            None if self.sign_up == SignUp::Invitation => Err(Refusal::InvitationRequired),
            _ => Ok(()),
        }
    }

    /// Whether a pending account whose phone is proved comes in without waiting: an invitation is an approval.
    pub fn lets_in_at_once(&self, invited: bool) -> bool {
        invited || self.sign_up != SignUp::Approval
    }

    /// The gate while a person's phone is not proved: whether an invitation waits for them shows only then.
    ///
    /// # Errors
    /// The reason to tell them.
    pub fn admit_visitor(&self, account: Option<(UserId, Status)>) -> Result<(), Refusal> {
        match self.admit(account) {
            Err(Refusal::InvitationRequired) => Ok(()),
            decided => decided,
        }
    }

    /// The terms that a person who has accepted these versions has yet to accept: every new version is asked for once.
    pub fn terms_to_accept(&self, accepted: &[String]) -> Option<&Terms> {
        self.terms.as_ref().filter(|terms| !accepted.contains(&terms.version))
    }

    /// The state in which a new account begins.
    pub fn first_status(&self) -> Status {
        match self.sign_up {
            SignUp::Approval => Status::Pending,
            SignUp::Open | SignUp::Invitation => Status::Active,
        }
    }
}

/// Why a text cannot be a portal's slug.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidSlug {
    /// 4 to 60 lowercase letters, digits and hyphens, no hyphen at either end.
    #[error(
        "a slug is 4 to 60 lowercase letters, digits and hyphens, and neither begins nor ends with a hyphen"
    )]
    Form,
    /// A name the server needs itself.
    #[error("this slug is reserved")]
    Reserved,
}

/// Names that would be mistaken for parts of the server, or for pages that speak for whoever runs it.
const RESERVED: [&str; 44] = [
    "account",
    "accounts",
    "admin",
    "administrator",
    "api",
    "approve",
    "apps",
    "assets",
    "callback",
    "code",
    "console",
    "docs",
    "home",
    "join",
    "livez",
    "login",
    "logout",
    "menfang",
    "metrics",
    "null",
    "oauth",
    "official",
    "openapi",
    "password",
    "phone",
    "portal",
    "portals",
    "readyz",
    "register",
    "root",
    "sandbox",
    "security",
    "sign-in",
    "sign-up",
    "signin",
    "signout",
    "signup",
    "static",
    "status",
    "support",
    "system",
    "undefined",
    "verify",
    "wechat",
];

/// The slug of an app for which none was chosen: `app-` and the characters of its id, in lower case.
pub fn slug_of(app: AppId) -> String {
    let id = app.to_string().to_ascii_lowercase();
    format!("app-{}", id.strip_prefix("app_").unwrap_or(&id))
}

/// Checks a slug.
///
/// # Errors
/// Which rule it breaks.
pub fn check_slug(slug: &str) -> Result<(), InvalidSlug> {
    let allowed = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
    if !(4..=60).contains(&slug.len())
        || !slug.bytes().all(allowed)
        || slug.starts_with('-')
        || slug.ends_with('-')
    {
        return Err(InvalidSlug::Form);
    }
    if RESERVED.contains(&slug) { Err(InvalidSlug::Reserved) } else { Ok(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slugs_follow_their_rule() {
        for good in ["shop", "a-1b", "0123456789", &"a".repeat(60)] {
            assert_eq!(check_slug(good), Ok(()), "{good}");
        }
        for bad in ["", "abc", "-abcd", "abcd-", "Shop", "a b c", "商店商店", &"a".repeat(61), "ab/c"] {
            assert_eq!(check_slug(bad), Err(InvalidSlug::Form), "{bad}");
        }
        for reserved in ["admin", "login", "account", "join", "wechat"] {
            assert_eq!(check_slug(reserved), Err(InvalidSlug::Reserved), "{reserved}");
        }
    }

    #[test]
    fn an_app_without_a_slug_gets_one_that_follows_the_rule() {
        let slug = slug_of(AppId(uuid::Uuid::from_u128(0x0198_c0de)));
        assert!(slug.starts_with("app-0000000000000000000"), "{slug}");
        assert_eq!((slug.len(), check_slug(&slug)), (30, Ok(())));
    }

    #[test]
    fn terms_are_whole_or_none() {
        let text = || Some("x".to_owned());
        assert_eq!(Terms::of(None, None), Ok(None));
        assert!(Terms::of(text(), text()).is_ok_and(|terms| terms.is_some()));
        assert_eq!(Terms::of(text(), None).unwrap_err().missing, "terms_version");
        assert_eq!(Terms::of(None, text()).unwrap_err().missing, "terms_url");
    }

    fn portal(terms: Option<&str>) -> Portal {
        Portal {
            organization: OrgId(uuid::Uuid::from_u128(1)),
            organization_name: "Org".into(),
            app: AppId(uuid::Uuid::from_u128(2)),
            app_name: "App".into(),
            logo_url: None,
            slug: "shop".into(),
            title: None,
            enabled: true,
            open: true,
            sign_up: SignUp::Invitation,
            confirm: Confirm::Adaptive,
            login_hours: 168,
            default_role: "user".into(),
            terms: terms
                .map(|version| Terms { url: "https://example.com/terms".into(), version: version.into() }),
        }
    }

    #[test]
    fn every_version_of_the_terms_is_asked_for_once() {
        let accepted = ["1".to_owned(), "2".to_owned()];
        assert_eq!(portal(None).terms_to_accept(&[]), None);
        assert_eq!(portal(Some("2")).terms_to_accept(&accepted), None);
        for (version, accepted) in [("1", &[][..]), ("3", &accepted[..])] {
            let portal = portal(Some(version));
            assert_eq!(portal.terms_to_accept(accepted), portal.terms.as_ref());
        }
    }

    #[test]
    fn a_tick_is_the_version_or_a_word_for_yes() {
        let terms = portal(Some("2026-11")).terms.unwrap();
        for tick in ["2026-11", "on", "TRUE", "yes", "1"] {
            assert!(terms.ticked(tick), "{tick}");
        }
        for none in ["", "off", "no", "0", "false", "2026-10"] {
            assert!(!terms.ticked(none), "{none}");
        }
    }

    #[test]
    fn one_gate_for_all() {
        let user = UserId(uuid::Uuid::from_u128(3));
        let mut portal = portal(None);
        let gate = |portal: &Portal, status: Option<Status>| {
            let account = status.map(|status| (user, status));
            (portal.admit(account), portal.admit_visitor(account))
        };
        assert_eq!(gate(&portal, None), (Err(Refusal::InvitationRequired), Ok(())));
        for status in [Status::Active, Status::Pending] {
            assert_eq!(gate(&portal, Some(status)), (Ok(()), Ok(())));
        }
        let disabled = Err(Refusal::AccountDisabled);
        assert_eq!(gate(&portal, Some(Status::Disabled)), (disabled, disabled));
        portal.open = false;
        for status in [None, Some(Status::Active), Some(Status::Disabled)] {
            let closed = Err(Refusal::PortalClosed);
            assert_eq!(gate(&portal, status), (closed, closed));
        }
    }

    #[test]
    fn the_number_is_asked_where_the_rule_says() {
        assert!(Confirm::Adaptive.needs_number(false) && !Confirm::Adaptive.needs_number(true));
        assert!(Confirm::Number.needs_number(true) && !Confirm::Tap.needs_number(false));
    }
}
