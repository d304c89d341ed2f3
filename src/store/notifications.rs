//! Notifications: the orders, how far they are, and what stops them.

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, ExprTrait, QueryFilter, QueryOrder,
    QuerySelect,
};
use uuid::Uuid;

use entities::notification;

use crate::domain::clock::Millis;
use crate::domain::ids::{AppId, NotificationId, OrgId};
use crate::domain::notification::{
    Audience, Channel, Counts, Notification, NotificationState, Outbox, Priority, Stop,
};
use crate::domain::scope::OrgScope;

use super::changes::Topic;
use super::connect::Store;
use super::error::{StoreError, inconsistent};
use super::locks::by_key_only;
use super::notification_progress::goes_on;
use super::page::{Listed, Page};
use super::unit::Unit;

const TABLE: &str = "notifications";

/// An order, checked.
#[derive(Clone, Debug)]
pub struct NewNotification {
    /// Of which app.
    pub app: AppId,
    /// Which outbox it goes out by.
    pub outbox: Outbox,
    /// How it reaches people.
    pub channel: Channel,
    /// WeChat's id of the template; for inboxes a word for the client, if any.
    pub template: Option<String>,
    /// The fields, as a JSON object of texts.
    pub data: String,
    /// What a tap opens.
    pub url: Option<String>,
    /// Who is told.
    pub audience: Audience,
    /// What goes first.
    pub priority: Priority,
    /// Not before; at once when none.
    pub send_at: Option<Millis>,
    /// Not after.
    pub expires_at: Option<Millis>,
    /// The key that orders it.
    pub created_by: String,
}

impl Store {
    /// A notification of the scope's organization.
    ///
    /// # Errors
    /// The database is away, or the row makes no sense.
    pub async fn notification(
        &self,
        scope: OrgScope,
        id: NotificationId,
    ) -> Result<Option<Notification>, StoreError> {
        let row = notification::Entity::find_by_id(id.0)
            .filter(notification::Column::OrgId.eq(scope.organization().0))
            .one(&self.readers)
            .await?;
        row.map(read).transpose()
    }

    /// Whose a notification is; only to find out whether a key may see it.
    ///
    /// # Errors
    /// The database is away.
    pub async fn organization_of_notification(
        &self,
        id: NotificationId,
    ) -> Result<Option<OrgId>, StoreError> {
        let found: Option<Uuid> = notification::Entity::find_by_id(id.0)
            .select_only()
            .column(notification::Column::OrgId)
            .into_tuple()
            .one(&self.readers)
            .await?;
        Ok(found.map(OrgId))
    }

    /// The notifications of an app, the oldest in front; those in one state only when one is given.
    ///
    /// # Errors
    /// The database is away, or a row makes no sense.
    pub async fn notifications(
        &self,
        scope: OrgScope,
        app: AppId,
        state: Option<NotificationState>,
        page: Page,
    ) -> Result<Listed<Notification>, StoreError> {
        use notification::Column;
        let mut query = notification::Entity::find()
            .filter(Column::OrgId.eq(scope.organization().0))
            .filter(Column::AppId.eq(app.0));
        if let Some(state) = state {
            query = query.filter(Column::State.eq(state.name()));
        }
        let rows = page.of(query, Column::Id).all(&self.readers).await?;
        page.cut(rows, |row| row.id, read).sound()
    }

    /// Outboxes with something to do at this instant, and whose they are.
    ///
    /// # Errors
    /// The database is away.
    pub async fn outboxes_with_work(&self, now: Millis) -> Result<Vec<(Outbox, OrgId)>, StoreError> {
        use notification::Column;
        let rows: Vec<(Uuid, Uuid)> = notification::Entity::find()
            .select_only()
            .column(Column::OutboxId)
            .column(Column::OrgId)
            .distinct()
            .filter(Column::Open.eq(true))
            .filter(Column::SendAt.lte(now.0))
            .into_tuple()
            .all(&self.readers)
            .await?;
        Ok(rows.into_iter().map(|(outbox, organization)| (Outbox(outbox), OrgId(organization))).collect())
    }

    /// Open notifications of an outbox that are due and not yet spread over their audience, or stopped with some of it waiting;
    /// or too late; the first in their order in front, without those that make no sense to this node.
    ///
    /// # Errors
    /// The database is away, or a row makes no sense.
    pub async fn notifications_to_spread(
        &self,
        outbox: Outbox,
        now: Millis,
        limit: u64,
    ) -> Result<Vec<Notification>, StoreError> {
        use notification::Column;
        let unspread = [NotificationState::Queued.name(), NotificationState::Expanding.name()];
        let rows = notification::Entity::find()
            .filter(Column::OutboxId.eq(outbox.0))
            .filter(Column::Open.eq(true))
            .filter(Column::SendAt.lte(now.0))
            .filter(
                Column::State
                    .is_in(unspread)
                    .or(Column::Stopped.is_not_null().and(Column::Stopped.ne(Stop::Restored.name())))
                    .or(Column::ExpiresAt.lte(now.0)),
            )
            .order_by_asc(Column::Lane)
            .order_by_asc(Column::Id)
            .limit(limit)
            .all(&self.readers)
            .await?;
        Ok(rows.into_iter().filter_map(sound).collect())
    }
}

impl Unit {
    /// Stores an order.
    ///
    /// # Errors
    /// The database refused.
    pub async fn create_notification(
        &self,
        scope: OrgScope,
        new: &NewNotification,
    ) -> Result<Notification, StoreError> {
        let now = self.now();
        let row = notification::ActiveModel {
            id: Set(NotificationId::generate(&*self.tools.clock, &*self.tools.entropy).0),
            org_id: Set(scope.organization().0),
            app_id: Set(new.app.0),
            outbox_id: Set(new.outbox.0),
            channel: Set(new.channel.name().into()),
            template_id: Set(new.template.clone()),
            data: Set(new.data.clone()),
            url: Set(new.url.clone()),
            audience: Set(written(&new.audience)?),
            lane: Set(new.priority.lane()),
            state: Set(NotificationState::Queued.name().into()),
            stopped: Set(None),
            open: Set(true),
            send_at: Set(new.send_at.unwrap_or(now).0),
            expires_at: Set(new.expires_at.map(|at| at.0)),
            position: Set(None),
            pending: Set(0),
            sending: Set(0),
            sent: Set(0),
            delivered: Set(0),
            rejected: Set(0),
            skipped: Set(0),
            failed: Set(0),
            uncertain: Set(0),
            created_by: Set(new.created_by.clone()),
            created_at: Set(now.0),
            finished_at: Set(None),
        };
        read(row.insert(&self.tx).await?)
    }

    /// A notification of the scope's organization, as this unit sees it.
    ///
    /// # Errors
    /// The database is away, or the row makes no sense.
    pub async fn notification(
        &self,
        scope: OrgScope,
        id: NotificationId,
    ) -> Result<Option<Notification>, StoreError> {
        let row = notification::Entity::find_by_id(id.0)
            .filter(notification::Column::OrgId.eq(scope.organization().0))
            .one(&self.tx)
            .await?;
        row.map(read).transpose()
    }

    /// The notifications with these ids, as this unit sees them, without those that make no sense to this node.
    ///
    /// # Errors
    /// The database is away, or a row makes no sense.
    pub async fn notifications(&self, ids: &[NotificationId]) -> Result<Vec<Notification>, StoreError> {
        let ids = ids.iter().map(|id| id.0);
        let rows =
            notification::Entity::find().filter(notification::Column::Id.is_in(ids)).all(&self.tx).await?;
        Ok(rows.into_iter().filter_map(sound).collect())
    }

    /// Holds a notification that nobody called off or stopped until this unit ends; false when there is none, or one of which
    /// nothing is sent any more.
    ///
    /// # Errors
    /// The database refused.
    pub async fn hold_notification(&self, scope: OrgScope, id: NotificationId) -> Result<bool, StoreError> {
        use notification::Column;
        let held = notification::Entity::update_many()
            .col_expr(Column::OrgId, Expr::value(scope.organization().0))
            .filter(Column::Id.eq(id.0))
            .filter(by_key_only(Column::OrgId, scope.organization().0))
            .filter(Column::State.ne(NotificationState::Cancelled.name()))
            .filter(goes_on())
            .exec(&self.tx)
            .await?;
        Ok(held.rows_affected == 1)
    }

    /// Calls a notification off; false when it is over already. What waits is ended by its dispatcher.
    ///
    /// # Errors
    /// The database refused.
    pub async fn cancel_notification(&self, scope: OrgScope, id: NotificationId) -> Result<bool, StoreError> {
        use notification::Column;
        let over = [NotificationState::Done.name(), NotificationState::Cancelled.name()];
        let done = notification::Entity::update_many()
            .col_expr(Column::State, Expr::value(NotificationState::Cancelled.name()))
            .col_expr(Column::Stopped, Expr::value(Stop::Cancelled.name()))
            .filter(Column::Id.eq(id.0))
            .filter(by_key_only(Column::OrgId, scope.organization().0))
            .filter(Column::State.is_not_in(over))
            .filter(goes_on())
            .exec(&self.tx)
            .await?;
        if done.rows_affected == 0 {
            return Ok(false);
        }
        // What has no deliveries yet is over; the others are ended by its dispatcher.
        self.close_notification(id).await?;
        self.changed(scope.organization(), Topic::Notification, &id.to_string());
        Ok(true)
    }
}

/// An audience as it stands in a row.
pub(super) fn written(audience: &Audience) -> Result<String, StoreError> {
    serde_json::to_string(audience).map_err(|_| inconsistent(TABLE, "audience", "a new one"))
}

/// Reads a row; one that makes no sense is told of and left out, so that it holds nothing else up.
fn sound(row: notification::Model) -> Option<Notification> {
    match read(row) {
        Ok(notification) => Some(notification),
        Err(error) => {
            tracing::error!(error = %error, "a notification makes no sense");
            None
        }
    }
}

/// Reads a row.
pub(super) fn read(row: notification::Model) -> Result<Notification, StoreError> {
    let id = NotificationId(row.id);
    let broken = |column| inconsistent(TABLE, column, id);
    let stopped = match &row.stopped {
        Some(word) => Some(Stop::from_name(word).ok_or_else(|| broken("stopped"))?),
        None => None,
    };
    Ok(Notification {
        id,
        organization: OrgId(row.org_id),
        app: AppId(row.app_id),
        outbox: Outbox(row.outbox_id),
        channel: Channel::from_name(&row.channel).ok_or_else(|| broken("channel"))?,
        template: row.template_id,
        data: row.data,
        url: row.url,
        audience: serde_json::from_str(&row.audience).map_err(|_| broken("audience"))?,
        priority: Priority::from_lane(row.lane).ok_or_else(|| broken("lane"))?,
        state: NotificationState::from_name(&row.state).ok_or_else(|| broken("state"))?,
        stopped,
        send_at: Millis(row.send_at),
        expires_at: row.expires_at.map(Millis),
        position: row.position,
        counts: Counts {
            pending: row.pending,
            sending: row.sending,
            sent: row.sent,
            delivered: row.delivered,
            rejected: row.rejected,
            skipped: row.skipped,
            failed: row.failed,
            uncertain: row.uncertain,
        },
        created_by: row.created_by,
        created_at: Millis(row.created_at),
        finished_at: row.finished_at.map(Millis),
    })
}
