//! Spreading notifications over inboxes: who their audience is, a page at a time, and what is put before each.

use std::collections::{HashMap, HashSet};

use sea_orm::sea_query::{Query, SelectStatement};
use sea_orm::{
    ActiveValue::{NotSet, Set},
    ColumnTrait, Condition, EntityTrait, QueryFilter, QueryOrder, QuerySelect, Select,
};
use uuid::Uuid;

use entities::{affiliation, affiliation_role, app, change, delivery, inbox_item, joining, module};

use crate::domain::account::Status;
use crate::domain::affiliation::{AffiliationId, Belonging};
use crate::domain::delivery::DeliveryState;
use crate::domain::ids::{AccountId, DeliveryId, DepartmentId, RoleId};
use crate::domain::notification::{Audience, Counts, Notification};

use super::changes::Topic;
use super::error::{StoreError, inconsistent};
use super::unit::Unit;

/// Rows written by one statement.
const BATCH: usize = 500;

/// Somebody of an audience, who has an inbox.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InboxPerson {
    /// Whose inbox.
    pub account: AccountId,
    /// The same as the recipient of a delivery: however a person is named, they are told once.
    pub recipient: String,
}

/// A page of an audience.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct InboxPage {
    /// Who, in a stable order; perhaps nobody, although more pages follow.
    pub people: Vec<InboxPerson>,
    /// Behind whom the next page begins; none at the end.
    pub next: Option<String>,
}

impl Unit {
    /// A page of those whom a notification is for, behind `after`: members and collaborators that are active now.
    ///
    /// # Errors
    /// The database is away, or audience or `after` make no sense.
    pub async fn inbox_audience(
        &self,
        notification: &Notification,
        after: Option<&str>,
        limit: u64,
    ) -> Result<InboxPage, StoreError> {
        let broken = || inconsistent("notifications", "audience", notification.id);
        let active = || active(notification);
        let all = match &notification.audience {
            Audience::Users(ids) => return self.named(notification, ids, after, limit).await,
            Audience::Role(id) => {
                let role: RoleId = id.parse().map_err(|_| broken())?;
                active().filter(affiliation::Column::Id.in_subquery(with_role(role)))
            }
            Audience::Department(id) => {
                let department: DepartmentId = id.parse().map_err(|_| broken())?;
                active().filter(affiliation::Column::DepartmentId.eq(department.0))
            }
            Audience::All(_) => active().filter(affiliation::Column::Id.in_subquery(reaching(notification))),
            Audience::Members(_) => {
                active().filter(affiliation::Column::Kind.eq(Belonging::Member.kind().name()))
            }
            Audience::Followers(_) | Audience::Openids(_) => return Err(broken()),
        };
        self.page_of(notification, all, after, limit).await
    }

    /// A page of a list of ids: its position is a place in the list.
    async fn named(
        &self,
        notification: &Notification,
        ids: &[String],
        after: Option<&str>,
        limit: u64,
    ) -> Result<InboxPage, StoreError> {
        let from: usize = match after {
            Some(text) => text.parse().map_err(|_| misplaced(notification))?,
            None => 0,
        };
        let to = from.saturating_add(usize::try_from(limit.max(1)).unwrap_or(usize::MAX)).min(ids.len());
        let named = ids.get(from..to).ok_or_else(|| misplaced(notification))?;
        let accounts = named.iter().filter_map(|id| id.parse().ok()).map(|id: AccountId| id.0);
        let rows = named.iter().filter_map(|id| row_of(id));
        let one_of_them = Condition::any()
            .add(affiliation::Column::AccountId.is_in(accounts))
            .add(affiliation::Column::Id.is_in(rows));
        let found = active(notification).filter(one_of_them).all(&self.tx).await?;
        let mut known = HashMap::new();
        for row in found {
            let belonging = Belonging::from_name(&row.kind);
            let belonging = belonging.ok_or_else(|| inconsistent("affiliations", "kind", row.id))?;
            if let Some(account) = row.account_id.map(AccountId) {
                known.insert(AffiliationId::of_row(belonging, row.id).to_string(), account);
                known.insert(account.to_string(), account);
            }
        }
        let people = named.iter().filter_map(|id| known.get(id).copied().map(person)).collect();
        Ok(InboxPage { people, next: (to < ids.len()).then(|| to.to_string()) })
    }

    /// A page of a query: its position is the last affiliation's id.
    async fn page_of(
        &self,
        notification: &Notification,
        all: Select<affiliation::Entity>,
        after: Option<&str>,
        limit: u64,
    ) -> Result<InboxPage, StoreError> {
        use affiliation::Column;
        let limit = limit.max(1);
        let mut query = all.select_only().column(Column::Id).column(Column::AccountId);
        if let Some(text) = after {
            let after = Uuid::try_parse(text).map_err(|_| misplaced(notification))?;
            query = query.filter(Column::Id.gt(after));
        }
        let query = query.order_by_asc(Column::Id).limit(limit);
        let rows: Vec<(Uuid, Option<Uuid>)> = query.into_tuple().all(&self.tx).await?;
        // A full page may be the last one; then the next one is empty.
        let last = rows.last().filter(|_| rows.len() as u64 == limit);
        let next = last.map(|(id, _)| id.to_string());
        let people = rows.iter().filter_map(|(_, account)| account.map(AccountId)).map(person).collect();
        Ok(InboxPage { people, next })
    }
}

impl Unit {
    /// Puts a notification into inboxes, delivered at once, and gives how many that were. Whoever has it already is left
    /// out, so that a page may come a second time.
    ///
    /// # Errors
    /// The database refused.
    pub async fn add_to_inboxes(
        &self,
        notification: &Notification,
        people: &[InboxPerson],
    ) -> Result<Counts, StoreError> {
        let mut counts = Counts::default();
        for people in people.chunks(BATCH) {
            let added = self.deliver(notification, people).await?;
            let many = i32::try_from(added.len()).unwrap_or(i32::MAX);
            counts.went(None, DeliveryState::Delivered, many);
            self.fill(notification, added).await?;
        }
        Ok(counts)
    }

    /// Writes deliveries; gives those that are new, with their accounts.
    async fn deliver(
        &self,
        notification: &Notification,
        people: &[InboxPerson],
    ) -> Result<Vec<(Uuid, AccountId)>, StoreError> {
        use delivery::Column;
        let now = self.now();
        let id = || DeliveryId::generate(&*self.tools.clock, &*self.tools.entropy).0;
        let told: Vec<(Uuid, &InboxPerson)> = people.iter().map(|person| (id(), person)).collect();
        let rows = told.iter().map(|&(id, person)| delivery::ActiveModel {
            id: Set(id),
            org_id: Set(notification.organization.0),
            notification_id: Set(notification.id.0),
            outbox_id: Set(notification.outbox.0),
            app_id: Set(notification.app.0),
            lane: Set(notification.priority.lane()),
            recipient: Set(person.recipient.clone()),
            user_id: Set(None),
            account_id: Set(Some(person.account.0)),
            openid: Set(None),
            state: Set(DeliveryState::Delivered.name().into()),
            reason: Set(None),
            errcode: Set(None),
            attempts: Set(1),
            due_at: Set(now.0),
            unknown_since: Set(None),
            fence: Set(0),
            msgid: Set(None),
            again: Set(0),
            resend_of: Set(None),
            created_at: Set(now.0),
            sent_at: Set(Some(now.0)),
            finished_at: Set(Some(now.0)),
        });
        let key = [Column::NotificationId, Column::Recipient, Column::Again];
        let insert = delivery::Entity::insert_many(rows).on_conflict_do_nothing_on(key);
        insert.exec_without_returning(&self.tx).await?;
        // What was there keeps its own id, so that an id of ours says that its row is new.
        let new: Vec<Uuid> = delivery::Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(Column::Id.is_in(told.iter().map(|(id, _)| *id)))
            .into_tuple()
            .all(&self.tx)
            .await?;
        let new: HashSet<Uuid> = new.into_iter().collect();
        Ok(told.into_iter().filter(|(id, _)| new.contains(id)).map(|(id, to)| (id, to.account)).collect())
    }

    /// Puts new deliveries into the inboxes, and tells those who watch them.
    async fn fill(
        &self,
        notification: &Notification,
        added: Vec<(Uuid, AccountId)>,
    ) -> Result<(), StoreError> {
        let (organization, now) = (notification.organization.0, self.now().0);
        let items = added.iter().map(|(id, account)| inbox_item::ActiveModel {
            id: Set(*id),
            org_id: Set(organization),
            account_id: Set(account.0),
            notification_id: Set(notification.id.0),
            created_at: Set(now),
            read_at: Set(None),
        });
        inbox_item::Entity::insert_many(items).exec_without_returning(&self.tx).await?;
        let news = added.iter().map(|(_, account)| change::ActiveModel {
            id: NotSet,
            org_id: Set(organization),
            topic: Set(Topic::Inbox.name().into()),
            subject: Set(account.to_string()),
            at: Set(now),
            seq: Set(None),
        });
        change::Entity::insert_many(news).exec_without_returning(&self.tx).await?;
        Ok(())
    }
}

fn person(account: AccountId) -> InboxPerson {
    InboxPerson { account, recipient: account.to_string() }
}

/// Everybody of the organization who is in use and has an account.
fn active(notification: &Notification) -> Select<affiliation::Entity> {
    use affiliation::Column;
    affiliation::Entity::find()
        .filter(Column::OrgId.eq(notification.organization.0))
        .filter(Column::Status.eq(Status::Active.name()))
        .filter(Column::AccountId.is_not_null())
}

fn with_role(role: RoleId) -> SelectStatement {
    Query::select()
        .column(affiliation_role::Column::AffiliationId)
        .from(affiliation_role::Entity)
        .and_where(affiliation_role::Column::RoleId.eq(role.0))
        .to_owned()
}

/// Who can reach the app while it is switched on: whoever has joined it, or a module that belongs to it.
fn reaching(notification: &Notification) -> SelectStatement {
    let switched_on = Query::select()
        .column(app::Column::Id)
        .from(app::Entity)
        .and_where(app::Column::Id.eq(notification.app.0))
        .and_where(app::Column::Enabled.eq(true))
        .to_owned();
    let modules = Query::select()
        .column(module::Column::Id)
        .from(module::Entity)
        .and_where(module::Column::AppId.in_subquery(switched_on.clone()))
        .to_owned();
    let either = Condition::any()
        .add(joining::Column::AppId.in_subquery(switched_on))
        .add(joining::Column::ModuleId.in_subquery(modules));
    Query::select().column(joining::Column::AffiliationId).from(joining::Entity).cond_where(either).to_owned()
}

/// The affiliation that an id names.
fn row_of(id: &str) -> Option<Uuid> {
    let member = id.parse().map(AffiliationId::Member);
    let found = member.or_else(|_| id.parse().map(AffiliationId::Collaborator));
    found.ok().map(AffiliationId::row)
}

fn misplaced(notification: &Notification) -> StoreError {
    inconsistent("notifications", "position", notification.id)
}
