//! Receipts: what WeChat told of messages that it had taken. Each is kept as it comes, and entered at its delivery by the
//! dispatcher, many at once; it may have come before the answer to the send, so one that fits nothing yet waits.

use std::collections::{HashMap, HashSet};
use std::time::Duration;

use sea_orm::sea_query::{Expr, ExprTrait};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};
use uuid::Uuid;

use entities::{callback_event, delivery, receipt};

use crate::domain::clock::Millis;
use crate::domain::delivery::DeliveryState;
use crate::domain::ids::{NotificationId, OrgId, ServiceAccountId, new_uuid};
use crate::domain::notification::Outbox;

use super::connect::Store;
use super::dispatch::Moves;
use super::error::StoreError;
use super::locks::by_key_only;
use super::outboxes::Lease;
use super::unit::Unit;

/// A receipt that fits nothing is looked at again after this, doubled each time.
const FIRST_WAIT: Duration = Duration::from_secs(1);
/// How often it is looked at: for about an hour.
const LOOKS: i32 = 12;
/// Without WeChat's number a receipt fits what was sent to its person so long before or after.
const ABOUT_THEN: Duration = Duration::from_secs(10);

/// What a receipt says.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct Ended {
    /// `delivered` or `rejected`.
    pub state: DeliveryState,
    /// Why it was rejected.
    pub reason: Option<&'static str>,
}

/// A receipt as it comes.
#[derive(Clone, Debug)]
pub struct NewReceipt {
    /// Whose account sent the message.
    pub organization: OrgId,
    /// Which account.
    pub account: ServiceAccountId,
    /// The same for every repeat of the push that told it.
    pub dedup_key: String,
    /// Whose message it was.
    pub openid: String,
    /// WeChat's number of the message; 0 has been seen.
    pub msgid: i64,
    /// Its word in rows, which the dispatcher reads.
    pub status: &'static str,
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
    /// Keeps receipts until they are entered; those that were told before are left out. At most some hundreds at once.
    ///
    /// # Errors
    /// The database refused.
    pub async fn keep_receipts(&self, told: &[NewReceipt]) -> Result<(), StoreError> {
        let organizations: HashSet<Uuid> = told.iter().map(|one| one.organization.0).collect();
        let known: HashSet<(Uuid, String)> = callback_event::Entity::find()
            .select_only()
            .columns([callback_event::Column::OrgId, callback_event::Column::DedupKey])
            .filter(callback_event::Column::OrgId.is_in(organizations))
            .filter(callback_event::Column::DedupKey.is_in(told.iter().map(|one| one.dedup_key.as_str())))
            .into_tuple()
            .all(&self.tx)
            .await?
            .into_iter()
            .collect();
        let mut fresh: HashMap<(Uuid, String), &NewReceipt> = HashMap::new();
        for one in told {
            let key = (one.organization.0, one.dedup_key.clone());
            if !known.contains(&key) {
                fresh.entry(key).or_insert(one);
            }
        }
        if fresh.is_empty() {
            return Ok(());
        }
        let (now, id) = (self.now(), || new_uuid(&*self.tools.clock, &*self.tools.entropy));
        let events = fresh.values().map(|one| callback_event::ActiveModel {
            id: Set(id()),
            org_id: Set(one.organization.0),
            dedup_key: Set(one.dedup_key.clone()),
            received_at: Set(now.0),
        });
        callback_event::Entity::insert_many(events).exec_without_returning(&self.tx).await?;
        let rows = fresh.values().map(|one| receipt::ActiveModel {
            id: Set(id()),
            org_id: Set(one.organization.0),
            service_account_id: Set(one.account.0),
            openid: Set(one.openid.clone()),
            msgid: Set(one.msgid),
            status: Set(one.status.into()),
            happened_at: Set(one.happened_at.0),
            due_at: Set(now.0),
            tries: Set(0),
        });
        receipt::Entity::insert_many(rows).exec_without_returning(&self.tx).await?;
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
        let fitting = self.by_number(lease.outbox, &rows).await?;
        let mut nameless = HashMap::new();
        for row in rows.iter().filter(|row| row.msgid == 0) {
            if let Some(message) = self.by_person(lease.outbox, row).await? {
                nameless.insert(row.id, message);
            }
        }
        let (mut done, mut waiting) = (Vec::new(), HashMap::<i32, Vec<Uuid>>::new());
        let mut ends: HashMap<Ended, Vec<&delivery::Model>> = HashMap::new();
        let mut seen = HashSet::new();
        for row in &rows {
            let message = match fitting.get(&row.msgid) {
                None => nameless.get(&row.id),
                found => found,
            };
            match message {
                // A repeat, and one that says something else later, change nothing: the first receipt counts.
                Some(message) => {
                    if message.state == DeliveryState::Sent.name() && seen.insert(message.id) {
                        ends.entry(read(&row.status)).or_default().push(message);
                    }
                    done.push(row.id);
                }
                None if row.tries >= LOOKS => done.push(row.id),
                None => waiting.entry(row.tries).or_default().push(row.id),
            }
        }
        for (ended, messages) in ends {
            self.enter(ended, &messages, moves).await?;
        }
        if !done.is_empty() {
            receipt::Entity::delete_many().filter(Column::Id.is_in(done)).exec(&self.tx).await?;
        }
        for (tries, ids) in waiting {
            let wait = FIRST_WAIT.saturating_mul(2_u32.saturating_pow(u32::try_from(tries).unwrap_or(0)));
            receipt::Entity::update_many()
                .col_expr(Column::Tries, Expr::col(Column::Tries).add(1))
                .col_expr(Column::DueAt, Expr::value(self.now().plus(wait).0))
                .filter(Column::Id.is_in(ids))
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
            .filter(by_key_only(Column::OutboxId, outbox.0))
            .filter(Column::Recipient.eq(row.openid.as_str()))
            .filter(Column::SentAt.between(then.minus(ABOUT_THEN).0, then.plus(ABOUT_THEN).0))
            .limit(2)
            .all(&self.tx)
            .await?;
        Ok(found.pop().filter(|_| found.is_empty()))
    }

    /// Ends messages that have been taken, all in the same way.
    async fn enter(
        &self,
        ended: Ended,
        messages: &[&delivery::Model],
        moves: &mut Moves,
    ) -> Result<(), StoreError> {
        use delivery::Column;
        delivery::Entity::update_many()
            .col_expr(Column::State, Expr::value(ended.state.name()))
            .col_expr(Column::Reason, Expr::value(ended.reason))
            .col_expr(Column::FinishedAt, Expr::value(self.now().0))
            .filter(Column::Id.is_in(messages.iter().map(|message| message.id)))
            .filter(Column::State.eq(DeliveryState::Sent.name()))
            .exec(&self.tx)
            .await?;
        for message in messages {
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
