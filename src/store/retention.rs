//! Taking away what has had its time.

use std::time::Duration;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter};

use entities::{audit_entry, callback_event, change, limit_lock, login, qr_session, verification_code, visit};

use super::error::StoreError;
use super::unit::Unit;

/// How long rows are kept.
#[derive(Clone, Copy, Debug)]
pub struct Retention {
    /// Scanned QR sessions and phone visits.
    pub qr_sessions: Duration,
    /// The change feed.
    pub changes: Duration,
    /// Verification codes (limits count a day back).
    pub codes: Duration,
    /// Pushes, to know a repeat.
    pub callback_events: Duration,
    /// Logins that have ended.
    pub ended_logins: Duration,
    /// The audit log.
    pub audit: Duration,
}

impl Unit {
    /// Removes rows older than their time; gives how many.
    ///
    /// # Errors
    /// The database refused.
    pub async fn sweep(&self, keep: &Retention) -> Result<u64, StoreError> {
        let before = |age| self.now().minus(age).0;
        let mut gone = 0;
        gone += qr_session::Entity::delete_many()
            .filter(qr_session::Column::ScannedAt.lt(before(keep.qr_sessions)))
            .exec(&self.tx)
            .await?
            .rows_affected;
        gone += visit::Entity::delete_many()
            .filter(visit::Column::CreatedAt.lt(before(keep.qr_sessions)))
            .exec(&self.tx)
            .await?
            .rows_affected;
        gone += change::Entity::delete_many()
            .filter(change::Column::At.lt(before(keep.changes)))
            .exec(&self.tx)
            .await?
            .rows_affected;
        gone += verification_code::Entity::delete_many()
            .filter(verification_code::Column::CreatedAt.lt(before(keep.codes)))
            .exec(&self.tx)
            .await?
            .rows_affected;
        gone += limit_lock::Entity::delete_many()
            .filter(limit_lock::Column::Taken.lt(before(keep.codes)))
            .exec(&self.tx)
            .await?
            .rows_affected;
        gone += callback_event::Entity::delete_many()
            .filter(callback_event::Column::ReceivedAt.lt(before(keep.callback_events)))
            .exec(&self.tx)
            .await?
            .rows_affected;
        gone += login::Entity::delete_many()
            .filter(login::Column::ExpiresAt.lt(before(keep.ended_logins)))
            .exec(&self.tx)
            .await?
            .rows_affected;
        gone += audit_entry::Entity::delete_many()
            .filter(audit_entry::Column::At.lt(before(keep.audit)))
            .exec(&self.tx)
            .await?
            .rows_affected;
        Ok(gone)
    }
}
