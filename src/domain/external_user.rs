//! External users: accounts of one app, based on a phone number.

use std::fmt;
use std::str::FromStr;

use super::clock::Millis;
use super::ids::{AppId, DepartmentId, InvalidId, MemberId, OrgId, RoleId, UserId};
use super::phone_number::PhoneNumber;

/// Whether an account may be used.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The organization has yet to let it in; takes no seat.
    Pending,
    /// In use; takes a seat.
    Active,
    /// Switched off; takes no seat.
    Disabled,
}

impl Status {
    /// The contract's word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Active => "active",
            Self::Disabled => "disabled",
        }
    }

    /// Reads the contract's word.
    pub fn from_name(name: &str) -> Option<Self> {
        [Self::Pending, Self::Active, Self::Disabled].into_iter().find(|value| value.name() == name)
    }
}

/// The account of one person in one app.
#[derive(Clone, Debug)]
pub struct ExternalUser {
    /// Its id.
    pub id: UserId,
    /// Its organization.
    pub organization: OrgId,
    /// Its app.
    pub app: AppId,
    /// Its phone; none once it was freed, until the person proves a new one.
    pub phone: Option<PhoneNumber>,
    /// The name to show, if the person gave one.
    pub nickname: Option<String>,
    /// The picture to show, if the person gave one.
    pub avatar_url: Option<String>,
    /// Whether it may be used.
    pub status: Status,
    /// Its one role.
    pub role: String,
    /// Its department, if it has one.
    pub department: Option<DepartmentId>,
    /// Who it reports to, if to anybody.
    pub manager: Option<Manager>,
    /// When the organization prepared it; none when the person came by itself.
    pub invited_at: Option<Millis>,
}

impl ExternalUser {
    /// Whether the person may be signed in: let in, and with a phone that was proved.
    pub fn may_sign_in(&self) -> bool {
        self.status == Status::Active && self.phone.is_some()
    }

    /// Its phone with the middle hidden, if it has one.
    pub fn phone_masked(&self) -> Option<String> {
        self.phone.as_ref().map(PhoneNumber::masked)
    }
}

/// Who an external user reports to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Manager {
    /// A member of the organization.
    Member(MemberId),
    /// Another external user of the same app.
    ExternalUser(UserId),
}

impl fmt::Display for Manager {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Member(id) => id.fmt(f),
            Self::ExternalUser(id) => id.fmt(f),
        }
    }
}

impl FromStr for Manager {
    type Err = InvalidId;

    fn from_str(text: &str) -> Result<Self, InvalidId> {
        text.parse().map(Self::Member).or_else(|_| text.parse().map(Self::ExternalUser))
    }
}

/// An account as its organization sees it, with the names of what it is placed in.
#[derive(Clone, Debug)]
pub struct Record {
    /// The account.
    pub user: ExternalUser,
    /// The id of its role.
    pub role: RoleId,
    /// The name of its department, if it has one.
    pub department: Option<String>,
    /// Whether a WeChat identity is bound to it.
    pub has_wechat: bool,
    /// Whether that identity follows the service account, as WeChat last said.
    pub follows: bool,
    /// When it was made.
    pub created_at: Millis,
    /// When it was last changed.
    pub updated_at: Millis,
}

#[cfg(test)]
mod tests {
    use super::*;
    use uuid::Uuid;

    #[test]
    fn a_manager_reads_back_and_nobody_else_is_one() {
        let id = Uuid::from_u128(7);
        for manager in [Manager::Member(MemberId(id)), Manager::ExternalUser(UserId(id))] {
            assert_eq!(manager.to_string().parse(), Ok(manager));
        }
        assert!(super::super::ids::CollaboratorId(id).to_string().parse::<Manager>().is_err());
    }
}
