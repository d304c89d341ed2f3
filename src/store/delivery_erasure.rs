//! Taking people out of the outbox: what waits for them is not sent, and no row of it says any more who they are at WeChat.

use std::collections::{BTreeMap, HashMap};

use sea_orm::sea_query::{CaseStatement, Expr};
use sea_orm::{ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use entities::{delivery, outbox, receipt, recipient_hold, wechat_binding};

use crate::domain::delivery::{DeliveryState, skipped};
use crate::domain::ids::{AppId, DeliveryId, NotificationId, OrgId, ServiceAccountId, UserId};
use crate::domain::notification::Counts;
use crate::domain::scope::OrgScope;

use super::error::StoreError;
use super::locks::by_key_only;
use super::unit::Unit;

/// Rows written by one statement.
const ROWS: u64 = 500;

/// What was taken from deliveries so far.
#[derive(Default)]
struct Erased {
    /// What stands for a person in a notification instead of the openid, so that nobody stands twice in it.
    names: HashMap<(Uuid, String), String>,
    /// What went through which states.
    moved: BTreeMap<NotificationId, Counts>,
}

impl Unit {
    /// Holds the outboxes of an organization until this unit ends, so that nobody sends by them meanwhile, and gives their ids.
    /// A dispatcher holds its outbox before it holds people, so whoever needs both does the same.
    ///
    /// # Errors
    /// The database refused.
    pub async fn hold_outboxes(&self, organization: OrgId) -> Result<Vec<Uuid>, StoreError> {
        let held = outbox::Entity::find()
            .select_only()
            .column(outbox::Column::Id)
            .filter(outbox::Column::OrgId.eq(organization.0))
            .order_by_asc(outbox::Column::Id)
            .lock_exclusive();
        Ok(held.into_tuple().all(&self.tx).await?)
    }

    /// Ends what waits for an external user who is deleted, and takes the openids out of what was sent. Of openids that another
    /// app of the organization knows, only what this app sent.
    ///
    /// # Errors
    /// The database refused.
    pub(super) async fn erase_deliveries_of_user(
        &self,
        scope: OrgScope,
        (app, user): (AppId, UserId),
        openids: &[String],
    ) -> Result<(), StoreError> {
        use delivery::Column;
        let organization = scope.organization();
        let outboxes = self.hold_outboxes(organization).await?;
        let mut erased = Erased::default();
        let of_user = Condition::all().add(Column::UserId.eq(user.0)).add(Column::AppId.eq(app.0));
        self.erase_deliveries(&of_user, &mut erased).await?;
        if !openids.is_empty() {
            let of_openids = Condition::all()
                .add(Column::OrgId.eq(organization.0))
                .add(Column::Recipient.is_in(openids))
                .add(Column::AppId.eq(app.0));
            self.erase_deliveries(&of_openids, &mut erased).await?;
        }
        self.count_erased(organization, erased).await?;
        let elsewhere: Vec<String> = wechat_binding::Entity::find()
            .select_only()
            .column(wechat_binding::Column::Openid)
            .filter(wechat_binding::Column::OrgId.eq(organization.0))
            .filter(wechat_binding::Column::Openid.is_in(openids))
            .filter(wechat_binding::Column::UserId.ne(user.0))
            .into_tuple()
            .all(&self.tx)
            .await?;
        let alone: Vec<String> =
            openids.iter().filter(|openid| !elsewhere.contains(openid)).cloned().collect();
        self.erase_recipients(&outboxes, &alone).await
    }

    /// Ends what waits at a service account for somebody whose WeChat account is closed, and takes the openid out of what was
    /// sent.
    ///
    /// # Errors
    /// The database refused.
    pub async fn erase_deliveries_to(
        &self,
        organization: OrgId,
        account: ServiceAccountId,
        openid: &str,
    ) -> Result<(), StoreError> {
        use delivery::Column;
        self.hold_outboxes(organization).await?;
        let mut erased = Erased::default();
        let theirs = Condition::all()
            .add(by_key_only(Column::OutboxId, account.0))
            .add(Column::OrgId.eq(organization.0))
            .add(Column::Recipient.eq(openid));
        self.erase_deliveries(&theirs, &mut erased).await?;
        self.count_erased(organization, erased).await?;
        self.erase_recipients(&[account.0], &[openid.to_owned()]).await
    }

    /// Takes the openids out of deliveries, a page at a time. One that is being sent right now is settled by its id.
    async fn erase_deliveries(&self, which: &Condition, erased: &mut Erased) -> Result<(), StoreError> {
        use delivery::Column;
        loop {
            let page: Vec<(Uuid, Uuid, String, String)> = delivery::Entity::find()
                .select_only()
                .columns([Column::Id, Column::NotificationId, Column::Recipient, Column::State])
                .filter(which.clone())
                .filter(Column::Openid.is_not_null())
                .order_by_asc(Column::Id)
                .limit(ROWS)
                .lock_exclusive()
                .into_tuple()
                .all(&self.tx)
                .await?;
            if page.is_empty() {
                return Ok(());
            }
            let mut waiting: BTreeMap<Uuid, Vec<Uuid>> = BTreeMap::new();
            let (mut names, mut ids) = (CaseStatement::new(), Vec::new());
            for (id, notification, recipient, state) in page {
                // All that one person got of a notification goes on standing under one name.
                let name = erased.names.entry((notification, recipient));
                let name = name.or_insert_with(|| DeliveryId(id).to_string()).clone();
                names = names.case(Expr::col(Column::Id).eq(id), Expr::value(name));
                ids.push(id);
                if state == DeliveryState::Pending.name() {
                    waiting.entry(notification).or_default().push(id);
                }
            }
            self.end_waiting(waiting, erased).await?;
            delivery::Entity::update_many()
                .col_expr(Column::Recipient, names.finally(Expr::col(Column::Recipient)).into())
                .col_expr(Column::Openid, Expr::value(None::<String>))
                .filter(Column::Id.is_in(ids))
                .exec(&self.tx)
                .await?;
        }
    }

    async fn end_waiting(
        &self,
        waiting: BTreeMap<Uuid, Vec<Uuid>>,
        erased: &mut Erased,
    ) -> Result<(), StoreError> {
        use delivery::Column;
        for (notification, deliveries) in waiting {
            let done = delivery::Entity::update_many()
                .col_expr(Column::State, Expr::value(DeliveryState::Skipped.name()))
                .col_expr(Column::Reason, Expr::value(skipped::NO_WECHAT))
                .col_expr(Column::Errcode, Expr::value(None::<i64>))
                .col_expr(Column::UnknownSince, Expr::value(None::<i64>))
                .col_expr(Column::FinishedAt, Expr::value(self.now().0))
                .filter(Column::Id.is_in(deliveries))
                .filter(Column::State.eq(DeliveryState::Pending.name()))
                .exec(&self.tx)
                .await?;
            let many = i32::try_from(done.rows_affected).unwrap_or(i32::MAX);
            let counts = erased.moved.entry(NotificationId(notification)).or_default();
            counts.went(Some(DeliveryState::Pending), DeliveryState::Skipped, many);
        }
        Ok(())
    }

    async fn count_erased(&self, organization: OrgId, erased: Erased) -> Result<(), StoreError> {
        for (notification, counts) in erased.moved {
            self.count_deliveries(organization, notification, counts).await?;
        }
        Ok(())
    }

    /// Takes people out of what waits to be entered, and out of what is held back. A receipt with WeChat's number finds its
    /// delivery without them.
    async fn erase_recipients(&self, accounts: &[Uuid], openids: &[String]) -> Result<(), StoreError> {
        if openids.is_empty() {
            return Ok(());
        }
        let accounts = || accounts.iter().copied();
        recipient_hold::Entity::delete_many()
            .filter(recipient_hold::Column::ServiceAccountId.is_in(accounts()))
            .filter(recipient_hold::Column::Openid.is_in(openids))
            .exec(&self.tx)
            .await?;
        receipt::Entity::delete_many()
            .filter(receipt::Column::ServiceAccountId.is_in(accounts()))
            .filter(receipt::Column::Openid.is_in(openids))
            .filter(receipt::Column::Msgid.eq(0))
            .exec(&self.tx)
            .await?;
        receipt::Entity::update_many()
            .col_expr(receipt::Column::Openid, Expr::value(""))
            .filter(receipt::Column::ServiceAccountId.is_in(accounts()))
            .filter(receipt::Column::Openid.is_in(openids))
            .exec(&self.tx)
            .await?;
        Ok(())
    }
}
