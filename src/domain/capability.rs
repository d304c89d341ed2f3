//! What each kind of user may do: one table, which every operation asks and `GET /capabilities` shows.

use super::account::Client;

/// The three kinds of user.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A registered user who belongs to the organization.
    Member,
    /// A registered user of elsewhere, invited into modules.
    ExternalCollaborator,
    /// An account of one app.
    ExternalUser,
}

impl Kind {
    /// Every kind, in the order of the table's columns.
    pub const ALL: [Self; 3] = [Self::Member, Self::ExternalCollaborator, Self::ExternalUser];

    /// The contract's word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Member => "member",
            Self::ExternalCollaborator => "external_collaborator",
            Self::ExternalUser => "external_user",
        }
    }

    /// Reads the contract's word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }
}

/// The lines of the table.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Capability {
    /// Working together in modules.
    Collaboration,
    /// The address book.
    Contacts,
    /// Talking to others.
    Chat,
    /// Being sent station messages.
    StationMessages,
    /// Being asked for an approval by a workflow.
    Approval,
    /// Being asked to fill something in by a workflow.
    FillIn,
    /// Having a manager, or being one.
    ReportingRelationship,
    /// Belonging to a department.
    Department,
    /// How many roles.
    Roles,
    /// What to sign in with.
    Clients,
    /// Which apps are seen.
    VisibleApps,
    /// Which seat is taken.
    Seat,
}

impl Capability {
    /// Every capability, in the order of the table's lines.
    pub const ALL: [Self; 12] = [
        Self::Collaboration,
        Self::Contacts,
        Self::Chat,
        Self::StationMessages,
        Self::Approval,
        Self::FillIn,
        Self::ReportingRelationship,
        Self::Department,
        Self::Roles,
        Self::Clients,
        Self::VisibleApps,
        Self::Seat,
    ];

    /// Its word in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Collaboration => "collaboration",
            Self::Contacts => "contacts",
            Self::Chat => "chat",
            Self::StationMessages => "station_messages",
            Self::Approval => "approval",
            Self::FillIn => "fill_in",
            Self::ReportingRelationship => "reporting_relationship",
            Self::Department => "department",
            Self::Roles => "roles",
            Self::Clients => "clients",
            Self::VisibleApps => "visible_apps",
            Self::Seat => "seat",
        }
    }

    /// Reads the word of the API.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|capability| capability.name() == name)
    }
}

/// The rules that say no.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Rule {
    /// No collaboration for external users.
    NoCollaboration,
    /// No contacts for external users.
    NoContacts,
    /// No chat for external users.
    NoChat,
    /// No station messages, approvals or fill-in steps for external users.
    NotReachable,
    /// No reporting relationship for external collaborators.
    NoReportingRelationship,
    /// No department for external collaborators.
    NoDepartment,
    /// Exactly one role for external users.
    OneRole,
    /// No mobile app for external users.
    WebOnly,
    /// Only the current app for external users.
    CurrentAppOnly,
    /// No seat for external collaborators.
    NoSeat,
}

impl Rule {
    /// Its stable code; those that a client meets as an error's code are the contract's.
    pub fn code(self) -> &'static str {
        match self {
            Self::NoCollaboration => "no_collaboration",
            Self::NoContacts => "no_contacts",
            Self::NoChat => "no_chat",
            Self::NotReachable => "external_user_not_reachable",
            Self::NoReportingRelationship => "no_reporting_relationship",
            Self::NoDepartment => "no_department",
            Self::OneRole => "one_role",
            Self::WebOnly => "web_only",
            Self::CurrentAppOnly => "current_app_only",
            Self::NoSeat => "no_seat",
        }
    }

    /// The rule in a sentence.
    pub fn sentence(self) -> &'static str {
        match self {
            Self::NoCollaboration => {
                "an external user takes no part in collaboration: that is for members and external collaborators"
            }
            Self::NoContacts => {
                "an external user has no contacts: contacts are for members and external collaborators"
            }
            Self::NoChat => "an external user has no chat: chat is for members and external collaborators",
            Self::NotReachable => {
                "an external user cannot be reached by station messages, approvals or fill-in steps: those are for members and external collaborators"
            }
            Self::NoReportingRelationship => {
                "an external collaborator has no reporting relationship: managers are for members and external users"
            }
            Self::NoDepartment => {
                "an external collaborator has no department: departments are for members and external users"
            }
            Self::OneRole => {
                "an external user has exactly one role: any other number is for members and external collaborators"
            }
            Self::WebOnly => {
                "an external user signs in on the web only: the mobile app is for members and external collaborators"
            }
            Self::CurrentAppOnly => {
                "an external user sees the current app only: the portal of another app asks for a sign-in of its own"
            }
            Self::NoSeat => {
                "an external collaborator takes no seat: seats are for members and external users"
            }
        }
    }
}

/// What a cell of the table says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Value {
    /// Allowed.
    Yes,
    /// Not allowed.
    No(Rule),
    /// Any number of roles.
    Many,
    /// The roles that came with the invitations.
    AsInvited,
    /// Exactly one role.
    One,
    /// Browser and mobile app.
    WebAndApp,
    /// Browser only.
    WebOnly,
    /// All apps and modules that were joined.
    AllJoined,
    /// The app of the account, and no other.
    CurrentApp,
    /// A member seat.
    MemberSeat,
    /// No seat.
    NoSeat,
    /// An external-user seat.
    ExternalUserSeat,
}

impl Value {
    /// Its word in the API.
    pub fn name(self) -> &'static str {
        match self {
            Self::Yes => "yes",
            Self::No(_) => "no",
            Self::Many => "many",
            Self::AsInvited => "as_invited",
            Self::One => "one",
            Self::WebAndApp => "web_and_app",
            Self::WebOnly => "web_only",
            Self::AllJoined => "all_joined",
            Self::CurrentApp => "current_app",
            Self::MemberSeat => "member_seat",
            Self::NoSeat => "none",
            Self::ExternalUserSeat => "external_user_seat",
        }
    }

    /// The rule that narrows or refuses, if one does.
    pub fn rule(self) -> Option<Rule> {
        match self {
            Self::No(rule) => Some(rule),
            Self::One => Some(Rule::OneRole),
            Self::WebOnly => Some(Rule::WebOnly),
            Self::CurrentApp => Some(Rule::CurrentAppOnly),
            Self::NoSeat => Some(Rule::NoSeat),
            Self::Yes
            | Self::Many
            | Self::AsInvited
            | Self::WebAndApp
            | Self::AllJoined
            | Self::MemberSeat
            | Self::ExternalUserSeat => None,
        }
    }
}

/// The table. Columns: member, external collaborator, external user.
fn line(capability: Capability) -> [Value; 3] {
    use Capability as C;
    use Value::{
        AllJoined, AsInvited, CurrentApp, ExternalUserSeat, Many, MemberSeat, No, NoSeat, One, WebAndApp,
        WebOnly, Yes,
    };
    match capability {
        C::Collaboration => [Yes, Yes, No(Rule::NoCollaboration)],
        C::Contacts => [Yes, Yes, No(Rule::NoContacts)],
        C::Chat => [Yes, Yes, No(Rule::NoChat)],
        C::StationMessages | C::Approval | C::FillIn => [Yes, Yes, No(Rule::NotReachable)],
        C::ReportingRelationship => [Yes, No(Rule::NoReportingRelationship), Yes],
        C::Department => [Yes, No(Rule::NoDepartment), Yes],
        C::Roles => [Many, AsInvited, One],
        C::Clients => [WebAndApp, WebAndApp, WebOnly],
        C::VisibleApps => [AllJoined, AllJoined, CurrentApp],
        C::Seat => [MemberSeat, NoSeat, ExternalUserSeat],
    }
}

/// What the table says of `capability` for `kind`.
pub fn value(kind: Kind, capability: Capability) -> Value {
    let [member, external_collaborator, external_user] = line(capability);
    match kind {
        Kind::Member => member,
        Kind::ExternalCollaborator => external_collaborator,
        Kind::ExternalUser => external_user,
    }
}

/// One cell of the table, as it is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Cell {
    /// Whose.
    pub kind: Kind,
    /// What.
    pub capability: Capability,
    /// How much of it.
    pub value: Value,
    /// The rule behind anything less than all.
    pub rule: Option<Rule>,
}

/// Every cell, line by line.
pub fn cells() -> impl Iterator<Item = Cell> {
    Capability::ALL.into_iter().flat_map(|capability| {
        Kind::ALL.into_iter().map(move |kind| {
            let value = value(kind, capability);
            Cell { kind, capability, value, rule: value.rule() }
        })
    })
}

/// A rule said no; its text is the rule.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", rule.sentence())]
pub struct NotAllowed {
    /// To whom.
    pub kind: Kind,
    /// To what.
    pub capability: Capability,
    /// By which rule.
    pub rule: Rule,
}

impl NotAllowed {
    /// The stable code of the rule.
    pub fn code(self) -> &'static str {
        self.rule.code()
    }
}

/// Whether `kind` has all of `capability`: every client, any number of roles, all joined apps, a seat.
///
/// # Errors
/// The rule that refuses or narrows it.
pub fn allows(kind: Kind, capability: Capability) -> Result<(), NotAllowed> {
    match value(kind, capability).rule() {
        None => Ok(()),
        Some(rule) => Err(NotAllowed { kind, capability, rule }),
    }
}

/// Whether `kind` may have so many roles at once.
///
/// # Errors
/// [`Rule::OneRole`].
pub fn allows_roles(kind: Kind, count: usize) -> Result<(), NotAllowed> {
    if count == 1 { Ok(()) } else { allows(kind, Capability::Roles) }
}

/// Whether `kind` may sign in with `client`.
///
/// # Errors
/// [`Rule::WebOnly`].
pub fn allows_client(kind: Kind, client: Client) -> Result<(), NotAllowed> {
    match client {
        Client::Web => Ok(()),
        Client::App => allows(kind, Capability::Clients),
    }
}

/// Whether `kind` may see another app or a module than the one signed in to.
///
/// # Errors
/// [`Rule::CurrentAppOnly`].
pub fn allows_other_apps(kind: Kind) -> Result<(), NotAllowed> {
    allows(kind, Capability::VisibleApps)
}

#[cfg(test)]
#[path = "capability_tests.rs"]
mod tests;
