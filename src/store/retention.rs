//! Taking away what has had its time.

use std::time::Duration;

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QuerySelect};

use uuid::Uuid;

use entities::{
    account_login, audit_entry, callback_event, change, delivery, idempotency_key, inbox_item, invitation,
    known_browser, limit_lock, login, notification, qr_session, receipt, recipient_hold, verification_code,
    visit,
};

use crate::domain::clock::Millis;

use super::connect::Store;
use super::error::StoreError;

/// Rows removed in one unit.
const PAGE: u64 = 500;
/// Receipts wait so long for their delivery; WeChat sends them within minutes.
const RECEIPTS: Duration = Duration::from_hours(48);

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
    /// Invitations, after their end.
    pub invitations: Duration,
    /// Answers of requests that may come again.
    pub idempotency: Duration,
    /// On which browsers people are known: as long as the device cookie lives.
    pub known_browsers: Duration,
    /// Notifications with their deliveries, after their end; what stands in inboxes.
    pub notifications: Duration,
    /// The audit log.
    pub audit: Duration,
}

/// Removes a table's rows older than an instant, a page in a unit, so that no unit holds the writer for long.
macro_rules! sweep {
    ($store:expr, $table:ident, $key:ident, $age:ident, $before:expr) => {{
        let mut gone = 0;
        loop {
            let unit = $store.begin().await?;
            let old = $table::Entity::find()
                .filter($table::Column::$age.lt($before.0))
                .limit(PAGE)
                .all(&unit.tx)
                .await?;
            let full = old.len() as u64 == PAGE;
            let keys = old.into_iter().map(|row| sea_orm::ModelTrait::get(&row, $table::Column::$key));
            let keys: Vec<sea_orm::Value> = keys.collect();
            if !keys.is_empty() {
                let delete = $table::Entity::delete_many().filter($table::Column::$key.is_in(keys));
                gone += delete.exec(&unit.tx).await?.rows_affected;
                unit.commit().await?;
            }
            if !full {
                break gone;
            }
        }
    }};
}

impl Store {
    /// Removes rows older than their time; gives how many.
    ///
    /// # Errors
    /// The database refused; what is gone by then stays gone.
    pub async fn sweep(&self, keep: &Retention) -> Result<u64, StoreError> {
        let before = |age| self.tools.clock.now().minus(age);
        let mut gone = sweep!(self, qr_session, R, ScannedAt, before(keep.qr_sessions));
        gone += sweep!(self, visit, Id, CreatedAt, before(keep.qr_sessions));
        gone += sweep!(self, change, Id, At, before(keep.changes));
        gone += sweep!(self, verification_code, Id, CreatedAt, before(keep.codes));
        gone += sweep!(self, limit_lock, Name, Taken, before(keep.codes));
        gone += sweep!(self, callback_event, Id, ReceivedAt, before(keep.callback_events));
        gone += sweep!(self, login, Id, ExpiresAt, before(keep.ended_logins));
        gone += sweep!(self, account_login, Id, ExpiresAt, before(keep.ended_logins));
        gone += sweep!(self, invitation, Id, ExpiresAt, before(keep.invitations));
        gone += sweep!(self, idempotency_key, Id, CreatedAt, before(keep.idempotency));
        gone += sweep!(self, known_browser, Id, SeenAt, before(keep.known_browsers));
        gone += sweep!(self, audit_entry, Id, At, before(keep.audit));
        gone += sweep!(self, receipt, Id, HappenedAt, before(RECEIPTS));
        gone += sweep!(self, recipient_hold, Id, Until, self.tools.clock.now());
        gone += sweep!(self, inbox_item, Id, CreatedAt, before(keep.notifications));
        gone += self.sweep_notifications(before(keep.notifications)).await?;
        Ok(gone)
    }

    /// Removes notifications that ended before an instant: each after its deliveries, a page in a unit.
    async fn sweep_notifications(&self, before: Millis) -> Result<u64, StoreError> {
        let mut gone = 0;
        loop {
            let unit = self.begin().await?;
            let over = notification::Column::FinishedAt.lt(before.0);
            let Some(old) = notification::Entity::find().filter(over.clone()).one(&unit.tx).await? else {
                return Ok(gone);
            };
            let deliveries: Vec<Uuid> = delivery::Entity::find()
                .select_only()
                .column(delivery::Column::Id)
                .filter(delivery::Column::NotificationId.eq(old.id))
                .limit(PAGE)
                .into_tuple()
                .all(&unit.tx)
                .await?;
            let last = (deliveries.len() as u64) < PAGE;
            let theirs = delivery::Entity::delete_many().filter(delivery::Column::Id.is_in(deliveries));
            gone += theirs.exec(&unit.tx).await?.rows_affected;
            if last {
                let itself = notification::Entity::delete_by_id(old.id).filter(over);
                gone += itself.exec(&unit.tx).await?.rows_affected;
            }
            unit.commit().await?;
        }
    }
}
