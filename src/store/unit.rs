//! A unit of writing: one transaction with its changes and audit lines, and a deadline.

use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use sea_orm::{
    ActiveValue, ConnectionTrait, DatabaseConnection, DatabaseTransaction, EntityTrait, QueryTrait,
    SqliteTransactionMode, TransactionOptions, TransactionTrait,
};
use tokio::sync::Notify;

use entities::{audit_entry, change};

use crate::domain::audit::{Caller, Entry};
use crate::domain::clock::Millis;
use crate::domain::ids::{OrgId, new_uuid};

use super::changes::Topic;
use super::connect::Tools;
use super::error::StoreError;
use super::patience::Patient;
use super::recent::Recent;
use super::sqlite;

/// Lines in one statement.
const AT_ONCE: usize = 500;

/// One write transaction.
pub struct Unit {
    pub(crate) tx: Patient<DatabaseTransaction>,
    pub(crate) tools: Tools,
    begun: Instant,
    deadline: Duration,
    done: Done,
    touches_recent: AtomicBool,
    lines: Mutex<Lines>,
}

/// Makes forget what is kept for a moment, also when nobody waits for the commit any more.
struct Forget(Arc<Recent>);

impl Drop for Forget {
    fn drop(&mut self) {
        self.0.forget();
    }
}

/// What is written when the unit is committed, in as few statements as it takes.
#[derive(Default)]
struct Lines {
    changes: Vec<change::ActiveModel>,
    audit: Vec<audit_entry::ActiveModel>,
}

/// What a unit that is done counts in, tells, and makes others forget.
pub(crate) struct Done {
    pub(super) units: Arc<AtomicU64>,
    pub(super) written: Arc<Notify>,
    pub(super) recent: Arc<Recent>,
}

impl Unit {
    pub(crate) async fn begin(
        writer: &Patient<DatabaseConnection>,
        tools: Tools,
        deadline: Duration,
        done: Done,
    ) -> Result<Self, StoreError> {
        // Deferred transactions that read before they write fail with "database is locked"; SQLite's own mode is
        // ignored by the other databases.
        let options = TransactionOptions {
            sqlite_transaction_mode: Some(SqliteTransactionMode::Immediate),
            ..Default::default()
        };
        let begun = Instant::now();
        let tx = writer.wait(writer.inner.begin_with_options(options)).await?;
        let tx = writer.with(tx).until(begun + deadline);
        let touches_recent = AtomicBool::new(false);
        Ok(Self { tx, tools, begun: Instant::now(), deadline, done, touches_recent, lines: Mutex::default() })
    }

    /// Shortens the time within which this unit must be committed.
    #[must_use]
    pub fn within(mut self, deadline: Duration) -> Self {
        self.deadline = self.deadline.min(deadline);
        self
    }

    /// The present instant.
    pub fn now(&self) -> Millis {
        self.tools.clock.now()
    }

    /// Something of what is kept for a moment is changed: a portal, its app, its organization or its service account.
    pub(super) fn touches_recent(&self) {
        self.touches_recent.store(true, Ordering::Relaxed);
    }

    /// Notes in the change feed that a row is worth reading again.
    pub fn changed(&self, organization: OrgId, topic: Topic, subject: &str) {
        self.changed_to(organization, topic, subject, None);
    }

    /// As [`Self::changed`], for a row whose every step has a number: this is the step it is at now.
    pub(super) fn changed_to(&self, organization: OrgId, topic: Topic, subject: &str, seq: Option<i32>) {
        let row = change::ActiveModel {
            id: ActiveValue::NotSet,
            org_id: ActiveValue::Set(organization.0),
            topic: ActiveValue::Set(topic.name().into()),
            subject: ActiveValue::Set(subject.into()),
            at: ActiveValue::Set(self.now().0),
            seq: ActiveValue::Set(seq),
        };
        self.lines().changes.push(row);
    }

    /// Adds a line to the audit log.
    pub fn audit(&self, entry: Entry, caller: &Caller) {
        let row = audit_entry::ActiveModel {
            id: ActiveValue::Set(new_uuid(&*self.tools.clock, &*self.tools.entropy)),
            org_id: ActiveValue::Set(entry.organization.0),
            at: ActiveValue::Set(self.now().0),
            action: ActiveValue::Set(entry.action.name().into()),
            actor: ActiveValue::Set(entry.actor),
            subject: ActiveValue::Set(entry.subject),
            result: ActiveValue::Set(entry.result.into()),
            address: ActiveValue::Set(caller.network.key()),
            agent: ActiveValue::Set(caller.agent.chars().take(64).collect()),
            request_id: ActiveValue::Set(caller.request_id.chars().take(64).collect()),
        };
        self.lines().audit.push(row);
    }

    fn lines(&self) -> MutexGuard<'_, Lines> {
        self.lines.lock().unwrap_or_else(PoisonError::into_inner)
    }

    async fn write_lines(&self) -> Result<(), StoreError> {
        let Lines { changes, audit } = std::mem::take(&mut *self.lines());
        let backend = self.tx.get_database_backend();
        let changes =
            changes.chunks(AT_ONCE).map(|some| change::Entity::insert_many(some.to_vec()).build(backend));
        let audit =
            audit.chunks(AT_ONCE).map(|some| audit_entry::Entity::insert_many(some.to_vec()).build(backend));
        for statement in sqlite::together(backend, changes.chain(audit)) {
            self.tx.execute_raw(statement).await?;
        }
        Ok(())
    }

    /// Makes everything true at once.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the deadline is over: whoever reads the change feed relies on no unit being
    /// committed later than that.
    pub async fn commit(self) -> Result<(), StoreError> {
        self.write_lines().await?;
        if self.begun.elapsed() > self.deadline {
            // Dropped, it is rolled back behind the caller's back: nobody waits for a database that has gone away meanwhile.
            return Err(StoreError::Unavailable(None));
        }
        let (tx, patience) = self.tx.apart();
        // Given up, it may be done or not: whoever asked repeats the request, or looks.
        let forgets = self.touches_recent.into_inner().then(|| Forget(Arc::clone(&self.done.recent)));
        patience.wait(tx.commit()).await?;
        drop(forgets);
        self.done.units.fetch_add(1, Ordering::Relaxed);
        self.done.written.notify_one();
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use futures_util::FutureExt;
    use sea_orm::Database;

    use super::super::vault::Vault;
    use super::*;
    use crate::server::world::{OsEntropy, SystemClock};

    #[tokio::test]
    async fn whoever_moves_the_log_is_told_of_what_was_committed() {
        let writer = Patient::of_file(Database::connect("sqlite::memory:").await.unwrap(), &Arc::default());
        let tools = Tools {
            vault: Vault::new(&[("test".into(), [1; 32])], [2; 32]),
            clock: Arc::new(SystemClock),
            entropy: Arc::new(OsEntropy),
        };
        let written = Arc::<Notify>::default();
        let begin = || {
            let done = Done { units: Arc::default(), written: Arc::clone(&written), recent: Arc::default() };
            Unit::begin(&writer, tools.clone(), Duration::from_secs(5), done)
        };
        drop(begin().await.unwrap());
        assert!(written.notified().now_or_never().is_none(), "nothing was written");
        begin().await.unwrap().commit().await.unwrap();
        assert!(written.notified().now_or_never().is_some());
    }
}
