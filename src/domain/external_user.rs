//! External users: accounts of one app, based on a phone number.

use super::ids::{AppId, OrgId, UserId};
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
