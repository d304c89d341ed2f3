//! After a backup was put back: what may have happened since it was taken is not done a second time.

use crate::domain::audit::{Action, By, Entry};
use crate::domain::clock::Millis;
use crate::store::restored::{How, Logins, Restored, Restoring};
use crate::store::{Store, StoreError};

use super::Administration;

/// Why nothing was settled.
#[derive(Debug, thiserror::Error)]
pub enum RestoreError {
    /// A node uses these rows.
    #[error(
        "a node sends messages by this database (its right to lasts until {}): stop every node, then run this again",
        .0.rfc3339()
    )]
    NodesRun(Millis),
    /// The database refused.
    #[error("the rows of the backup could not be settled; run this again")]
    Store(#[from] StoreError),
}

impl Administration {
    /// What would be settled of a backup that was put back.
    ///
    /// # Errors
    /// The database is away.
    pub async fn look_at_backup(&self, logins: Logins) -> Result<Restored, StoreError> {
        self.rows_of_backup().settle_restored(&self.restoring(How::Look, logins)).await
    }

    /// Settles it, and notes it at every organization; where nothing is to be settled nothing is noted.
    ///
    /// # Errors
    /// A node runs, or the database refused: what was settled by then stays so, and the rest is settled by the next run.
    pub async fn settle_backup(&self, logins: Logins, by: &By) -> Result<Restored, RestoreError> {
        let store = self.rows_of_backup();
        if !store.is_for_one_process()
            && let Some(until) = store.sends_until(self.parts.dispatch.lease).await?
        {
            return Err(RestoreError::NodesRun(until));
        }
        if self.look_at_backup(logins).await?.is_settled() {
            return Ok(Restored::default());
        }
        // Before anything else: a run that is cut off is noted, too.
        let unit = store.begin().await?;
        for organization in store.organization_ids().await? {
            let action = Action::BackupRestored;
            let entry = Entry { organization, action, actor: by.actor.clone(), subject: None, result: "ok" };
            unit.audit(entry, &by.caller);
        }
        unit.commit().await?;
        Ok(store.settle_restored(&self.restoring(How::Settle, logins)).await?)
    }

    /// Many rows are read and written, and nobody waits for a page.
    fn rows_of_backup(&self) -> Store {
        self.parts.store.in_background()
    }

    fn restoring(&self, how: How, logins: Logins) -> Restoring {
        Restoring { how, logins, follow_wait: self.parts.dispatch.follow_wait }
    }
}
