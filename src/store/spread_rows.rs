//! The deliveries of a page of an audience, many in one statement.

use std::collections::{BTreeMap, HashSet};

use sea_orm::sea_query::{Expr, InsertStatement, OnConflict, Query, ValueTuple};
use sea_orm::{ConnectionTrait, DbBackend, Statement, TryInsertResult, Value};
use uuid::Uuid;

use entities::delivery::{self, Column};

use crate::domain::delivery::{DeliveryState, skipped};
use crate::domain::ids::new_uuid;
use crate::domain::notification::{Audience, Counts, Notification};
use crate::domain::service_account::ServiceAccount;

use super::error::StoreError;
use super::spreading::Recipient;
use super::unit::Unit;

/// Rows in one statement: well below what every database takes as parameters.
const ROWS: usize = 500;

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
        let mut sorted: BTreeMap<_, Vec<_>> = BTreeMap::new();
        for one in people {
            sorted.entry(reason(one, &away)).or_default().push(one);
        }
        let mut inserts = sorted
            .iter()
            .flat_map(|(why, rows)| rows.chunks(ROWS).map(|some| self.insert_of(notification, *why, some)));
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

    fn insert_of(
        &self,
        notification: &Notification,
        reason: Option<&'static str>,
        some: &[&Recipient],
    ) -> Insert {
        let (now, backend) = (self.now().0, self.tx.get_database_backend());
        // In their order, so that every index by them only grows at its end.
        let mut ids: Vec<Uuid> =
            some.iter().map(|_| new_uuid(&*self.tools.clock, &*self.tools.entropy)).collect();
        ids.sort_unstable();
        let rows = some.iter().zip(&ids).map(|(one, id)| of_one(*id, one));
        let insert = insert(backend, of_all(notification, reason, now), rows);
        Insert { statement: backend.build(&insert), state: state(reason), ids }
    }
}

/// A delivery that is skipped has a reason.
fn state(reason: Option<&'static str>) -> DeliveryState {
    if reason.is_some() { DeliveryState::Skipped } else { DeliveryState::Pending }
}

fn reason(one: &Recipient, away: &HashSet<String>) -> Option<&'static str> {
    match &one.openid {
        None => Some(skipped::NO_WECHAT),
        Some(openid) if away.contains(openid) => Some(skipped::NOT_FOLLOWING),
        Some(_) => None,
    }
}

/// What every row of an insert has; what is not said here or by [`of_one`] is nothing yet, and no part of the statement.
fn of_all(notification: &Notification, reason: Option<&'static str>, now: i64) -> Vec<(Column, Value)> {
    let mut all = vec![
        (Column::OrgId, notification.organization.0.into()),
        (Column::NotificationId, notification.id.0.into()),
        (Column::OutboxId, notification.outbox.0.into()),
        (Column::AppId, notification.app.0.into()),
        (Column::Lane, notification.priority.lane().into()),
        (Column::State, state(reason).name().into()),
        (Column::Attempts, 0_i32.into()),
        (Column::Fence, 0_i64.into()),
        (Column::Again, 0_i32.into()),
        (Column::CreatedAt, now.into()),
        (Column::DueAt, now.into()),
    ];
    if let Some(reason) = reason {
        all.extend([(Column::Reason, reason.into()), (Column::FinishedAt, now.into())]);
    }
    all
}

/// What each row has of its own.
const OWN: [Column; 4] = [Column::Id, Column::Recipient, Column::UserId, Column::Openid];

fn of_one(id: Uuid, one: &Recipient) -> [Value; OWN.len()] {
    let user = || one.user.map(|user| user.to_string());
    [
        id.into(),
        one.openid.clone().or_else(user).unwrap_or_default().into(),
        one.user.map(|user| user.0).into(),
        one.openid.clone().into(),
    ]
}

/// Rows as one statement that passes over those that are there. What all of them have is bound once, where the database can name the
/// columns of a list of rows; MySQL and MariaDB do so each in a way of its own, and get it with every row.
fn insert(
    backend: DbBackend,
    all: Vec<(Column, Value)>,
    rows: impl Iterator<Item = [Value; OWN.len()]>,
) -> InsertStatement {
    let (columns, all): (Vec<_>, Vec<_>) = all.into_iter().unzip();
    let mut insert = Query::insert();
    insert.into_table(delivery::Entity).columns(columns.into_iter().chain(OWN));
    if backend == DbBackend::MySql {
        for row in rows {
            insert.values_panic(all.iter().cloned().chain(row).map(Expr::val));
        }
    } else {
        let mut select = Query::select();
        select.exprs(all.into_iter().map(Expr::val));
        select.exprs((1..=OWN.len()).map(|number| Expr::col(format!("column{number}"))));
        // Without a condition SQLite takes what follows for one of a join.
        select
            .from_values(rows.map(|row| ValueTuple::Many(row.into())), "rows")
            .and_where(Expr::cust("TRUE"));
        insert.select_from(select).expect("there are as many columns as values");
    }
    let mut known = OnConflict::columns([Column::NotificationId, Column::Recipient, Column::Again]);
    insert.on_conflict(known.do_nothing_on([Column::Id]).to_owned());
    insert
}
