//! Notifications of a backup that was put back. WeChat knows nothing of backups: whatever was due may have been sent since, also to
//! people whose deliveries the backup does not have. A delivery made anew would have another `client_msg_id`, which WeChat takes
//! for another message; so nobody is added, and what was due waits for a person.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ColumnTrait, Condition, EntityTrait, ExprTrait, PaginatorTrait, QueryFilter, QueryOrder, QuerySelect,
    QueryTrait, Select,
};
use uuid::Uuid;

use entities::{delivery, notification};

use crate::domain::clock::Millis;
use crate::domain::delivery::{DeliveryState, skipped};
use crate::domain::ids::{NotificationId, OrgId};
use crate::domain::notification::{Channel, Counts, NotificationState, Stop};

use super::changes::Topic;
use super::connect::Store;
use super::error::StoreError;
use super::notification_progress::goes_on;
use super::restored::{How, Restored, Restoring};
use super::unit::Unit;

/// Rows read or changed at once.
const PAGE: u64 = 500;

impl Store {
    pub(super) async fn settle_notifications(
        &self,
        restoring: &Restoring,
        now: Millis,
        found: &mut Restored,
    ) -> Result<(), StoreError> {
        if restoring.how == How::Look {
            found.stopped = begun(now).filter(unspread()).count(&self.readers).await?;
            let theirs = begun(now).select_only().column(notification::Column::Id).into_query();
            let deliveries = delivery::Entity::find()
                .filter(delivery::Column::NotificationId.in_subquery(theirs))
                .filter(perhaps_sent(now));
            found.uncertain = deliveries.count(&self.readers).await?;
        } else {
            for (id, organization) in self.of_each_page(|| begun(now)).await? {
                self.settle_notification((organization, id), now, found).await?;
            }
        }
        if !restoring.follow_wait.is_zero() {
            let since = now.minus(restoring.follow_wait);
            found.closed_to_followers = self.close_to_followers(restoring.how, since).await?;
        }
        Ok(())
    }

    /// The ids of all notifications of a query, and whose they are; read in pages.
    async fn of_each_page(
        &self,
        query: impl Fn() -> Select<notification::Entity>,
    ) -> Result<Vec<(NotificationId, OrgId)>, StoreError> {
        use notification::Column;
        let (mut all, mut after) = (Vec::new(), Uuid::nil());
        loop {
            let page: Vec<(Uuid, Uuid)> = query()
                .select_only()
                .columns([Column::Id, Column::OrgId])
                .filter(Column::Id.gt(after))
                .order_by_asc(Column::Id)
                .limit(PAGE)
                .into_tuple()
                .all(&self.readers)
                .await?;
            let Some((last, _)) = page.last() else { return Ok(all) };
            after = *last;
            all.extend(page.into_iter().map(|(id, organization)| (NotificationId(id), OrgId(organization))));
        }
    }

    /// Stops spreading one, and doubts what was due of it, a page in a unit.
    async fn settle_notification(
        &self,
        (organization, id): (OrgId, NotificationId),
        now: Millis,
        found: &mut Restored,
    ) -> Result<(), StoreError> {
        loop {
            let unit = self.begin().await?;
            let stopped = unit.stop_spreading(id).await?;
            let (counts, doubted) = unit.doubt_what_was_due(id, now).await?;
            if !stopped && doubted == 0 {
                return Ok(());
            }
            unit.count_deliveries(organization, id, counts).await?;
            unit.commit().await?;
            found.stopped += u64::from(stopped);
            found.uncertain += doubted;
        }
    }

    /// Who did not follow may have come to follow since, and been sent what waited for them: it is not sent when they are seen to.
    async fn close_to_followers(&self, how: How, since: Millis) -> Result<u64, StoreError> {
        let mut closed = 0;
        for (id, organization) in self.of_each_page(with_skipped).await? {
            let waits = delivery::Entity::find()
                .filter(delivery::Column::NotificationId.eq(id.0))
                .filter(delivery::Column::State.eq(DeliveryState::Skipped.name()))
                .filter(delivery::Column::Reason.eq(skipped::NOT_FOLLOWING))
                .filter(delivery::Column::FinishedAt.gte(since.0))
                .select_only()
                .column(delivery::Column::Id)
                .limit(1)
                .into_tuple::<Uuid>();
            if waits.one(&self.readers).await?.is_none() {
                continue;
            }
            closed += match how {
                How::Look => 1,
                How::Settle => {
                    let unit = self.begin().await?;
                    let update = notification::Entity::update_many()
                        .col_expr(notification::Column::Stopped, Expr::value(Stop::Restored.name()))
                        .filter(notification::Column::Id.eq(id.0))
                        .filter(notification::Column::Stopped.is_null());
                    let done = update.exec(&unit.tx).await?.rows_affected;
                    unit.changed(organization, Topic::Notification, &id.to_string());
                    unit.commit().await?;
                    done
                }
            };
        }
        Ok(closed)
    }
}

impl Unit {
    /// Adds nobody to a notification any more; false when everybody was added before.
    async fn stop_spreading(&self, id: NotificationId) -> Result<bool, StoreError> {
        use notification::Column;
        let done = notification::Entity::update_many()
            .col_expr(Column::State, Expr::value(NotificationState::Sending.name()))
            .col_expr(Column::Stopped, Expr::value(Stop::Restored.name()))
            .filter(Column::Id.eq(id.0))
            .filter(unspread())
            .exec(&self.tx)
            .await?;
        Ok(done.rows_affected == 1)
    }

    /// Makes a page of deliveries uncertain that may have been sent; gives what that does to the counts, and how many they are.
    async fn doubt_what_was_due(
        &self,
        notification: NotificationId,
        now: Millis,
    ) -> Result<(Counts, u64), StoreError> {
        use delivery::Column;
        let (mut counts, mut doubted) = (Counts::default(), 0);
        for state in [DeliveryState::Pending, DeliveryState::Sending] {
            let which = || perhaps_sent(now).add(Column::State.eq(state.name()));
            let ids: Vec<Uuid> = delivery::Entity::find()
                .select_only()
                .column(Column::Id)
                .filter(Column::NotificationId.eq(notification.0))
                .filter(which())
                .limit(PAGE)
                .into_tuple()
                .all(&self.tx)
                .await?;
            if ids.is_empty() {
                continue;
            }
            let update = delivery::Entity::update_many()
                .col_expr(Column::State, Expr::value(DeliveryState::Uncertain.name()))
                .col_expr(Column::Reason, Expr::value(Stop::Restored.name()))
                .col_expr(Column::FinishedAt, Expr::value(now.0))
                .filter(Column::Id.is_in(ids))
                .filter(which());
            let many = update.exec(&self.tx).await?.rows_affected;
            counts.went(Some(state), DeliveryState::Uncertain, i32::try_from(many).unwrap_or(i32::MAX));
            doubted += many;
        }
        Ok((counts, doubted))
    }
}

/// Notifications to followers that had begun, and of which something is sent still.
fn begun(now: Millis) -> Select<notification::Entity> {
    use notification::Column;
    notification::Entity::find()
        .filter(Column::Open.eq(true))
        .filter(Column::Channel.eq(Channel::Wechat.name()))
        .filter(Column::SendAt.lte(now.0))
        .filter(goes_on())
}

/// Those that are not yet spread over all of their audience.
fn unspread() -> Condition {
    use notification::Column;
    let states = [NotificationState::Queued.name(), NotificationState::Expanding.name()];
    Condition::all().add(Column::State.is_in(states)).add(Column::Stopped.is_null())
}

/// Those of which something may wait for people to follow.
fn with_skipped() -> Select<notification::Entity> {
    use notification::Column;
    notification::Entity::find()
        .filter(Column::Channel.eq(Channel::Wechat.name()))
        .filter(Column::Skipped.gt(0))
        .filter(Column::Stopped.is_null())
        .filter(Column::State.ne(NotificationState::Cancelled.name()))
}

/// Deliveries that were being sent, or due: one that is to be tried later was not tried before its time, whatever happened since.
fn perhaps_sent(now: Millis) -> Condition {
    use delivery::Column;
    let due = Column::State.eq(DeliveryState::Pending.name()).and(Column::DueAt.lte(now.0));
    Condition::all().add(due.or(Column::State.eq(DeliveryState::Sending.name())))
}
