//! Members and external collaborators: invited, placed, switched off and on, removed.

use crate::domain::account::Status;
use crate::domain::affiliation::{Affiliation, AffiliationId, Belonging, Placed};
use crate::domain::audit::{Action, By};
use crate::domain::clock::Millis;
use crate::domain::ids::{InvitationId, new_uuid};
use crate::domain::invitation::{Invitation, InvitationToken};
use crate::domain::phone_number::PhoneNumber;
use crate::domain::scope::OrgScope;
use crate::store::{StoreError, Unit};

use super::administration::{Administration, ChangeError, Conflict, Prepared};
use super::placement::Placement;

/// Somebody to be invited.
#[derive(Clone, Debug)]
pub struct NewAffiliation {
    /// As what.
    pub belonging: Belonging,
    /// The phone, as it was typed.
    pub phone: String,
    /// What they are called and where they are placed.
    pub placement: Placement,
}

/// What changes of a member or collaborator; what is `None` stays.
#[derive(Clone, Debug, Default)]
pub struct AffiliationChange {
    /// Switched on or off.
    pub enabled: Option<bool>,
    /// What they are called and where they are placed.
    pub placement: Placement,
}

/// An invitation for whoever hands it on; its token is known here and in the answer, and nowhere else.
#[derive(Clone, Debug)]
pub struct IssuedInvitation {
    /// The token.
    pub token: InvitationToken,
    /// Until when it can be taken up.
    pub expires_at: Millis,
}

impl Administration {
    /// Invites somebody; a member takes a seat only by joining, but is not invited while there is none.
    ///
    /// # Errors
    /// The phone belongs to the organization already, no member seat is free, or something named is not there.
    pub async fn invite_person(
        &self,
        scope: OrgScope,
        new: NewAffiliation,
        by: &By,
    ) -> Result<Prepared<(Placed, IssuedInvitation)>, ChangeError> {
        let phone = PhoneNumber::parse(&new.phone, &self.parts.countries)
            .map_err(|_| ChangeError::invalid("phone", "must be a mobile number that can get a code here"))?;
        let unit = self.parts.store.begin().await?;
        match unit.belonging_of_phone(scope, &phone).await? {
            Some(Belonging::Member) => return Err(Conflict::AlreadyMember.into()),
            Some(Belonging::Collaborator) => return Err(Conflict::AlreadyCollaborator.into()),
            None => {}
        }
        refuse_without_seat(&unit, scope, new.belonging).await?;
        let id = AffiliationId::of_row(new.belonging, new_uuid(self.clock(), self.entropy()));
        let found = new.placement.find(&unit, scope, id, by).await?;
        let affiliation = Affiliation {
            id,
            organization: scope.organization(),
            account: None,
            phone,
            name: found.settings.name.clone(),
            status: Status::Invited,
            department: found.settings.department.flatten(),
            manager: found.settings.manager.flatten(),
            created_at: self.now(),
        };
        unit.create_affiliation(&affiliation).await?;
        found.write_lists(&unit, scope, id).await?;
        let issued = self.issue(&unit, scope, id, by).await?;
        let placed = unit.affiliation(scope, id).await?.ok_or(ChangeError::NotFound)?;
        Ok(self.noted(unit, by, (scope.organization(), Action::MemberInvited), &id, (placed, issued)))
    }

    /// Invites somebody anew who has not joined yet; the invitation before counts no more.
    ///
    /// # Errors
    /// There is no such person, they have joined, or no member seat is free.
    pub async fn invite_person_again(
        &self,
        scope: OrgScope,
        id: AffiliationId,
        by: &By,
    ) -> Result<Prepared<IssuedInvitation>, ChangeError> {
        let unit = self.parts.store.begin().await?;
        let known = unit.affiliation(scope, id).await?.ok_or(ChangeError::NotFound)?;
        if known.affiliation.status != Status::Invited {
            return Err(Conflict::WrongStatus.into());
        }
        refuse_without_seat(&unit, scope, id.belonging()).await?;
        let issued = self.issue(&unit, scope, id, by).await?;
        Ok(self.noted(unit, by, (scope.organization(), Action::MemberInvited), &id, issued))
    }

    async fn issue(
        &self,
        unit: &Unit,
        scope: OrgScope,
        id: AffiliationId,
        by: &By,
    ) -> Result<IssuedInvitation, StoreError> {
        let token = InvitationToken::generate(self.entropy());
        let invitation = Invitation {
            id: InvitationId::generate(self.clock(), self.entropy()),
            organization: scope.organization(),
            expires_at: self.now().plus(self.parts.accounts.invitation),
            accepted_at: None,
            revoked_at: None,
        };
        unit.create_invitation(&invitation, id, &token.hash(), &by.actor).await?;
        Ok(IssuedInvitation { token, expires_at: invitation.expires_at })
    }

    /// Changes how a member or collaborator stands and where they are placed.
    ///
    /// # Errors
    /// There is no such person, they have not joined yet, no member seat is free, or something named is not there.
    pub async fn change_person(
        &self,
        scope: OrgScope,
        id: AffiliationId,
        change: AffiliationChange,
        by: &By,
    ) -> Result<Prepared<Placed>, ChangeError> {
        let unit = self.parts.store.begin().await?;
        let organization = scope.organization();
        unit.affiliation(scope, id).await?.ok_or(ChangeError::NotFound)?;
        let found = change.placement.find(&unit, scope, id, by).await?;
        unit.set_affiliation(scope, id, &found.settings).await?;
        found.write_lists(&unit, scope, id).await?;
        if !change.placement.says_nothing() {
            unit.audit(by.did(organization, Action::RoleChanged, &id), &by.caller);
        }
        match change.enabled {
            Some(true) => enable(&unit, scope, id, by).await?,
            Some(false) => disable(&unit, scope, id, by).await?,
            None => {}
        }
        let placed = unit.affiliation(scope, id).await?.ok_or(ChangeError::NotFound)?;
        Ok(self.prepared(unit, placed))
    }

    /// Removes a member or collaborator: the seat is free, the account stays.
    ///
    /// # Errors
    /// There is no such person.
    pub async fn remove_person(
        &self,
        scope: OrgScope,
        id: AffiliationId,
        by: &By,
    ) -> Result<Prepared<()>, ChangeError> {
        let unit = self.parts.store.begin().await?;
        let status = unit.delete_affiliation(scope, id).await?.ok_or(ChangeError::NotFound)?;
        if status == Status::Active && id.belonging().takes_member_seat() {
            unit.free_member_seat(scope.organization()).await?;
        }
        Ok(self.noted(unit, by, (scope.organization(), Action::MemberRemoved), &id, ()))
    }
}

/// An invitation that cannot be taken up helps nobody.
async fn refuse_without_seat(unit: &Unit, scope: OrgScope, belonging: Belonging) -> Result<(), ChangeError> {
    let organization = unit.organization(scope.organization()).await?.ok_or(ChangeError::NotFound)?;
    if belonging.takes_member_seat() && !organization.members.has_room() {
        return Err(Conflict::SeatsFull.into());
    }
    Ok(())
}

/// Switches somebody on; who is on already stays so.
async fn enable(unit: &Unit, scope: OrgScope, id: AffiliationId, by: &By) -> Result<(), ChangeError> {
    if !unit.change_affiliation_status(scope, id, Status::Disabled, Status::Active).await? {
        return stands(unit, scope, id, Status::Active).await;
    }
    if id.belonging().takes_member_seat() && !unit.take_member_seat(scope.organization()).await? {
        return Err(Conflict::SeatsFull.into());
    }
    unit.audit(by.did(scope.organization(), Action::UserEnabled, &id), &by.caller);
    Ok(())
}

/// Switches somebody off; who is off already stays so.
async fn disable(unit: &Unit, scope: OrgScope, id: AffiliationId, by: &By) -> Result<(), ChangeError> {
    if !unit.change_affiliation_status(scope, id, Status::Active, Status::Disabled).await? {
        return stands(unit, scope, id, Status::Disabled).await;
    }
    if id.belonging().takes_member_seat() {
        unit.free_member_seat(scope.organization()).await?;
    }
    unit.audit(by.did(scope.organization(), Action::UserDisabled, &id), &by.caller);
    Ok(())
}

/// Fails unless somebody has this status.
async fn stands(unit: &Unit, scope: OrgScope, id: AffiliationId, status: Status) -> Result<(), ChangeError> {
    let known = unit.affiliation(scope, id).await?.ok_or(ChangeError::NotFound)?;
    if known.affiliation.status == status { Ok(()) } else { Err(Conflict::WrongStatus.into()) }
}
