//! The deliveries of a page of an audience, many in one statement.

use std::collections::HashSet;

use sea_orm::{
    ActiveValue::{NotSet, Set},
    ConnectionTrait, EntityTrait, QueryTrait, Statement, TryInsertResult,
};
use uuid::Uuid;

use entities::delivery;

use crate::domain::delivery::{DeliveryState, skipped};
use crate::domain::ids::new_uuid;
use crate::domain::notification::{Audience, Counts, Notification};
use crate::domain::service_account::ServiceAccount;

use super::error::StoreError;
use super::spreading::Recipient;
use super::unit::Unit;

/// Rows in one statement: well below what every database takes as parameters.
const ROWS: usize = 500;

/// Somebody, and why nothing can be sent to them.
type Sorted<'r> = (&'r Recipient, Option<&'static str>);

/// Rows that are ready to be written.
struct Insert {
    statement: Statement,
    state: DeliveryState,
    ids: Vec<Uuid>,
}

impl Unit {
    /// Makes the deliveries of some people, who are counted as waiting, or as skipped where it is known that they cannot be
    /// reached. Who has one in this notification gets no second one.
    ///
    /// # Errors
    /// The database refused.
    pub async fn add_deliveries(
        &self,
        notification: &Notification,
        account: &ServiceAccount,
        people: &[Recipient],
    ) -> Result<Counts, StoreError> {
        let mut away = HashSet::new();
        // Followers were read as such by this unit.
        if !matches!(notification.audience, Audience::Followers(_)) {
            for some in people.chunks(ROWS) {
                let openids = some.iter().filter_map(|one| one.openid.as_deref()).collect();
                away.extend(self.known_away(account.id, openids).await?);
            }
        }
        let (waiting, unreachable): (Vec<_>, Vec<_>) =
            people.iter().map(|one| (one, reason(one, &away))).partition(|(_, reason)| reason.is_none());
        let mut inserts = [(DeliveryState::Pending, &waiting), (DeliveryState::Skipped, &unreachable)]
            .into_iter()
            .flat_map(|(state, rows)| rows.chunks(ROWS).map(move |some| (state, some)))
            .map(|(state, some)| self.insert_of(notification, state, some));
        let mut counts = Counts::default();
        let mut next = inserts.next();
        while let Some(insert) = next {
            // While the database writes, the next statement is made.
            let (added, following) = tokio::join!(self.insert(insert), async { inserts.next() });
            let (state, many) = added?;
            counts.went(None, state, i32::try_from(many).unwrap_or(i32::MAX));
            next = following;
        }
        Ok(counts)
    }

    async fn insert(&self, insert: Insert) -> Result<(DeliveryState, u64), StoreError> {
        let done = self.tx.execute_raw(insert.statement).await?.rows_affected();
        let key = (delivery::Column::Id, insert.ids);
        Ok((insert.state, self.added::<delivery::Entity>(TryInsertResult::Inserted(done), key).await?))
    }

    fn insert_of(&self, notification: &Notification, state: DeliveryState, some: &[Sorted<'_>]) -> Insert {
        use delivery::Column;
        let now = self.now().0;
        // In their order, so that every index by them only grows at its end.
        let mut ids: Vec<Uuid> =
            some.iter().map(|_| new_uuid(&*self.tools.clock, &*self.tools.entropy)).collect();
        ids.sort_unstable();
        let rows = some.iter().zip(&ids).map(|((one, reason), id)| delivery::ActiveModel {
            id: Set(*id),
            created_at: Set(now),
            due_at: Set(now),
            reason: reason.map_or(NotSet, |reason| Set(Some(reason.to_owned()))),
            finished_at: reason.map_or(NotSet, |_| Set(Some(now))),
            ..row(notification, one, state)
        });
        let key = [Column::NotificationId, Column::Recipient, Column::Again];
        let insert = delivery::Entity::insert_many(rows).on_conflict_do_nothing_on(key);
        Insert { statement: insert.build(self.tx.get_database_backend()), state, ids }
    }
}

fn reason(one: &Recipient, away: &HashSet<String>) -> Option<&'static str> {
    match &one.openid {
        None => Some(skipped::NO_WECHAT),
        Some(openid) if away.contains(openid) => Some(skipped::NOT_FOLLOWING),
        Some(_) => None,
    }
}

/// What is not said here is nothing yet, and no part of the statement.
fn row(notification: &Notification, one: &Recipient, state: DeliveryState) -> delivery::ActiveModel {
    let user = || one.user.map(|user| user.to_string());
    delivery::ActiveModel {
        org_id: Set(notification.organization.0),
        notification_id: Set(notification.id.0),
        outbox_id: Set(notification.outbox.0),
        app_id: Set(notification.app.0),
        lane: Set(notification.priority.lane()),
        recipient: Set(one.openid.clone().or_else(user).unwrap_or_default()),
        user_id: one.user.map_or(NotSet, |user| Set(Some(user.0))),
        openid: Set(one.openid.clone()),
        state: Set(state.name().into()),
        attempts: Set(0),
        fence: Set(0),
        again: Set(0),
        ..Default::default()
    }
}
