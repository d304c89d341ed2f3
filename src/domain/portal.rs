//! Portals: the external window of one app, and the gate that every way in passes.

use super::external_user::Status;
use super::ids::{AppId, OrgId, UserId};
use super::qr_session::Refusal;
use super::scope::OrgScope;

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

/// Names that would be mistaken for parts of the server.
const RESERVED: [&str; 8] = ["admin", "api", "assets", "console", "livez", "metrics", "readyz", "wechat"];

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
        assert_eq!(check_slug("admin"), Err(InvalidSlug::Reserved));
    }

    #[test]
    fn the_number_is_asked_where_the_rule_says() {
        assert!(Confirm::Adaptive.needs_number(false) && !Confirm::Adaptive.needs_number(true));
        assert!(Confirm::Number.needs_number(true) && !Confirm::Tap.needs_number(false));
    }
}
