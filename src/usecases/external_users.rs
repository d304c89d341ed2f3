//! External users: placed, let in, switched off.

use crate::domain::audit::{Action, By};
use crate::domain::capability::{Capability, Kind, allows};
use crate::domain::external_user::{Manager, Record, Status};
use crate::domain::ids::{AppId, DepartmentId, RoleId, UserId};
use crate::domain::naming::Named;
use crate::domain::qr_session::Refusal;
use crate::domain::scope::OrgScope;
use crate::store::external_user_places::Placing;
use crate::store::{StoreError, Unit};

use super::administration::{Administration, ChangeError, Conflict, Prepared};
use super::open_sessions::refuse_all;
use super::seats::take_seat;

/// Most people above somebody, so that looking for a circle has an end.
const MOST_ABOVE: usize = 100;

/// What shall change of an external user; what is `None` stays, `Some(None)` takes away.
#[derive(Clone, Debug, Default)]
pub struct UserChange {
    /// Whether it may be used.
    pub status: Option<Status>,
    /// Its one role.
    pub role: Option<Named<RoleId>>,
    /// Its department.
    pub department: Option<Option<Named<DepartmentId>>>,
    /// Who it reports to.
    pub manager: Option<Option<Manager>>,
    /// What it is called, checked.
    pub nickname: Option<Option<String>>,
}

/// An external user of an app.
#[derive(Clone, Copy, Debug)]
pub struct Whom {
    /// Leave to look at the organization.
    pub scope: OrgScope,
    /// The app.
    pub app: AppId,
    /// The account.
    pub user: UserId,
}

impl Administration {
    /// Changes an external user: all of it or nothing.
    ///
    /// # Errors
    /// There is no such person, role, department or manager here, or no seat is left.
    pub async fn change_user(
        &self,
        whom: Whom,
        change: UserChange,
        by: &By,
    ) -> Result<Prepared<Record>, ChangeError> {
        let unit = self.parts.store.begin().await?;
        record(&unit, whom).await?;
        if change.role.is_some() || change.department.is_some() || change.manager.is_some() {
            self.place(&unit, whom, &change, by).await?;
        }
        // Held from here on: of two changes of its status at once the second sees what the first has done.
        if !unit.hold_external_user(whom.scope, whom.app, whom.user).await? {
            return Err(ChangeError::NotFound);
        }
        if let Some(nickname) = &change.nickname {
            unit.name_external_user(whom.scope, whom.user, nickname.as_deref()).await?;
            let named = by.did(whom.scope.organization(), Action::SettingChanged, &whom.user);
            unit.audit(named, &by.caller);
        }
        let before = record(&unit, whom).await?;
        match change.status {
            Some(Status::Active) => self.switch_on(&unit, whom, by).await?,
            Some(Status::Disabled) => self.switch_off(&unit, whom, by).await?,
            Some(Status::Pending) if before.user.status != Status::Pending => {
                return Err(Conflict::WrongStatus.into());
            }
            Some(Status::Pending) | None => {}
        }
        let after = record(&unit, whom).await?;
        Ok(self.prepared(unit, after))
    }

    /// Lets a pending person in: takes the seat, and authorizes the computers that wait for it.
    ///
    /// # Errors
    /// Nobody is pending, or no seat is left.
    pub async fn admit(&self, whom: Whom, by: &By) -> Result<Prepared<Record>, ChangeError> {
        let unit = self.parts.store.begin().await?;
        if !unit.hold_external_user(whom.scope, whom.app, whom.user).await? {
            return Err(ChangeError::NotFound);
        }
        if !unit.change_status(whom.scope, whom.user, Status::Pending, Status::Active).await? {
            return Err(Conflict::WrongStatus.into());
        }
        self.seat(&unit, whom, by).await?;
        let after = record(&unit, whom).await?;
        Ok(self.prepared(unit, after))
    }

    async fn place(&self, unit: &Unit, whom: Whom, change: &UserChange, by: &By) -> Result<(), ChangeError> {
        let Whom { scope, app, user } = whom;
        let mut placing = Placing { manager: change.manager, ..Placing::default() };
        // Who reports to whom is decided one after the other in an app: of two people who are made each other's
        // manager at once, the second is refused.
        if let Some(Some(_)) = change.manager
            && !unit.hold_portal(scope, app).await?
        {
            return Err(ChangeError::NotFound);
        }
        if let Some(role) = &change.role {
            placing.role = Some(unit.hold_role(app, role).await?.ok_or_else(no_role)?);
        }
        if let Some(department) = &change.department {
            placing.department = Some(match department {
                Some(named) => {
                    allows(Kind::ExternalUser, Capability::Department)?;
                    Some(unit.hold_department(scope, named).await?.ok_or_else(no_department)?)
                }
                None => None,
            });
        }
        if let Some(Some(manager)) = change.manager {
            allows(Kind::ExternalUser, Capability::ReportingRelationship)?;
            check_manager(unit, whom, manager).await?;
        }
        if !unit.place_external_user(scope, app, user, &placing).await? {
            return Err(ChangeError::NotFound);
        }
        unit.audit(by.did(scope.organization(), Action::RoleChanged, &user), &by.caller);
        Ok(())
    }

    /// Lets somebody in who is pending or disabled, and held by the unit; whoever is active stays so.
    async fn switch_on(&self, unit: &Unit, whom: Whom, by: &By) -> Result<(), ChangeError> {
        for from in [Status::Pending, Status::Disabled] {
            if unit.change_status(whom.scope, whom.user, from, Status::Active).await? {
                return self.seat(unit, whom, by).await;
            }
        }
        Ok(())
    }

    /// Gives somebody who has just been made active a seat, and authorizes the computers that wait for it.
    async fn seat(&self, unit: &Unit, whom: Whom, by: &By) -> Result<(), ChangeError> {
        let organization = whom.scope.organization();
        if !take_seat(unit, organization, &by.actor, &by.caller).await? {
            return Err(Conflict::SeatsFull.into());
        }
        for session in unit.held_sessions_of(whom.user).await? {
            if let Ok(next) = session.admit(self.now(), &self.parts.lifetimes) {
                unit.advance_qr_session(&next).await?;
            }
        }
        unit.audit(by.did(organization, Action::UserEnabled, &whom.user), &by.caller);
        Ok(())
    }

    /// Disables an account that the unit holds: its seat is free, it is signed out everywhere, and the browsers that wait for it are told.
    async fn switch_off(&self, unit: &Unit, whom: Whom, by: &By) -> Result<(), ChangeError> {
        let organization = whom.scope.organization();
        if unit.change_status(whom.scope, whom.user, Status::Active, Status::Disabled).await? {
            unit.free_seat(organization).await?;
        } else if !unit.change_status(whom.scope, whom.user, Status::Pending, Status::Disabled).await? {
            return Ok(());
        }
        self.shut_out(unit, whom, by).await?;
        unit.audit(by.did(organization, Action::UserDisabled, &whom.user), &by.caller);
        Ok(())
    }

    /// Ends every login of a person, each with its line in the audit log, and refuses the sign-ins under way.
    pub(super) async fn shut_out(&self, unit: &Unit, whom: Whom, by: &By) -> Result<(), StoreError> {
        self.end_logins(unit, whom, by).await?;
        let waiting = unit.open_sessions_of_person(whom.app, whom.user).await?;
        refuse_all(unit, waiting, Refusal::AccountDisabled).await
    }
}

/// The person, as a unit sees it.
pub(super) async fn record(unit: &Unit, whom: Whom) -> Result<Record, ChangeError> {
    unit.external_user_record(whom.scope, whom.app, whom.user).await?.ok_or(ChangeError::NotFound)
}

/// A manager is somebody else of the organization, and nobody is above themselves.
async fn check_manager(unit: &Unit, whom: Whom, manager: Manager) -> Result<(), ChangeError> {
    let invalid = |rule: &str| ChangeError::invalid("manager", rule);
    if manager == Manager::ExternalUser(whom.user) {
        return Err(invalid("nobody is their own manager"));
    }
    if !unit.hold_manager(whom.scope, whom.app, manager).await? {
        return Err(invalid("must be a member of the organization or an external user of this app"));
    }
    let mut above = manager;
    for _ in 0..MOST_ABOVE {
        let Manager::ExternalUser(user) = above else { return Ok(()) };
        match unit.manager_of_user(whom.scope, user).await? {
            Some(next) if next == Manager::ExternalUser(whom.user) => {
                return Err(invalid("reports to this person already, directly or through others"));
            }
            Some(next) => above = next,
            None => return Ok(()),
        }
    }
    Err(invalid("has too many people above"))
}

pub(super) fn no_role() -> ChangeError {
    ChangeError::invalid("role", "must be the id or name of a role of this app")
}

pub(super) fn no_department() -> ChangeError {
    ChangeError::invalid("department", "must be the id or name of a department of the organization")
}
