//! Taking away what has had its time.

use std::time::Duration;

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use entities::{
    account_login, audit_entry, callback_event, change, delivery, idempotency_key, inbox_item, invitation,
    known_browser, limit_lock, login, notification, qr_session, receipt, recipient_hold, verification_code,
    visit,
};

use crate::domain::clock::Millis;
use crate::domain::notification::Audience;

use super::connect::Store;
use super::error::StoreError;
use super::notifications::written;

/// Rows removed in one unit.
const PAGE: u64 = 500;
/// Receipts wait so long for their delivery; WeChat sends them within minutes.
const RECEIPTS: Duration = Duration::from_hours(48);
/// How an audience of named openids is written down.
const NAMED_OPENIDS: &str = r#"{"openids":"#;

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
    /// The openids that notifications name as their audience, after their end.
    pub audiences: Duration,
    /// The audit log.
    pub audit: Duration,
}

/// Removes a table's rows older than an instant: they are looked for by readers, and a unit only deletes a page of them, so that
/// none holds the writer for long.
macro_rules! sweep {
    ($store:expr, $table:ident, $key:ident: $type:ty, $age:ident, $before:expr) => {{
        let old = || $table::Column::$age.lt($before.0);
        let mut gone = 0;
        loop {
            let keys: Vec<$type> = $table::Entity::find()
                .select_only()
                .column($table::Column::$key)
                .filter(old())
                .limit(PAGE)
                .into_tuple()
                .all(&$store.readers)
                .await?;
            let full = keys.len() as u64 == PAGE;
            if !keys.is_empty() {
                let unit = $store.begin().await?;
                // One that was made younger meanwhile stays.
                let delete =
                    $table::Entity::delete_many().filter($table::Column::$key.is_in(keys)).filter(old());
                gone += delete.exec(&unit.tx).await?.rows_affected;
                unit.commit().await?;
            }
            if !full {
                break gone;
            }
        }
    }};
}

/// One round over all tables: one that cannot be swept now keeps no other one from it.
#[derive(Default)]
struct Round {
    gone: u64,
    failed: Option<StoreError>,
}

impl Round {
    fn did(&mut self, swept: Result<u64, StoreError>) {
        match swept {
            Ok(gone) => self.gone += gone,
            Err(error) => self.failed = Some(error),
        }
    }

    fn end(self) -> Result<u64, StoreError> {
        self.failed.map_or(Ok(self.gone), Err)
    }
}

impl Store {
    /// Removes rows older than their time; gives how many.
    ///
    /// # Errors
    /// The database refused for one of the tables, the last of them is told; what is gone stays gone.
    pub async fn sweep(&self, keep: &Retention) -> Result<u64, StoreError> {
        let before = |age| self.tools.clock.now().minus(age);
        let mut round = Round::default();
        round.did(
            async { Ok(sweep!(self, qr_session, R: String, ScannedAt, before(keep.qr_sessions))) }.await,
        );
        round.did(async { Ok(sweep!(self, visit, Id: Uuid, CreatedAt, before(keep.qr_sessions))) }.await);
        round.did(async { Ok(sweep!(self, change, Id: i64, At, before(keep.changes))) }.await);
        round.did(
            async { Ok(sweep!(self, verification_code, Id: Uuid, CreatedAt, before(keep.codes))) }.await,
        );
        round.did(async { Ok(sweep!(self, limit_lock, Name: String, Taken, before(keep.codes))) }.await);
        round.did(
            async { Ok(sweep!(self, callback_event, Id: Uuid, ReceivedAt, before(keep.callback_events))) }
                .await,
        );
        round.did(async { Ok(sweep!(self, login, Id: Uuid, ExpiresAt, before(keep.ended_logins))) }.await);
        round.did(
            async { Ok(sweep!(self, account_login, Id: Uuid, ExpiresAt, before(keep.ended_logins))) }.await,
        );
        round
            .did(async { Ok(sweep!(self, invitation, Id: Uuid, ExpiresAt, before(keep.invitations))) }.await);
        round.did(
            async { Ok(sweep!(self, idempotency_key, Id: Uuid, CreatedAt, before(keep.idempotency))) }.await,
        );
        round.did(
            async { Ok(sweep!(self, known_browser, Id: Uuid, SeenAt, before(keep.known_browsers))) }.await,
        );
        round.did(async { Ok(sweep!(self, audit_entry, Id: Uuid, At, before(keep.audit))) }.await);
        round.did(async { Ok(sweep!(self, receipt, Id: Uuid, HappenedAt, before(RECEIPTS))) }.await);
        round.did(async { Ok(sweep!(self, recipient_hold, Id: Uuid, Until, self.tools.clock.now())) }.await);
        round.did(
            async { Ok(sweep!(self, inbox_item, Id: Uuid, CreatedAt, before(keep.notifications))) }.await,
        );
        round.did(self.sweep_notifications(before(keep.notifications)).await);
        round.did(self.blank_audiences(before(keep.audiences)).await.map(|_| 0));
        round.end()
    }

    /// Removes notifications that ended before an instant: each after its deliveries, a page in a unit.
    async fn sweep_notifications(&self, before: Millis) -> Result<u64, StoreError> {
        let over = || notification::Column::FinishedAt.lt(before.0);
        let mut gone = 0;
        loop {
            let old: Vec<Uuid> = notification::Entity::find()
                .select_only()
                .column(notification::Column::Id)
                .filter(over())
                .limit(PAGE)
                .into_tuple()
                .all(&self.readers)
                .await?;
            if old.is_empty() {
                return Ok(gone);
            }
            for id in old {
                gone += self.sweep_deliveries(id, before).await?;
                let unit = self.begin().await?;
                // One that was opened again meanwhile stays.
                let itself = notification::Entity::delete_by_id(id).filter(over());
                gone += itself.exec(&unit.tx).await?.rows_affected;
                unit.commit().await?;
            }
        }
    }

    async fn sweep_deliveries(&self, notification: Uuid, before: Millis) -> Result<u64, StoreError> {
        let mut gone = 0;
        loop {
            let deliveries: Vec<Uuid> = delivery::Entity::find()
                .select_only()
                .column(delivery::Column::Id)
                .filter(delivery::Column::NotificationId.eq(notification))
                .limit(PAGE)
                .into_tuple()
                .all(&self.readers)
                .await?;
            if deliveries.is_empty() {
                return Ok(gone);
            }
            let unit = self.begin().await?;
            let over = notification::Entity::find_by_id(notification)
                .filter(notification::Column::FinishedAt.lt(before.0))
                .lock_exclusive();
            if over.one(&unit.tx).await?.is_none() {
                return Ok(gone);
            }
            let theirs = delivery::Entity::delete_many().filter(delivery::Column::Id.is_in(deliveries));
            gone += theirs.exec(&unit.tx).await?.rows_affected;
            unit.commit().await?;
        }
    }

    /// Takes the named openids out of notifications that ended before an instant.
    async fn blank_audiences(&self, before: Millis) -> Result<u64, StoreError> {
        use notification::Column;
        let blank = written(&Audience::Openids(Vec::new()))?;
        let named = || {
            Condition::all()
                .add(Column::FinishedAt.lt(before.0))
                .add(Column::Audience.starts_with(NAMED_OPENIDS))
                .add(Column::Audience.ne(blank.as_str()))
        };
        let mut blanked = 0;
        loop {
            let old: Vec<Uuid> = notification::Entity::find()
                .select_only()
                .column(Column::Id)
                .filter(named())
                .limit(PAGE)
                .into_tuple()
                .all(&self.readers)
                .await?;
            if old.is_empty() {
                return Ok(blanked);
            }
            let unit = self.begin().await?;
            let update = notification::Entity::update_many()
                .col_expr(Column::Audience, Expr::value(blank.as_str()))
                .filter(Column::Id.is_in(old))
                .filter(named());
            blanked += update.exec(&unit.tx).await?.rows_affected;
            unit.commit().await?;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn named_openids_are_known_by_how_they_are_written() {
        let openids = Audience::Openids(vec!["oA".into()]);
        assert!(written(&openids).unwrap().starts_with(NAMED_OPENIDS));
        assert!(!written(&Audience::Users(vec!["usr_1".into()])).unwrap().starts_with(NAMED_OPENIDS));
    }
}
