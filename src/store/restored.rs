//! Rows of a backup that was put back: what they say may have gone on without them since. Nothing of it is done a second time, and
//! nothing that ended lives again. Looked at or settled in pages, so that it may be cut off and begun again; no node runs meanwhile.

use std::time::Duration;

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use entities::{
    account_login, follower_import, login, notification, outbox, qr_session, verification_code, visit,
};

use crate::domain::clock::Millis;
use crate::domain::ids::OrgId;
use crate::domain::qr_session::State;

use super::connect::Store;
use super::error::StoreError;

/// Rows changed in one unit.
const PAGE: u64 = 500;

/// Whether something is done about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum How {
    /// Only counted.
    Look,
    /// Settled.
    Settle,
}

/// What becomes of logins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Logins {
    /// They end: one that ended since the backup was taken must not live again.
    End,
    /// They stay.
    Keep,
}

/// What is done about a backup.
#[derive(Clone, Copy, Debug)]
pub struct Restoring {
    /// Whether it is done.
    pub how: How,
    /// What becomes of logins.
    pub logins: Logins,
    /// How long a message waits for somebody to follow.
    pub follow_wait: Duration,
}

/// What was found in a backup, and is settled.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Restored {
    /// Deliveries that may have been sent since: they are uncertain, and wait for a person.
    pub uncertain: u64,
    /// Notifications that were not spread over all of their audience: nobody is added to them.
    pub stopped: u64,
    /// Notifications of which something waited for people to follow: it is no longer sent to them.
    pub closed_to_followers: u64,
    /// Logins of external users that ended.
    pub logins: u64,
    /// Logins of members and collaborators that ended.
    pub account_logins: u64,
    /// Verification codes that count no more.
    pub codes: u64,
    /// QR sessions that ended.
    pub qr_sessions: u64,
    /// Visits of phones that ended.
    pub visits: u64,
    /// Rights to send and to import that were taken away.
    pub leases: u64,
}

impl Restored {
    /// Whether nothing is left to settle.
    pub fn is_settled(&self) -> bool {
        *self == Self::default()
    }
}

/// Changes all rows of a table for which a condition holds, a page in a unit; or only counts them.
macro_rules! settle {
    ($store:expr, $how:expr, $table:ident.$key:ident: $type:ty, $which:expr, [$($column:ident = $value:expr),+]) => {{
        let which = || -> Condition { $which };
        match $how {
            How::Look => $table::Entity::find().filter(which()).count(&$store.readers).await?,
            How::Settle => {
                let mut settled = 0;
                loop {
                    let keys: Vec<$type> = $table::Entity::find()
                        .select_only()
                        .column($table::Column::$key)
                        .filter(which())
                        .limit(PAGE)
                        .into_tuple()
                        .all(&$store.readers)
                        .await?;
                    if keys.is_empty() {
                        break settled;
                    }
                    let unit = $store.begin().await?;
                    let update = $table::Entity::update_many()
                        $(.col_expr($table::Column::$column, $value))+
                        .filter($table::Column::$key.is_in(keys))
                        .filter(which());
                    settled += update.exec(&unit.tx).await?.rows_affected;
                    unit.commit().await?;
                }
            }
        }
    }};
}

impl Store {
    /// Settles what a backup that was put back holds, or only counts it.
    ///
    /// # Errors
    /// The database refused; what was settled by then stays so.
    pub async fn settle_restored(&self, restoring: &Restoring) -> Result<Restored, StoreError> {
        let (how, now) = (restoring.how, self.tools.clock.now());
        let mut found = Restored { leases: self.free_leases(how).await?, ..Restored::default() };
        self.settle_notifications(restoring, now, &mut found).await?;
        if restoring.logins == Logins::End {
            found.logins = settle!(
                self, how, login.Id: Uuid,
                Condition::all().add(login::Column::EndedAt.is_null()).add(login::Column::ExpiresAt.gte(now.0)),
                [EndedAt = Expr::value(now.0)]
            );
            found.account_logins = settle!(
                self, how, account_login.Id: Uuid,
                Condition::all()
                    .add(account_login::Column::EndedAt.is_null())
                    .add(account_login::Column::ExpiresAt.gte(now.0)),
                [EndedAt = Expr::value(now.0)]
            );
        }
        self.settle_sign_ins(how, now, &mut found).await?;
        Ok(found)
    }

    /// Whoever is on the way in begins anew: a step of theirs may have been taken since.
    async fn settle_sign_ins(&self, how: How, now: Millis, found: &mut Restored) -> Result<(), StoreError> {
        found.codes = settle!(
            self, how, verification_code.Id: Uuid,
            Condition::all()
                .add(verification_code::Column::UsedAt.is_null())
                .add(verification_code::Column::KilledAt.is_null())
                .add(verification_code::Column::ExpiresAt.gte(now.0)),
            [KilledAt = Expr::value(now.0)]
        );
        found.qr_sessions = settle!(
            self, how, qr_session.R: String,
            Condition::all()
                .add(qr_session::Column::State.is_in(State::OPEN.map(State::name)))
                .add(qr_session::Column::ExpiresAt.gte(now.0)),
            [Seq = Expr::col(qr_session::Column::Seq).add(1), ExpiresAt = Expr::value(now.0 - 1)]
        );
        found.visits = settle!(
            self, how, visit.Id: Uuid,
            Condition::all()
                .add(visit::Column::Refused.is_null())
                .add(visit::Column::ExpiresAt.gte(now.0)),
            [ExpiresAt = Expr::value(now.0 - 1)]
        );
        Ok(())
    }

    /// Whoever held a right is gone. How long an import pauses stays, and what an outbox waits for.
    async fn free_leases(&self, how: How) -> Result<u64, StoreError> {
        let outboxes = settle!(
            self, how, outbox.Id: Uuid,
            Condition::all().add(outbox::Column::Until.gt(0)),
            [Until = Expr::value(0_i64)]
        );
        let imports = settle!(
            self, how, follower_import.Id: Uuid,
            Condition::all()
                .add(follower_import::Column::RunningFor.is_not_null())
                .add(follower_import::Column::Failure.is_null())
                .add(follower_import::Column::ClaimedUntil.gt(0)),
            [ClaimedUntil = Expr::value(0_i64)]
        );
        Ok(outboxes + imports)
    }

    /// Until when a node has the right to send, if one has it now: then nodes run, and nothing may be settled beside them.
    ///
    /// # Errors
    /// The database is away.
    pub async fn sends_until(&self, lease: Duration) -> Result<Option<Millis>, StoreError> {
        let now = self.tools.clock.now();
        let until: Option<i64> = outbox::Entity::find()
            .select_only()
            .column(outbox::Column::Until)
            .filter(outbox::Column::Until.gt(now.0))
            // Longer than any lease lasts: it is of a clock that went wrong, and nobody's.
            .filter(outbox::Column::Until.lte(now.plus(lease * 2).0))
            .limit(1)
            .into_tuple()
            .one(&self.readers)
            .await?;
        Ok(until.map(Millis))
    }

    /// How many notifications wait for an instant that is still to come: they go on.
    ///
    /// # Errors
    /// The database is away.
    pub async fn scheduled_notifications(&self) -> Result<u64, StoreError> {
        Ok(notification::Entity::find()
            .filter(notification::Column::Open.eq(true))
            .filter(notification::Column::SendAt.gt(self.tools.clock.now().0))
            .count(&self.readers)
            .await?)
    }

    /// Every organization, to note something at all of them.
    ///
    /// # Errors
    /// The database is away.
    pub async fn organization_ids(&self) -> Result<Vec<OrgId>, StoreError> {
        let ids: Vec<Uuid> = entities::organization::Entity::find()
            .select_only()
            .column(entities::organization::Column::Id)
            .into_tuple()
            .all(&self.readers)
            .await?;
        Ok(ids.into_iter().map(OrgId).collect())
    }
}
