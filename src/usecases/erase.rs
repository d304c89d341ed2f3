//! Deleting an external user: its personal data is gone, the audit log keeps ids only.

use crate::domain::audit::{Action, By};

use super::administration::{Administration, ChangeError, Prepared};
use super::external_users::Whom;

impl Administration {
    /// Deletes an external user; its seat is free, the browsers that wait for it are told, and what waits to be sent to it is
    /// not sent. Whoever has the phone can come again, as somebody new.
    ///
    /// # Errors
    /// There is no such person.
    pub async fn delete_user(&self, whom: Whom, by: &By) -> Result<Prepared<()>, ChangeError> {
        let Whom { scope, app, user } = whom;
        let unit = self.parts.store.begin().await?;
        unit.hold_outboxes(scope.organization()).await?;
        if !unit.hold_external_user(scope, app, user).await? {
            return Err(ChangeError::NotFound);
        }
        self.shut_out(&unit, whom, by).await?;
        let over_before = self.now().minus(self.parts.lifetimes.browser);
        let had_seat =
            unit.erase_external_user(scope, app, user, over_before).await?.ok_or(ChangeError::NotFound)?;
        if had_seat {
            unit.free_seat(scope.organization()).await?;
        }
        Ok(self.noted(unit, by, (scope.organization(), Action::UserDeleted), &user, ()))
    }
}
