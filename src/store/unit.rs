//! A unit of writing: one transaction with its changes and audit lines, and a deadline.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sea_orm::{
    ActiveValue, DatabaseConnection, DatabaseTransaction, EntityTrait, SqliteTransactionMode,
    TransactionOptions, TransactionTrait,
};

use entities::{audit_entry, change};

use crate::domain::audit::{Caller, Entry};
use crate::domain::clock::Millis;
use crate::domain::ids::{OrgId, new_uuid};

use super::changes::Topic;
use super::connect::Tools;
use super::error::StoreError;
use super::patience::Patient;

/// One write transaction.
pub struct Unit {
    pub(crate) tx: Patient<DatabaseTransaction>,
    pub(crate) tools: Tools,
    begun: Instant,
    deadline: Duration,
    committed: Arc<AtomicU64>,
}

impl Unit {
    pub(crate) async fn begin(
        writer: &Patient<DatabaseConnection>,
        tools: Tools,
        deadline: Duration,
        committed: Arc<AtomicU64>,
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
        Ok(Self { tx, tools, begun: Instant::now(), deadline, committed })
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

    /// Notes in the change feed that a row is worth reading again.
    ///
    /// # Errors
    /// The database refused.
    pub async fn changed(&self, organization: OrgId, topic: Topic, subject: &str) -> Result<(), StoreError> {
        let row = change::ActiveModel {
            id: ActiveValue::NotSet,
            org_id: ActiveValue::Set(organization.0),
            topic: ActiveValue::Set(topic.name().into()),
            subject: ActiveValue::Set(subject.into()),
            at: ActiveValue::Set(self.now().0),
        };
        change::Entity::insert(row).exec_without_returning(&self.tx).await?;
        Ok(())
    }

    /// Adds a line to the audit log.
    ///
    /// # Errors
    /// The database refused.
    pub async fn audit(&self, entry: Entry, caller: &Caller) -> Result<(), StoreError> {
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
        audit_entry::Entity::insert(row).exec_without_returning(&self.tx).await?;
        Ok(())
    }

    /// Makes everything true at once.
    ///
    /// # Errors
    /// [`StoreError::Unavailable`] when the deadline is over: whoever reads the change feed relies on no unit being
    /// committed later than that.
    pub async fn commit(self) -> Result<(), StoreError> {
        if self.begun.elapsed() > self.deadline {
            // Dropped, it is rolled back behind the caller's back: nobody waits for a database that has gone away meanwhile.
            return Err(StoreError::Unavailable(None));
        }
        let (tx, patience) = self.tx.apart();
        // Given up, it may be done or not: whoever asked repeats the request, or looks.
        patience.wait(tx.commit()).await?;
        self.committed.fetch_add(1, Ordering::Relaxed);
        Ok(())
    }
}
