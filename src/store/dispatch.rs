//! What a dispatcher writes of deliveries: taken, given back, ended. Every unit of it begins by showing its lease
//! ([`Unit::hold_outbox`]): nobody else moves a delivery out of `pending` or `sending`.

use std::collections::BTreeMap;

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect, UpdateMany};
use uuid::Uuid;

use entities::delivery;

use crate::domain::clock::Millis;
use crate::domain::delivery::{DeliveryState, SendRules, Verdict};
use crate::domain::ids::{AppId, DeliveryId, NotificationId, UserId};
use crate::domain::notification::{Counts, Outbox, Priority};

use super::connect::Store;
use super::error::{StoreError, inconsistent};
use super::locks::by_key_only;
use super::outboxes::Lease;
use super::unit::Unit;

/// A delivery that is due.
#[derive(Clone, Debug)]
pub struct Due {
    /// Its id.
    pub id: DeliveryId,
    /// Whose share it is.
    pub notification: NotificationId,
    /// Of which app.
    pub app: AppId,
    /// What goes first.
    pub priority: Priority,
    /// Which external user, where it is known.
    pub user: Option<UserId>,
    /// Whom it is for.
    pub openid: String,
    /// How often it was tried.
    pub attempts: i32,
    /// When the first try began whose outcome nobody knows.
    pub unknown_since: Option<Millis>,
}

/// What the deliveries of one unit went through, by notification: in the order of their ids, so that units that meet lock rows in
/// one order.
pub type Moves = BTreeMap<NotificationId, Counts>;

/// Which deliveries are meant.
#[derive(Clone, Copy, Debug)]
pub struct Lane {
    /// By which outbox.
    pub outbox: Outbox,
    /// Of which priority.
    pub priority: Priority,
}

impl Store {
    /// Whether a delivery of one of these priorities is due.
    ///
    /// # Errors
    /// The database is away.
    pub async fn has_due(&self, lane: Lane, now: Millis) -> Result<bool, StoreError> {
        let found: Option<Uuid> = of_lane(lane)
            .select_only()
            .column(delivery::Column::Id)
            .filter(delivery::Column::DueAt.lte(now.0))
            .limit(1)
            .into_tuple()
            .one(&self.readers)
            .await?;
        Ok(found.is_some())
    }

    /// Whether deliveries of an outbox are being sent, as far as their rows know.
    ///
    /// # Errors
    /// The database is away.
    pub async fn has_sending(&self, outbox: Outbox) -> Result<bool, StoreError> {
        let found: Option<Uuid> = in_state(outbox, DeliveryState::Sending)
            .select_only()
            .column(delivery::Column::Id)
            .limit(1)
            .into_tuple()
            .one(&self.readers)
            .await?;
        Ok(found.is_some())
    }

    /// The next app behind `after`, in the order of their ids, that has something waiting in a lane.
    ///
    /// # Errors
    /// The database is away.
    pub async fn next_app(&self, lane: Lane, after: Option<AppId>) -> Result<Option<AppId>, StoreError> {
        use delivery::Column;
        // A step of the index for each app, however much waits.
        let found: Option<Uuid> = of_lane(lane)
            .select_only()
            .column(Column::AppId)
            .filter(Column::AppId.gt(after.map_or(Uuid::nil(), |app| app.0)))
            .order_by_asc(Column::AppId)
            .limit(1)
            .into_tuple()
            .one(&self.readers)
            .await?;
        Ok(found.map(AppId))
    }
}

impl Unit {
    /// The deliveries of an app in a lane that are due, those that have waited longest in front.
    ///
    /// # Errors
    /// The database is away, or a row makes no sense.
    pub async fn due_deliveries(&self, lane: Lane, app: AppId, limit: usize) -> Result<Vec<Due>, StoreError> {
        use delivery::Column;
        let rows = of_lane(lane)
            .filter(Column::AppId.eq(app.0))
            .filter(Column::DueAt.lte(self.now().0))
            .order_by_asc(Column::DueAt)
            .order_by_asc(Column::Id)
            .limit(limit as u64)
            .all(&self.tx)
            .await?;
        rows.into_iter().map(read_due).collect()
    }

    /// Marks waiting deliveries as being sent under a lease. From now on the outcome of each may be unknown.
    ///
    /// # Errors
    /// The database refused, or one of them does not wait.
    pub async fn take_deliveries(
        &self,
        lease: &Lease,
        due: &[Due],
        moves: &mut Moves,
    ) -> Result<(), StoreError> {
        use delivery::Column;
        let since = Expr::case(Expr::col(Column::UnknownSince).is_null(), self.now().0)
            .finally(Expr::col(Column::UnknownSince));
        let update = delivery::Entity::update_many()
            .col_expr(Column::UnknownSince, since.into())
            .col_expr(Column::Fence, Expr::value(lease.fence));
        self.go(update, (DeliveryState::Pending, DeliveryState::Sending), due, moves).await
    }

    /// Ends waiting deliveries that are not sent, for a reason that they all have. One of which nobody knows whether an earlier try
    /// was sent is uncertain instead.
    ///
    /// # Errors
    /// The database refused, or one of them does not wait.
    pub async fn end_deliveries(
        &self,
        due: &[Due],
        (state, reason, errcode): (DeliveryState, &str, Option<i64>),
        moves: &mut Moves,
    ) -> Result<(), StoreError> {
        let (doubtful, due): (Vec<Due>, Vec<Due>) =
            due.iter().cloned().partition(|due| due.unknown_since.is_some());
        self.doubt_deliveries(&doubtful, moves).await?;
        let update = self.ended(delivery::Entity::update_many(), Some(reason), errcode);
        self.go(update, (DeliveryState::Pending, state), &due, moves).await
    }

    /// Gives waiting deliveries up of which nobody knows whether they were sent, because they are too old to repeat.
    ///
    /// # Errors
    /// The database refused, or one of them does not wait.
    pub async fn doubt_deliveries(&self, due: &[Due], moves: &mut Moves) -> Result<(), StoreError> {
        let update =
            delivery::Entity::update_many().col_expr(delivery::Column::FinishedAt, Expr::value(self.now().0));
        self.go(update, (DeliveryState::Pending, DeliveryState::Uncertain), due, moves).await
    }

    /// Puts waiting deliveries off until an instant.
    ///
    /// # Errors
    /// The database refused.
    pub async fn put_off(&self, due: &[Due], until: Millis) -> Result<(), StoreError> {
        delivery::Entity::update_many()
            .col_expr(delivery::Column::DueAt, Expr::value(until.0))
            .filter(delivery::Column::Id.is_in(ids(due)))
            .filter(delivery::Column::State.eq(DeliveryState::Pending.name()))
            .exec(&self.tx)
            .await?;
        Ok(())
    }

    /// Writes that WeChat took these messages, each under its number where it said one.
    ///
    /// # Errors
    /// The database refused, or one of them is not this lease's.
    pub async fn settle_sent(
        &self,
        lease: &Lease,
        sent: &[(Due, Option<i64>)],
        moves: &mut Moves,
    ) -> Result<(), StoreError> {
        use delivery::Column;
        if sent.is_empty() {
            return Ok(());
        }
        let mut numbers: Vec<_> = sent.iter().map(|(due, msgid)| (due.id.0, *msgid)).collect();
        numbers.sort_unstable_by_key(|(id, _)| *id);
        let update = delivery::Entity::update_many()
            .col_expr(Column::Msgid, number_of(&numbers))
            .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
            .col_expr(Column::Reason, Expr::value(None::<String>))
            .col_expr(Column::Errcode, Expr::value(None::<i64>))
            .col_expr(Column::UnknownSince, Expr::value(None::<i64>))
            .col_expr(Column::SentAt, Expr::value(self.now().0))
            .filter(Column::Fence.eq(lease.fence));
        let due: Vec<Due> = sent.iter().map(|(due, _)| due.clone()).collect();
        self.go(update, (DeliveryState::Sending, DeliveryState::Sent), &due, moves).await
    }

    /// Writes what follows from one try.
    ///
    /// # Errors
    /// The database refused, or the delivery is not this lease's.
    pub async fn settle(
        &self,
        lease: &Lease,
        due: &Due,
        verdict: &Verdict,
        moves: &mut Moves,
    ) -> Result<(), StoreError> {
        use delivery::Column;
        let update = delivery::Entity::update_many().filter(Column::Fence.eq(lease.fence));
        let tried = |update: UpdateMany<delivery::Entity>| {
            update.col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
        };
        let (update, state) = match verdict {
            Verdict::Sent(msgid) => {
                return self.settle_sent(lease, &[(due.clone(), *msgid)], moves).await;
            }
            Verdict::Again { due_at, counts, unknown_since, errcode } => {
                let update = update
                    .col_expr(Column::DueAt, Expr::value(due_at.0))
                    .col_expr(Column::UnknownSince, Expr::value(unknown_since.map(|at| at.0)));
                // Who was not tried keeps what went wrong before.
                let update = if *counts {
                    tried(update).col_expr(Column::Errcode, Expr::value(*errcode))
                } else {
                    update
                };
                (update, DeliveryState::Pending)
            }
            Verdict::Skipped { reason, errcode } => {
                (self.ended(tried(update), Some(reason), *errcode), DeliveryState::Skipped)
            }
            Verdict::Failed { reason, errcode } => {
                (self.ended(tried(update), Some(reason), *errcode), DeliveryState::Failed)
            }
            Verdict::Uncertain => (
                tried(update).col_expr(Column::FinishedAt, Expr::value(self.now().0)),
                DeliveryState::Uncertain,
            ),
        };
        self.go(update, (DeliveryState::Sending, state), std::slice::from_ref(due), moves).await
    }

    /// Frees what a holder before this one had taken, at most `limit`: nobody knows whether it was sent. What may be repeated waits
    /// again, the rest is uncertain. Gives how many were freed, and the uncertain ones among them.
    ///
    /// # Errors
    /// The database refused, or a row makes no sense.
    pub async fn free_deliveries(
        &self,
        lease: &Lease,
        rules: &SendRules,
        limit: u64,
        moves: &mut Moves,
    ) -> Result<(usize, Vec<Due>), StoreError> {
        use delivery::Column;
        let rows = in_state(lease.outbox, DeliveryState::Sending)
            .filter(Column::Fence.lt(lease.fence))
            .limit(limit)
            .all(&self.tx)
            .await?;
        let freed = rows.len();
        let left: Vec<Due> = rows.into_iter().map(read_due).collect::<Result<_, _>>()?;
        let now = self.now();
        let (again, lost): (Vec<Due>, Vec<Due>) =
            left.into_iter().partition(|due| rules.may_repeat(due.unknown_since, now));
        let tried = delivery::Entity::update_many()
            .col_expr(Column::Attempts, Expr::col(Column::Attempts).add(1))
            .filter(Column::Fence.lt(lease.fence));
        let waits = tried.clone().col_expr(Column::DueAt, Expr::value(now.0));
        self.go(waits, (DeliveryState::Sending, DeliveryState::Pending), &again, moves).await?;
        let ends = tried.col_expr(Column::FinishedAt, Expr::value(now.0));
        self.go(ends, (DeliveryState::Sending, DeliveryState::Uncertain), &lost, moves).await?;
        Ok((freed, lost))
    }

    /// Waiting deliveries of a notification, to end them.
    ///
    /// # Errors
    /// The database is away, or a row makes no sense.
    pub async fn waiting_of(&self, notification: NotificationId, limit: u64) -> Result<Vec<Due>, StoreError> {
        let rows = delivery::Entity::find()
            .filter(delivery::Column::NotificationId.eq(notification.0))
            .filter(delivery::Column::State.eq(DeliveryState::Pending.name()))
            .limit(limit)
            .all(&self.tx)
            .await?;
        rows.into_iter().map(read_due).collect()
    }

    /// How many messages each of these people was sent by an outbox since an instant, or may have been; nobody who was sent none.
    ///
    /// # Errors
    /// The database is away.
    pub async fn sent_since(
        &self,
        outbox: Outbox,
        openids: Vec<&str>,
        since: Millis,
    ) -> Result<Vec<(String, i64)>, StoreError> {
        use delivery::Column;
        Ok(delivery::Entity::find()
            .select_only()
            .column(Column::Recipient)
            .column_as(Column::Id.count(), "sent")
            .filter(by_key_only(Column::OutboxId, outbox.0))
            .filter(Column::Recipient.is_in(openids))
            .filter(
                Column::SentAt
                    .gte(since.0)
                    .or(Column::State.eq(DeliveryState::Sending.name()))
                    .or(Column::UnknownSince.gte(since.0)),
            )
            .group_by(Column::Recipient)
            .into_tuple()
            .all(&self.tx)
            .await?)
    }

    /// Writes the counts of all that was moved in this unit.
    ///
    /// # Errors
    /// The database refused.
    pub async fn count_moves(&self, lease: &Lease, moves: Moves) -> Result<(), StoreError> {
        for (notification, counts) in moves {
            self.count_deliveries(lease.organization, notification, counts).await?;
        }
        Ok(())
    }

    fn ended(
        &self,
        update: UpdateMany<delivery::Entity>,
        reason: Option<&str>,
        errcode: Option<i64>,
    ) -> UpdateMany<delivery::Entity> {
        use delivery::Column;
        update
            .col_expr(Column::Reason, Expr::value(reason))
            .col_expr(Column::Errcode, Expr::value(errcode))
            .col_expr(Column::UnknownSince, Expr::value(None::<i64>))
            .col_expr(Column::FinishedAt, Expr::value(self.now().0))
    }

    /// Moves deliveries from one state to another; all of them, or none and an error.
    async fn go(
        &self,
        update: UpdateMany<delivery::Entity>,
        (from, to): (DeliveryState, DeliveryState),
        due: &[Due],
        moves: &mut Moves,
    ) -> Result<(), StoreError> {
        if due.is_empty() {
            return Ok(());
        }
        let done = update
            .col_expr(delivery::Column::State, Expr::value(to.name()))
            .filter(delivery::Column::Id.is_in(ids(due)))
            .filter(delivery::Column::State.eq(from.name()))
            .exec(&self.tx)
            .await?;
        if done.rows_affected != due.len() as u64 {
            return Err(inconsistent("deliveries", "state", due[0].id));
        }
        for one in due {
            moves.entry(one.notification).or_default().went(Some(from), to, 1);
        }
        Ok(())
    }
}

fn ids(due: &[Due]) -> impl Iterator<Item = Uuid> {
    due.iter().map(|one| one.id.0)
}

/// The number of a row among these, which are in the order of their ids: found by halving them, since a database goes through what
/// it is to choose from one by one, and again for every row.
fn number_of(numbers: &[(Uuid, Option<i64>)]) -> Expr {
    match numbers {
        [] => Expr::value(None::<i64>),
        [(_, number)] => Expr::value(*number),
        _ => {
            let (before, behind) = numbers.split_at(numbers.len() / 2);
            let is_before = Expr::col(delivery::Column::Id).lt(behind[0].0);
            Expr::case(is_before, number_of(before)).finally(number_of(behind)).into()
        }
    }
}

fn in_state(outbox: Outbox, state: DeliveryState) -> sea_orm::Select<delivery::Entity> {
    delivery::Entity::find()
        .filter(delivery::Column::OutboxId.eq(outbox.0))
        .filter(delivery::Column::State.eq(state.name()))
}

fn of_lane(lane: Lane) -> sea_orm::Select<delivery::Entity> {
    in_state(lane.outbox, DeliveryState::Pending).filter(delivery::Column::Lane.eq(lane.priority.lane()))
}

fn read_due(row: delivery::Model) -> Result<Due, StoreError> {
    let id = DeliveryId(row.id);
    Ok(Due {
        id,
        notification: NotificationId(row.notification_id),
        app: AppId(row.app_id),
        priority: Priority::from_lane(row.lane).ok_or_else(|| inconsistent("deliveries", "lane", id))?,
        user: row.user_id.map(UserId),
        openid: row.openid.unwrap_or_default(),
        attempts: row.attempts,
        unknown_since: row.unknown_since.map(Millis),
    })
}
