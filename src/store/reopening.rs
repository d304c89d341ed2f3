//! What was not sent to somebody for not following, and is sent after all.

use std::collections::BTreeMap;

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QuerySelect, Select};
use uuid::Uuid;

use entities::{delivery, notification};

use crate::domain::clock::Millis;
use crate::domain::delivery::{DeliveryState, skipped};
use crate::domain::ids::{NotificationId, OrgId, ServiceAccountId};
use crate::domain::notification::{Counts, NotificationState};

use super::error::StoreError;
use super::locks::by_key_only;
use super::unit::Unit;

impl Unit {
    /// Has what was skipped since then be sent after all to somebody who follows now, and gives how many messages that are.
    /// What was called off, stopped or has expired meanwhile stays as it is.
    ///
    /// # Errors
    /// The database refused.
    pub async fn reopen_for_follower(
        &self,
        organization: OrgId,
        account: ServiceAccountId,
        openid: &str,
        since: Millis,
    ) -> Result<u64, StoreError> {
        use delivery::Column;
        let now = self.now();
        let waiting = missed(account, since)
            .filter(Column::OrgId.eq(organization.0))
            .filter(Column::Recipient.eq(openid));
        let held: Vec<(Uuid, Uuid)> = waiting
            .select_only()
            .column(Column::Id)
            .column(Column::NotificationId)
            .lock_exclusive()
            .into_tuple()
            .all(&self.tx)
            .await?;
        let mut of_notification: BTreeMap<Uuid, Vec<Uuid>> = BTreeMap::new();
        for (id, notification) in held {
            of_notification.entry(notification).or_default().push(id);
        }
        let mut reopened = 0;
        for (notification, deliveries) in of_notification {
            if !self.goes_on(notification, now).await? {
                continue;
            }
            let done = delivery::Entity::update_many()
                .col_expr(Column::State, Expr::value(DeliveryState::Pending.name()))
                .col_expr(Column::Reason, Expr::value(None::<String>))
                .col_expr(Column::Errcode, Expr::value(None::<i64>))
                .col_expr(Column::FinishedAt, Expr::value(None::<i64>))
                .col_expr(Column::DueAt, Expr::value(now.0))
                .filter(Column::Id.is_in(deliveries))
                .filter(Column::State.eq(DeliveryState::Skipped.name()))
                .filter(Column::Reason.eq(skipped::NOT_FOLLOWING))
                .exec(&self.tx)
                .await?
                .rows_affected;
            let mut counts = Counts::default();
            let many = i32::try_from(done).unwrap_or(i32::MAX);
            counts.went(Some(DeliveryState::Skipped), DeliveryState::Pending, many);
            let notification = NotificationId(notification);
            self.reopen_notification(notification).await?;
            self.count_deliveries(organization, notification, counts).await?;
            reopened += done;
        }
        Ok(reopened)
    }

    /// Those among these people to whom something was not sent for not following, since then.
    ///
    /// # Errors
    /// The database is away.
    pub async fn who_missed(
        &self,
        account: ServiceAccountId,
        openids: &[String],
        since: Millis,
    ) -> Result<Vec<String>, StoreError> {
        if openids.is_empty() {
            return Ok(Vec::new());
        }
        Ok(missed(account, since)
            .select_only()
            .column(delivery::Column::Recipient)
            .distinct()
            .filter(delivery::Column::Recipient.is_in(openids.iter().map(String::as_str)))
            .into_tuple()
            .all(&self.tx)
            .await?)
    }

    /// Whether what waits of a notification is still to be sent; it stays so until this unit ends.
    async fn goes_on(&self, notification: Uuid, now: Millis) -> Result<bool, StoreError> {
        use notification::Column;
        let alive = notification::Entity::find_by_id(notification)
            .filter(Column::State.ne(NotificationState::Cancelled.name()))
            .filter(Column::Stopped.is_null())
            .filter(Column::ExpiresAt.is_null().or(Column::ExpiresAt.gt(now.0)))
            .select_only()
            .column(Column::Id)
            .lock_exclusive()
            .into_tuple::<Uuid>()
            .one(&self.tx)
            .await?;
        Ok(alive.is_some())
    }
}

/// What was not sent for not following, since then; asked for by person.
fn missed(account: ServiceAccountId, since: Millis) -> Select<delivery::Entity> {
    use delivery::Column;
    delivery::Entity::find()
        .filter(by_key_only(Column::OutboxId, account.0))
        .filter(by_key_only(Column::State, DeliveryState::Skipped.name()))
        .filter(Column::Reason.eq(skipped::NOT_FOLLOWING))
        .filter(Column::FinishedAt.gte(since.0))
}
