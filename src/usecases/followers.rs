//! Importing followers from WeChat: begun here, brought further by an actor.

use crate::bus::Nudge;
use crate::domain::audit::{Action, By, Entry};
use crate::domain::follower::FollowerImport;
use crate::domain::scope::OrgScope;
use crate::domain::service_account::ServiceAccount;
use crate::store::StoreError;

use super::administration::{Administration, ChangeError, Conflict, Prepared};

/// Tries against imports that begin or end at the same moment.
const TRIES: usize = 3;

impl Administration {
    /// The account whose followers are meant.
    ///
    /// # Errors
    /// There is none.
    pub async fn followed_account(&self, scope: OrgScope) -> Result<ServiceAccount, ChangeError> {
        let account = self.parts.store.service_account_of(scope.organization()).await?;
        Ok(account.ok_or(Conflict::NoServiceAccount)?)
    }

    /// Begins an import of followers; while one runs, that one is given.
    ///
    /// # Errors
    /// There is no service account.
    pub async fn import_followers(
        &self,
        scope: OrgScope,
        by: &By,
    ) -> Result<Prepared<FollowerImport>, ChangeError> {
        let account = self.followed_account(scope).await?;
        for _ in 0..TRIES {
            let unit = self.parts.store.begin().await?;
            match unit.begin_import(scope.organization(), account.id).await {
                Ok(import) => {
                    let begun = by.did(scope.organization(), Action::FollowersImported, &import.id);
                    unit.audit(Entry { result: "begun", ..begun }, &by.caller);
                    return Ok(self.prepared(unit, import).telling(Nudge::Imports));
                }
                Err(StoreError::Conflict) => drop(unit),
                Err(error) => return Err(error.into()),
            }
            let unit = self.parts.store.begin().await?;
            // None: it has ended just now.
            if let Some(import) = unit.running_import(account.id).await? {
                return Ok(self.prepared(unit, import).telling(Nudge::Imports));
            }
        }
        Err(ChangeError::Store(StoreError::Conflict))
    }
}
