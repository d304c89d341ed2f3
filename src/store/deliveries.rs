//! Deliveries: listed for backends, and repeated by order of an operator.

use std::collections::HashMap;

use sea_orm::sea_query::Query;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QuerySelect};
use uuid::Uuid;

use entities::delivery;

use crate::domain::clock::Millis;
use crate::domain::delivery::{Delivery, DeliveryState};
use crate::domain::ids::{AccountId, DeliveryId, NotificationId, OrgId, UserId};
use crate::domain::notification::Counts;
use crate::domain::scope::OrgScope;

use super::connect::Store;
use super::error::{StoreError, inconsistent};
use super::page::{Listed, Page};
use super::unit::Unit;

impl Store {
    /// The deliveries of a notification, those that came first in front; those in one state only when one is given.
    ///
    /// # Errors
    /// The database is away, or a row makes no sense.
    pub async fn deliveries(
        &self,
        scope: OrgScope,
        notification: NotificationId,
        state: Option<DeliveryState>,
        page: Page,
    ) -> Result<Listed<Delivery>, StoreError> {
        use delivery::Column;
        let mut query = delivery::Entity::find()
            .filter(Column::OrgId.eq(scope.organization().0))
            .filter(Column::NotificationId.eq(notification.0));
        if let Some(state) = state {
            query = query.filter(Column::State.eq(state.name()));
        }
        let rows = page.of(query, Column::Id).all(&self.readers).await?;
        page.cut(rows, |row| row.id, read).sound()
    }

    /// A delivery, whoever's it is, with its organization; only to find out whether a key may see it.
    ///
    /// # Errors
    /// The database is away, or the row makes no sense.
    pub async fn organization_of_delivery(&self, id: DeliveryId) -> Result<Option<OrgId>, StoreError> {
        let row = delivery::Entity::find_by_id(id.0).one(&self.readers).await?;
        Ok(row.map(|row| OrgId(row.org_id)))
    }

    /// Which deliveries of a notification were made in the place of these.
    ///
    /// # Errors
    /// The database is away.
    pub async fn repeats_of(
        &self,
        scope: OrgScope,
        notification: NotificationId,
        ids: &[DeliveryId],
    ) -> Result<HashMap<DeliveryId, DeliveryId>, StoreError> {
        use delivery::Column;
        if ids.is_empty() {
            return Ok(HashMap::new());
        }
        let ids = || ids.iter().map(|id| id.0);
        // They go to the same people: so the index of recipients finds them.
        let people = Query::select()
            .column(Column::Recipient)
            .from(delivery::Entity)
            .and_where(Column::Id.is_in(ids()))
            .to_owned();
        let rows: Vec<(Uuid, Option<Uuid>)> = delivery::Entity::find()
            .select_only()
            .columns([Column::Id, Column::ResendOf])
            .filter(Column::OrgId.eq(scope.organization().0))
            .filter(Column::NotificationId.eq(notification.0))
            .filter(Column::Recipient.in_subquery(people))
            .filter(Column::ResendOf.is_in(ids()))
            .into_tuple()
            .all(&self.readers)
            .await?;
        Ok(rows.into_iter().filter_map(|(id, old)| Some((DeliveryId(old?), DeliveryId(id)))).collect())
    }
}

impl Unit {
    /// A delivery of the scope's organization, as this unit sees it.
    ///
    /// # Errors
    /// The database is away, or the row makes no sense.
    pub async fn delivery(&self, scope: OrgScope, id: DeliveryId) -> Result<Option<Delivery>, StoreError> {
        let row = delivery::Entity::find_by_id(id.0)
            .filter(delivery::Column::OrgId.eq(scope.organization().0))
            .one(&self.tx)
            .await?;
        row.map(read).transpose()
    }

    /// Makes a new delivery in the place of one that came to a bad end, which it names.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when that was done before.
    pub async fn repeat_delivery(
        &self,
        scope: OrgScope,
        id: DeliveryId,
    ) -> Result<Option<Delivery>, StoreError> {
        let old = delivery::Entity::find_by_id(id.0)
            .filter(delivery::Column::OrgId.eq(scope.organization().0))
            .one(&self.tx)
            .await?;
        let Some(old) = old else { return Ok(None) };
        let now = self.now();
        let notification = NotificationId(old.notification_id);
        let row = delivery::ActiveModel {
            id: Set(DeliveryId::generate(&*self.tools.clock, &*self.tools.entropy).0),
            org_id: Set(old.org_id),
            notification_id: Set(old.notification_id),
            outbox_id: Set(old.outbox_id),
            app_id: Set(old.app_id),
            lane: Set(old.lane),
            recipient: Set(old.recipient),
            user_id: Set(old.user_id),
            account_id: Set(old.account_id),
            openid: Set(old.openid),
            state: Set(DeliveryState::Pending.name().into()),
            reason: Set(None),
            errcode: Set(None),
            attempts: Set(0),
            due_at: Set(now.0),
            unknown_since: Set(None),
            fence: Set(0),
            msgid: Set(None),
            again: Set(old.again + 1),
            resend_of: Set(Some(old.id)),
            created_at: Set(now.0),
            sent_at: Set(None),
            finished_at: Set(None),
        };
        let made = read(row.insert(&self.tx).await?)?;
        let mut counts = Counts::default();
        counts.went(None, DeliveryState::Pending, 1);
        self.reopen_notification(notification).await?;
        self.count_deliveries(scope.organization(), notification, counts).await?;
        Ok(Some(made))
    }
}

/// Reads a row.
pub(super) fn read(row: delivery::Model) -> Result<Delivery, StoreError> {
    let id = DeliveryId(row.id);
    Ok(Delivery {
        id,
        notification: NotificationId(row.notification_id),
        user: row.user_id.map(UserId),
        account: row.account_id.map(AccountId),
        openid: row.openid,
        state: DeliveryState::from_name(&row.state).ok_or_else(|| inconsistent("deliveries", "state", id))?,
        reason: row.reason,
        errcode: row.errcode,
        attempts: row.attempts,
        due_at: Millis(row.due_at),
        unknown_since: row.unknown_since.map(Millis),
        msgid: row.msgid,
        resend_of: row.resend_of.map(DeliveryId),
        created_at: Millis(row.created_at),
        sent_at: row.sent_at.map(Millis),
        finished_at: row.finished_at.map(Millis),
    })
}
