//! The logins of an external user, ended by whoever administers it.

use crate::domain::audit::{Action, By};
use crate::domain::ids::LoginId;
use crate::store::{StoreError, Unit};

use super::administration::{Administration, ChangeError, Prepared};
use super::external_users::Whom;

impl Administration {
    /// Ends one login of a person; it counts no more from the next request on.
    ///
    /// # Errors
    /// There is no such person, or no such login that counts.
    pub async fn end_user_login(
        &self,
        whom: Whom,
        login: LoginId,
        by: &By,
    ) -> Result<Prepared<()>, ChangeError> {
        let unit = self.parts.store.begin().await?;
        if !unit.end_login_of(whom.scope, whom.app, whom.user, login).await? {
            return Err(ChangeError::NotFound);
        }
        Ok(self.noted(unit, by, (whom.scope.organization(), Action::SessionEnded), &login, ()))
    }

    /// Ends every login of a person; none is as good.
    ///
    /// # Errors
    /// There is no such person.
    pub async fn end_user_logins(&self, whom: Whom, by: &By) -> Result<Prepared<()>, ChangeError> {
        let unit = self.parts.store.begin().await?;
        if !unit.hold_external_user(whom.scope, whom.app, whom.user).await? {
            return Err(ChangeError::NotFound);
        }
        self.end_logins(&unit, whom, by).await?;
        Ok(self.prepared(unit, ()))
    }

    /// Ends every login of a person whom the unit holds, each with its line in the audit log.
    pub(super) async fn end_logins(&self, unit: &Unit, whom: Whom, by: &By) -> Result<(), StoreError> {
        for login in unit.open_logins_of(whom.scope, whom.user).await? {
            if unit.end_login(login).await? {
                let ended = by.did(whom.scope.organization(), Action::SessionEnded, &login);
                unit.audit(ended, &by.caller);
            }
        }
        Ok(())
    }
}
