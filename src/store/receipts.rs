//! Receipts: what WeChat told of messages that it had taken. Each is kept as it comes, and entered at its delivery by the
//! dispatcher, many at once; it may have come before the answer to the send, so one that fits nothing yet waits.

use std::collections::HashMap;
use std::time::Duration;

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use entities::{delivery, receipt};

use crate::domain::clock::Millis;
use crate::domain::delivery::DeliveryState;
use crate::domain::ids::{NotificationId, OrgId, ServiceAccountId, new_uuid};
use crate::domain::notification::Outbox;

use super::connect::Store;
use super::dispatch::Moves;
use super::error::StoreError;
use super::outboxes::Lease;
use super::unit::Unit;

/// A receipt that fits nothing is looked at again after this, doubled each time.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// How often it is looked at: for about an hour.
const LOOKS: i32 = 12;
/// Without WeChat's number a receipt fits what was sent to its person so long before or after.
const ABOUT_THEN: Duration = Duration::from_secs(10);

/// What a receipt says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Ended {
    /// `delivered` or `rejected`.
    pub state: DeliveryState,
    /// Why it was rejected.
    pub reason: Option<&'static str>,
}

/// A receipt as it comes.
#[derive(Clone, Debug)]
pub struct NewReceipt<'a> {
    /// Whose message it was.
    pub openid: &'a str,
    /// WeChat's number of the message; 0 has been seen.
    pub msgid: i64,
    /// Its word in rows, which the dispatcher reads.
    pub status: &'a str,
    /// When the message came to its end.
    pub happened_at: Millis,
}

impl Store {
    /// Whether receipts of an outbox wait to be entered.
    ///
    /// # Errors
    /// The database is away.
    pub async fn has_receipts(&self, outbox: Outbox, now: Millis) -> Result<bool, StoreError> {
        let found: Option<Uuid> = due(outbox, now)
            .select_only()
            .column(receipt::Column::Id)
            .limit(1)
            .into_tuple()
            .one(&self.readers)
            .await?;
        Ok(found.is_some())
    }

    /// Outboxes with receipts to enter, and whose they are.
    ///
    /// # Errors
    /// The database is away.
    pub async fn outboxes_with_receipts(&self, now: Millis) -> Result<Vec<(Outbox, OrgId)>, StoreError> {
        use receipt::Column;
        let rows: Vec<(Uuid, Uuid)> = receipt::Entity::find()
            .select_only()
            .column(Column::ServiceAccountId)
            .column(Column::OrgId)
            .distinct()
            .filter(Column::DueAt.lte(now.0))
            .into_tuple()
            .all(&self.readers)
            .await?;
        Ok(rows.into_iter().map(|(outbox, organization)| (Outbox(outbox), OrgId(organization))).collect())
    }
}

impl Unit {
    /// Keeps a receipt until it is entered.
    ///
    /// # Errors
    /// The database refused.
    pub async fn keep_receipt(
        &self,
        organization: OrgId,
        account: ServiceAccountId,
        new: &NewReceipt<'_>,
    ) -> Result<(), StoreError> {
        let row = receipt::ActiveModel {
            id: Set(new_uuid(&*self.tools.clock, &*self.tools.entropy)),
            org_id: Set(organization.0),
            service_account_id: Set(account.0),
            openid: Set(new.openid.into()),
            msgid: Set(new.msgid),
            status: Set(new.status.into()),
            happened_at: Set(new.happened_at.0),
            due_at: Set(self.now().0),
            tries: Set(0),
        };
        row.insert(&self.tx).await?;
        Ok(())
    }

    /// Enters receipts of an outbox at their deliveries, at most `limit`; gives how many were looked at.
    ///
    /// # Errors
    /// The database refused.
    pub async fn enter_receipts(
        &self,
        lease: &Lease,
        limit: u64,
        read: impl Fn(&str) -> Ended,
        moves: &mut Moves,
    ) -> Result<usize, StoreError> {
        use receipt::Column;
        let rows =
            due(lease.outbox, self.now()).order_by_asc(Column::DueAt).limit(limit).all(&self.tx).await?;
        let mut fitting = self.by_number(lease.outbox, &rows).await?;
        let (mut entered, mut waiting) = (Vec::new(), Vec::new());
        for row in &rows {
            let found = match fitting.remove(&row.msgid) {
                None if row.msgid == 0 => self.by_person(lease.outbox, row).await?,
                found => found,
            };
            match found {
                Some(message) => {
                    self.enter(&message, read(&row.status), moves).await?;
                    entered.push(row.id);
                }
                None if row.tries >= LOOKS => entered.push(row.id),
                None => waiting.push(row),
            }
        }
        if !entered.is_empty() {
            receipt::Entity::delete_many().filter(Column::Id.is_in(entered)).exec(&self.tx).await?;
        }
        for row in waiting {
            let wait = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(u32::try_from(row.tries).unwrap_or(0)));
            receipt::Entity::update_many()
                .col_expr(Column::Tries, Expr::col(Column::Tries).add(1))
                .col_expr(Column::DueAt, Expr::value(self.now().plus(wait).0))
                .filter(Column::Id.eq(row.id))
                .exec(&self.tx)
                .await?;
        }
        Ok(rows.len())
    }

    async fn by_number(
        &self,
        outbox: Outbox,
        rows: &[receipt::Model],
    ) -> Result<HashMap<i64, delivery::Model>, StoreError> {
        let numbers: Vec<i64> = rows.iter().map(|row| row.msgid).filter(|&msgid| msgid != 0).collect();
        if numbers.is_empty() {
            return Ok(HashMap::new());
        }
        let found = delivery::Entity::find()
            .filter(delivery::Column::OutboxId.eq(outbox.0))
            .filter(delivery::Column::Msgid.is_in(numbers))
            .all(&self.tx)
            .await?;
        Ok(found.into_iter().filter_map(|row| Some((row.msgid?, row))).collect())
    }

    /// The one message that was sent to this person about then; none if there were several.
    async fn by_person(
        &self,
        outbox: Outbox,
        row: &receipt::Model,
    ) -> Result<Option<delivery::Model>, StoreError> {
        use delivery::Column;
        let then = Millis(row.happened_at);
        let mut found = delivery::Entity::find()
            .filter(Column::OutboxId.eq(outbox.0))
            .filter(Column::Openid.eq(row.openid.as_str()))
            .filter(Column::SentAt.between(then.minus(ABOUT_THEN).0, then.plus(ABOUT_THEN).0))
            .limit(2)
            .all(&self.tx)
            .await?;
        Ok(found.pop().filter(|_| found.is_empty()))
    }

    /// A repeat, and one that says something else later, change nothing: the first receipt counts.
    async fn enter(
        &self,
        message: &delivery::Model,
        ended: Ended,
        moves: &mut Moves,
    ) -> Result<(), StoreError> {
        use delivery::Column;
        let done = delivery::Entity::update_many()
            .col_expr(Column::State, Expr::value(ended.state.name()))
            .col_expr(Column::Reason, Expr::value(ended.reason))
            .col_expr(Column::FinishedAt, Expr::value(self.now().0))
            .filter(Column::Id.eq(message.id))
            .filter(Column::State.eq(DeliveryState::Sent.name()))
            .exec(&self.tx)
            .await?;
        if done.rows_affected == 1 {
            let counts = moves.entry(NotificationId(message.notification_id)).or_default();
            counts.went(Some(DeliveryState::Sent), ended.state, 1);
        }
        Ok(())
    }
}

fn due(outbox: Outbox, now: Millis) -> sea_orm::Select<receipt::Entity> {
    receipt::Entity::find()
        .filter(receipt::Column::ServiceAccountId.eq(outbox.0))
        .filter(receipt::Column::DueAt.lte(now.0))
}
