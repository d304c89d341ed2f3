//! Platform accounts: what registering, signing in and accepting invitations share.

use std::sync::Arc;

use uuid::Uuid;

use crate::domain::account::{Account, Status};
use crate::domain::affiliation::Placed;
use crate::domain::audit::{Action, Caller, Entry};
use crate::domain::clock::Millis;
use crate::domain::ids::{AccountId, OrgId};
use crate::domain::invitation::InvitationToken;
use crate::domain::organization::Organization;
use crate::domain::phone_number::PhoneNumber;
use crate::domain::policy::PasswordLength;
use crate::domain::scope::OrgScope;
use crate::store::invitations::Invited;
use crate::store::{Store, StoreError, Unit};

use super::Parts;
use super::passwords::Passwords;

/// What platform accounts do; a clone is the same.
#[derive(Clone)]
pub struct PlatformAccounts {
    pub(super) parts: Arc<Parts>,
    pub(super) passwords: Passwords,
}

/// The invitation is used, revoked, over, or for another phone: one and the same answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the invitation does not count")]
pub struct InvitationInvalid;

/// What an account belongs to.
#[derive(Clone, Debug)]
pub struct Membership {
    /// The organization.
    pub organization: Organization,
    /// As what, and with what.
    pub placed: Placed,
}

impl Membership {
    /// Whether anything of it can be seen and used.
    pub fn is_open(&self) -> bool {
        self.organization.enabled && self.placed.affiliation.status == Status::Active
    }
}

impl PlatformAccounts {
    /// Takes what signing in works with, too.
    pub fn new(parts: Arc<Parts>) -> Self {
        Self { parts, passwords: Passwords::default() }
    }

    /// The rows, to read.
    pub fn store(&self) -> &Store {
        &self.parts.store
    }

    /// Scheme and host of every link.
    pub fn public_url(&self) -> &str {
        &self.parts.public_url
    }

    /// How long a password is.
    pub fn password_length(&self) -> PasswordLength {
        self.parts.accounts.password
    }

    pub(super) fn now(&self) -> Millis {
        self.parts.clock.now()
    }

    /// The number that was typed, if it can get a code here.
    pub(super) fn phone(&self, typed: &str) -> Option<PhoneNumber> {
        PhoneNumber::parse(typed, &self.parts.countries).ok()
    }

    /// The invitation of a text, if it can still be taken up.
    ///
    /// # Errors
    /// The database is away.
    pub async fn open_invitation(&self, text: &str) -> Result<Option<Invited>, StoreError> {
        let Some(token) = InvitationToken::parse(text) else { return Ok(None) };
        let known = self.parts.store.invitation(&token.hash()).await?;
        Ok(known.filter(|known| self.counts(known)))
    }

    /// Whether an invitation can still be taken up.
    pub(super) fn counts(&self, known: &Invited) -> bool {
        known.invitation.is_open(self.now())
            && known.organization.enabled
            && known.affiliation.status == Status::Invited
    }

    /// Everything that an account belongs to.
    ///
    /// # Errors
    /// The database is away.
    pub async fn memberships(&self, account: AccountId) -> Result<Vec<Membership>, StoreError> {
        let mut memberships = Vec::new();
        for placed in self.parts.store.affiliations_of(account).await? {
            let organization = self.parts.store.organization(placed.affiliation.organization).await?;
            if let Some(organization) = organization {
                memberships.push(Membership { organization, placed });
            }
        }
        memberships.sort_by(|a, b| a.organization.name.cmp(&b.organization.name));
        Ok(memberships)
    }

    /// Joins an account to what it was invited to, within a unit: invitation, affiliation and seat stand or fall together.
    pub(super) async fn join(
        &self,
        unit: &Unit,
        invited: &Invited,
        account: &Account,
        caller: &Caller,
    ) -> Result<Joined, StoreError> {
        let id = invited.affiliation.id;
        let scope = OrgScope::of_row(invited.organization.id);
        let counts = unit.accept_invitation(invited.invitation.id).await?;
        if !counts || !unit.join_affiliation(scope, id, account).await? {
            return Ok(Joined::InvitationInvalid);
        }
        if id.belonging().takes_member_seat() && !unit.take_member_seat(scope.organization()).await? {
            return Ok(Joined::SeatsFull);
        }
        let entry = Entry {
            organization: scope.organization(),
            action: Action::MemberJoined,
            actor: account.id.to_string(),
            subject: Some(id.to_string()),
            result: "ok",
        };
        unit.audit(entry, caller);
        Ok(Joined::Yes)
    }

    /// What an account belongs to by an invitation that it has just taken up.
    pub(super) async fn membership_of(
        &self,
        unit: &Unit,
        invited: &Invited,
    ) -> Result<Membership, StoreError> {
        let scope = OrgScope::of_row(invited.organization.id);
        let placed = unit.affiliation(scope, invited.affiliation.id).await?.ok_or(StoreError::Conflict)?;
        Ok(Membership { organization: invited.organization.clone(), placed })
    }

    /// Notes that somebody was not let in for want of a seat.
    pub(super) async fn note_no_seat(&self, invited: &Invited, caller: &Caller) -> Result<(), StoreError> {
        let unit = self.parts.store.begin().await?;
        let entry = Entry {
            organization: invited.organization.id,
            action: Action::SeatDenied,
            actor: "phone".into(),
            subject: Some(invited.affiliation.id.to_string()),
            result: "seats_full",
        };
        unit.audit(entry, caller);
        unit.commit().await
    }
}

/// What came of joining.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Joined {
    /// It is done.
    Yes,
    /// The invitation counts no more.
    InvitationInvalid,
    /// No member seat is left.
    SeatsFull,
}

/// Whose audit log has what platform accounts do by themselves: the platform's.
pub(super) fn platform() -> OrgId {
    OrgId(Uuid::nil())
}
