//! Affiliations: what ties a person to an organization, as a member or as an external collaborator.

use std::fmt;

use uuid::Uuid;

use super::account::Status;
use super::capability::{self, Capability, Kind, Value};
use super::clock::Millis;
use super::ids::{AccountId, AppId, CollaboratorId, DepartmentId, MemberId, OrgId, RoleId};
use super::module::Module;
use super::phone_number::PhoneNumber;

/// As what a person belongs to an organization.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Belonging {
    /// As a member.
    Member,
    /// As an external collaborator.
    Collaborator,
}

impl Belonging {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Member, Self::Collaborator];

    /// The same among all kinds of user.
    pub fn kind(self) -> Kind {
        match self {
            Self::Member => Kind::Member,
            Self::Collaborator => Kind::ExternalCollaborator,
        }
    }

    /// Reads the word of a row.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|value| value.kind().name() == name)
    }

    /// Whether somebody in use takes a member seat.
    pub fn takes_member_seat(self) -> bool {
        capability::value(self.kind(), Capability::Seat) == Value::MemberSeat
    }
}

/// The id of an affiliation: one row, shown by its kind's prefix.
#[derive(Clone, Copy, PartialEq, Eq, Hash)]
pub enum AffiliationId {
    /// A member's.
    Member(MemberId),
    /// A collaborator's.
    Collaborator(CollaboratorId),
}

impl AffiliationId {
    /// The id of a row.
    pub fn of_row(belonging: Belonging, row: Uuid) -> Self {
        match belonging {
            Belonging::Member => Self::Member(MemberId(row)),
            Belonging::Collaborator => Self::Collaborator(CollaboratorId(row)),
        }
    }

    /// The row.
    pub fn row(self) -> Uuid {
        match self {
            Self::Member(MemberId(row)) | Self::Collaborator(CollaboratorId(row)) => row,
        }
    }

    /// As what.
    pub fn belonging(self) -> Belonging {
        match self {
            Self::Member(_) => Belonging::Member,
            Self::Collaborator(_) => Belonging::Collaborator,
        }
    }
}

impl fmt::Display for AffiliationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Member(id) => id.fmt(f),
            Self::Collaborator(id) => id.fmt(f),
        }
    }
}

impl fmt::Debug for AffiliationId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

/// What ties a person to an organization.
#[derive(Clone, Debug)]
pub struct Affiliation {
    /// Its id.
    pub id: AffiliationId,
    /// The organization.
    pub organization: OrgId,
    /// The account, once the invitation was accepted.
    pub account: Option<AccountId>,
    /// The phone that was invited.
    pub phone: PhoneNumber,
    /// What the organization calls the person; nothing until somebody says.
    pub name: Option<String>,
    /// How it stands.
    pub status: Status,
    /// The department, for a member.
    pub department: Option<DepartmentId>,
    /// Who the person reports to, for a member.
    pub manager: Option<MemberId>,
    /// When the person was invited first.
    pub created_at: Millis,
}

/// A role of one of the organization's apps, by name.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RoleOfApp {
    /// Its id.
    pub id: RoleId,
    /// Its name.
    pub name: String,
    /// Its app.
    pub app: AppId,
}

/// An app that somebody has joined.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JoinedApp {
    /// Its id.
    pub id: AppId,
    /// Its name.
    pub name: String,
    /// Its portal's place in links.
    pub slug: String,
    /// Whether it is switched on.
    pub enabled: bool,
}

/// An affiliation with the names of what it refers to.
#[derive(Clone, Debug)]
pub struct Placed {
    /// The affiliation.
    pub affiliation: Affiliation,
    /// The department's name.
    pub department: Option<String>,
    /// The roles.
    pub roles: Vec<RoleOfApp>,
    /// The apps that were joined.
    pub apps: Vec<JoinedApp>,
    /// The modules that were joined.
    pub modules: Vec<Module>,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_id_tells_its_kind_and_its_row() {
        let row = Uuid::from_u128(7);
        for belonging in Belonging::ALL {
            let id = AffiliationId::of_row(belonging, row);
            assert_eq!((id.row(), id.belonging()), (row, belonging));
            assert_eq!(Belonging::from_name(belonging.kind().name()), Some(belonging));
        }
        assert!(AffiliationId::of_row(Belonging::Member, row).to_string().starts_with("mbr_0"));
        assert_eq!(Belonging::from_name("external_user"), None);
    }

    #[test]
    fn only_members_take_a_member_seat() {
        assert!(Belonging::Member.takes_member_seat() && !Belonging::Collaborator.takes_member_seat());
    }
}
