//! How notifications come further: spread, counted, stopped, closed, opened again. Written by dispatchers, and by what ends or
//! brings back deliveries.

use sea_orm::sea_query::{Expr, IntoCondition};
use sea_orm::{ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use entities::notification;

use crate::domain::delivery::DeliveryState;
use crate::domain::ids::{NotificationId, OrgId};
use crate::domain::notification::{Counts, NotificationState, Outbox, Stop};

use super::changes::Topic;
use super::error::StoreError;
use super::locks::by_key_only;
use super::unit::Unit;

/// Open notifications whose watchers are told of a pause.
const TOLD: u64 = 200;

/// Most notifications that one statement names.
const AT_ONCE: usize = 1_000;

/// Which notifications of an outbox are meant.
#[derive(Clone, Copy, Debug)]
pub enum Which<'a> {
    /// All of them.
    All,
    /// Those by one template.
    ByTemplate(&'a str),
    /// One.
    One(NotificationId),
}

impl Unit {
    /// Stops open notifications of an outbox that are not stopped yet; gives how many.
    ///
    /// # Errors
    /// The database refused.
    pub async fn stop_notifications(
        &self,
        outbox: Outbox,
        which: Which<'_>,
        why: Stop,
    ) -> Result<u64, StoreError> {
        use notification::Column;
        let open = match which {
            Which::All => self.going_on(outbox, Condition::all()).await?,
            Which::ByTemplate(template) => {
                self.going_on(outbox, Column::TemplateId.eq(template).into_condition()).await?
            }
            Which::One(id) => vec![id.0],
        };
        let mut stopped = 0;
        for some in open.chunks(AT_ONCE) {
            stopped += self.stop(outbox, some, why).await?;
            // What was to be sent later has no deliveries yet, and is over.
            notification::Entity::update_many()
                .col_expr(Column::State, Expr::value(NotificationState::Done.name()))
                .col_expr(Column::Open, Expr::value(false))
                .col_expr(Column::FinishedAt, Expr::value(self.now().0))
                .filter(Column::Id.is_in(some.iter().copied()))
                .filter(by_key_only(Column::OutboxId, outbox.0))
                .filter(by_key_only(Column::Open, true))
                .filter(Column::Stopped.eq(why.name()))
                .filter(Column::State.eq(NotificationState::Queued.name()))
                .filter(Column::SendAt.gt(self.now().0))
                .exec(&self.tx)
                .await?;
        }
        Ok(stopped)
    }

    /// Stops every open notification of an outbox whose time is over; gives how many.
    ///
    /// # Errors
    /// The database refused.
    pub async fn stop_expired(&self, outbox: Outbox) -> Result<u64, StoreError> {
        let late = notification::Column::ExpiresAt.lte(self.now().0).into_condition();
        let mut stopped = 0;
        for some in self.going_on(outbox, late).await?.chunks(AT_ONCE) {
            stopped += self.stop(outbox, some, Stop::Expired).await?;
        }
        Ok(stopped)
    }

    /// The ids of open notifications of an outbox that go on, and of which this is true.
    // They are read, and then changed by their keys: an UPDATE that looks for them holds an index before the rows on MySQL, and one
    // that closes a notification at the same moment holds the row before the index, so that each waits for the other.
    async fn going_on(&self, outbox: Outbox, which: Condition) -> Result<Vec<Uuid>, StoreError> {
        use notification::Column;
        Ok(notification::Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(Column::OutboxId.eq(outbox.0))
            .filter(Column::Open.eq(true))
            .filter(goes_on())
            .filter(which)
            .order_by_asc(Column::Id)
            .into_tuple()
            .all(&self.tx)
            .await?)
    }

    /// Stops those of these that still go on; gives how many.
    async fn stop(&self, outbox: Outbox, some: &[Uuid], why: Stop) -> Result<u64, StoreError> {
        use notification::Column;
        let done = notification::Entity::update_many()
            .col_expr(Column::Stopped, Expr::value(why.name()))
            .filter(Column::Id.is_in(some.iter().copied()))
            .filter(by_key_only(Column::OutboxId, outbox.0))
            .filter(by_key_only(Column::Open, true))
            .filter(goes_on())
            .exec(&self.tx)
            .await?;
        Ok(done.rows_affected)
    }

    /// Writes how far spreading is, when it was at `from` before; false when somebody else was faster.
    ///
    /// # Errors
    /// The database refused.
    pub async fn spread_notification(
        &self,
        id: NotificationId,
        (from, to): (Option<&str>, Option<&str>),
        state: NotificationState,
    ) -> Result<bool, StoreError> {
        use notification::Column;
        let unspread = [NotificationState::Queued.name(), NotificationState::Expanding.name()];
        let here = match from {
            Some(from) => Column::Position.eq(from),
            None => Column::Position.is_null(),
        };
        let done = notification::Entity::update_many()
            .col_expr(Column::State, Expr::value(state.name()))
            .col_expr(Column::Position, Expr::value(to))
            .filter(Column::Id.eq(id.0))
            .filter(Column::State.is_in(unspread))
            .filter(Column::Stopped.is_null())
            .filter(here)
            .exec(&self.tx)
            .await?;
        Ok(done.rows_affected == 1)
    }

    /// Adds to the counts of a notification what its deliveries went through in this unit, tells those who watch it, and closes
    /// it when nothing is left to do.
    ///
    /// # Errors
    /// The database refused.
    pub async fn count_deliveries(
        &self,
        organization: OrgId,
        id: NotificationId,
        moved: Counts,
    ) -> Result<(), StoreError> {
        use notification::Column;
        let mut update = notification::Entity::update_many();
        let mut moved = moved;
        for state in DeliveryState::ALL {
            let many = *moved.of(state);
            if many != 0 {
                let column = count_of(state);
                update = update.col_expr(column, Expr::col(column).add(many));
            }
        }
        update.col_expr(Column::Id, Expr::value(id.0)).filter(Column::Id.eq(id.0)).exec(&self.tx).await?;
        // What something has just come to wait in, or to be under way in, is not over.
        if moved.pending <= 0 && moved.sending <= 0 {
            self.close_notification(id).await?;
        }
        self.changed(organization, Topic::Notification, &id.to_string());
        Ok(())
    }

    /// Closes a notification of which nothing waits and nothing is under way any more; false when something is.
    ///
    /// # Errors
    /// The database refused.
    pub async fn close_notification(&self, id: NotificationId) -> Result<bool, StoreError> {
        use notification::Column;
        let cancelled = NotificationState::Cancelled.name();
        let over = Expr::case(Expr::col(Column::State).eq(cancelled), cancelled)
            .finally(NotificationState::Done.name());
        let spread = [NotificationState::Sending.name(), cancelled];
        let done = notification::Entity::update_many()
            .col_expr(Column::State, over.into())
            .col_expr(Column::Open, Expr::value(false))
            .col_expr(Column::FinishedAt, Expr::value(self.now().0))
            .filter(Column::Id.eq(id.0))
            .filter(by_key_only(Column::Open, true))
            .filter(Column::Pending.eq(0))
            .filter(Column::Sending.eq(0))
            .filter(Column::State.is_in(spread).or(Column::Stopped.is_not_null()))
            .exec(&self.tx)
            .await?;
        Ok(done.rows_affected == 1)
    }

    /// Tells those who watch open notifications of an outbox that they wait, or go on; some of them, if there are very many.
    ///
    /// # Errors
    /// The database refused.
    pub async fn tell_open(&self, outbox: Outbox) -> Result<(), StoreError> {
        use notification::Column;
        let open: Vec<(Uuid, Uuid)> = notification::Entity::find()
            .select_only()
            .columns([Column::Id, Column::OrgId])
            .filter(Column::OutboxId.eq(outbox.0))
            .filter(Column::Open.eq(true))
            .filter(Column::SendAt.lte(self.now().0))
            .order_by_desc(Column::Id)
            .limit(TOLD)
            .into_tuple()
            .all(&self.tx)
            .await?;
        for (id, organization) in open {
            self.changed(OrgId(organization), Topic::Notification, &NotificationId(id).to_string());
        }
        Ok(())
    }

    /// Opens a notification again that has something to send after all.
    ///
    /// # Errors
    /// The database refused.
    pub async fn reopen_notification(&self, id: NotificationId) -> Result<(), StoreError> {
        use notification::Column;
        notification::Entity::update_many()
            .col_expr(Column::Open, Expr::value(true))
            .col_expr(Column::FinishedAt, Expr::value(None::<i64>))
            .col_expr(Column::State, Expr::value(NotificationState::Sending.name()))
            .filter(Column::Id.eq(id.0))
            .filter(Column::State.eq(NotificationState::Done.name()))
            .exec(&self.tx)
            .await?;
        Ok(())
    }
}

/// What waits of it is sent: nobody stopped it, or it only is not spread any further.
pub(super) fn goes_on() -> Condition {
    use notification::Column::Stopped;
    Condition::any().add(Stopped.is_null()).add(Stopped.eq(Stop::Restored.name()))
}

/// The column that counts a state.
fn count_of(state: DeliveryState) -> notification::Column {
    use notification::Column;
    match state {
        DeliveryState::Pending => Column::Pending,
        DeliveryState::Sending => Column::Sending,
        DeliveryState::Sent => Column::Sent,
        DeliveryState::Delivered => Column::Delivered,
        DeliveryState::Rejected => Column::Rejected,
        DeliveryState::Skipped => Column::Skipped,
        DeliveryState::Failed => Column::Failed,
        DeliveryState::Uncertain => Column::Uncertain,
    }
}
