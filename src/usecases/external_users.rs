//! External users: prepared, let in, switched off.

use crate::domain::audit::{Action, By};
use crate::domain::external_user::{ExternalUser, Status};
use crate::domain::ids::{AppId, UserId};
use crate::domain::phone_number::PhoneNumber;
use crate::domain::scope::OrgScope;
use crate::store::StoreError;

use super::administration::{Administration, ChangeError, Conflict, Prepared};
use super::seats::take_seat;

impl Administration {
    /// Prepares an account for a phone: whoever proves the phone gets it, also where only invited people may come.
    ///
    /// # Errors
    /// The phone has an account in this app.
    pub async fn invite(
        &self,
        scope: OrgScope,
        app: AppId,
        phone: PhoneNumber,
        by: &By,
    ) -> Result<Prepared<UserId>, ChangeError> {
        let portal = self.parts.store.portal_of_app(app).await?.ok_or(ChangeError::NotFound)?;
        let user = ExternalUser {
            id: UserId::generate(self.clock(), self.entropy()),
            organization: scope.organization(),
            app,
            phone: Some(phone),
            nickname: None,
            avatar_url: None,
            status: Status::Pending,
            role: portal.default_role,
        };
        let unit = self.parts.store.begin().await?;
        unit.create_external_user(&user).await.map_err(|error| match error {
            StoreError::Conflict => ChangeError::Conflict(Conflict::PhoneInUse),
            other => ChangeError::Store(other),
        })?;
        self.noted(unit, by, (scope.organization(), Action::UserInvited), &user.id, user.id).await
    }

    /// Lets a pending person in: takes the seat, and authorizes the computers that wait for it.
    ///
    /// # Errors
    /// Nobody is pending, or no seat is left.
    pub async fn admit(&self, scope: OrgScope, user: UserId, by: &By) -> Result<Prepared<()>, ChangeError> {
        let unit = self.parts.store.begin().await?;
        if !unit.change_status(scope, user, Status::Pending, Status::Active).await? {
            return Err(Conflict::WrongStatus.into());
        }
        if !take_seat(&unit, scope.organization(), &by.actor, &by.caller).await? {
            return Err(Conflict::SeatsFull.into());
        }
        for session in unit.held_sessions_of(user).await? {
            if let Ok(next) = session.admit(self.now(), &self.parts.lifetimes) {
                unit.advance_qr_session(&next).await?;
            }
        }
        self.noted(unit, by, (scope.organization(), Action::UserEnabled), &user, ()).await
    }

    /// Disables an account: its seat is free, its logins end.
    ///
    /// # Errors
    /// It was not active.
    pub async fn disable(&self, scope: OrgScope, user: UserId, by: &By) -> Result<Prepared<()>, ChangeError> {
        let unit = self.parts.store.begin().await?;
        if !unit.change_status(scope, user, Status::Active, Status::Disabled).await? {
            return Err(Conflict::WrongStatus.into());
        }
        unit.free_seat(scope.organization()).await?;
        unit.end_logins_of(user).await?;
        self.noted(unit, by, (scope.organization(), Action::UserDisabled), &user, ()).await
    }
}
