//! Outboxes: who sends by which, what holds it up, and how much of its day's quota is used.

use std::time::Duration;

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveValue::Set, ColumnTrait, ConnectionTrait, EntityTrait, ExprTrait, QueryFilter, TryInsertResult,
};

use entities::outbox;

use crate::domain::clock::Millis;
use crate::domain::ids::OrgId;
use crate::domain::notification::{Outbox, Pause, QuotaDay};

use super::connect::Store;
use super::error::StoreError;
use super::unit::Unit;

/// The right to send by an outbox. Every unit of its holder begins by showing it ([`Unit::hold_outbox`]), so that one who was
/// slow and lost it writes nothing.
#[derive(Clone, Copy, Debug)]
pub struct Lease {
    /// Which outbox.
    pub outbox: Outbox,
    /// Whose it is.
    pub organization: OrgId,
    /// Larger than any holder's before.
    pub fence: i64,
    length: Duration,
}

/// What an outbox has sent of its day's quota.
#[derive(Clone, Copy, Debug)]
pub struct UsedQuota {
    /// The day that was counted last.
    pub day: QuotaDay,
    /// How much of it is used.
    pub used: i32,
    /// How much there is, if WeChat has said.
    pub limit: Option<i32>,
    /// When WeChat was asked last.
    pub asked_at: Millis,
}

/// What an outbox's row says.
#[derive(Clone, Debug)]
pub struct OutboxRow {
    /// What holds it up, if anything.
    pub pause: Option<Pause>,
    /// When to ask whether it still has to be held up.
    pub probe_at: Millis,
    /// Until when somebody has the right to send by it.
    pub leased_until: Millis,
    /// Who has it, or had it last.
    pub holder: Option<String>,
    /// What it has used of its quota.
    pub quota: UsedQuota,
}

impl Store {
    /// What holds an outbox up at this instant, if anything.
    ///
    /// # Errors
    /// The database is away.
    pub async fn pause_of(&self, outbox: Outbox) -> Result<Option<Pause>, StoreError> {
        let now = self.tools.clock.now();
        let row = self.outbox(outbox).await?;
        Ok(row.and_then(|row| row.pause).filter(|pause| now < pause.resumes_at))
    }

    /// The row of an outbox; none before its first use.
    ///
    /// # Errors
    /// The database is away.
    pub async fn outbox(&self, outbox: Outbox) -> Result<Option<OutboxRow>, StoreError> {
        find(&self.readers, outbox).await
    }
}

impl Unit {
    /// Takes the right to send by an outbox for as long as `length`; none while somebody else has it. A holder that has it still
    /// takes it anew, and what it wrote before under the old number counts no more.
    ///
    /// # Errors
    /// The database refused.
    pub async fn take_outbox(
        &self,
        (outbox, organization): (Outbox, OrgId),
        holder: &str,
        length: Duration,
    ) -> Result<Option<Lease>, StoreError> {
        use outbox::Column;
        let now = self.now();
        let new = outbox::ActiveModel {
            id: Set(outbox.0),
            org_id: Set(organization.0),
            fence: Set(0),
            holder: Set(None),
            until: Set(0),
            pause_reason: Set(None),
            resumes_at: Set(None),
            probe_at: Set(0),
            quota_day: Set(0),
            quota_used: Set(0),
            quota_limit: Set(None),
            quota_asked_at: Set(0),
        };
        let insert = outbox::Entity::insert(new).on_conflict_do_nothing_on([Column::Id]);
        let _: TryInsertResult<u64> = insert.exec_without_returning(&self.tx).await?;
        let done = outbox::Entity::update_many()
            .col_expr(Column::Fence, Expr::col(Column::Fence).add(1_i64))
            .col_expr(Column::Holder, Expr::value(holder))
            .col_expr(Column::Until, Expr::value(now.plus(length).0))
            .filter(Column::Id.eq(outbox.0))
            .filter(
                Column::Until
                    .lte(now.0)
                    .or(Column::Holder.eq(holder))
                    // Longer than any lease lasts: a clock was put back since.
                    .or(Column::Until.gt(now.plus(length * 2).0)),
            )
            .exec(&self.tx)
            .await?;
        if done.rows_affected == 0 {
            return Ok(None);
        }
        let row = outbox::Entity::find_by_id(outbox.0).one(&self.tx).await?;
        Ok(row.map(|row| Lease { outbox, organization, fence: row.fence, length }))
    }

    /// Shows the right to send, and has it for its whole length from now on; false when it is lost, and nothing of this unit may
    /// be committed.
    ///
    /// # Errors
    /// The database refused.
    pub async fn hold_outbox(&self, lease: &Lease) -> Result<bool, StoreError> {
        let update = of_holder(lease).col_expr(outbox::Column::Until, until(self.now().plus(lease.length)));
        Ok(update.exec(&self.tx).await?.rows_affected == 1)
    }

    /// Gives the right back; whoever lost it changes nothing.
    ///
    /// # Errors
    /// The database refused.
    pub async fn release_outbox(&self, lease: &Lease) -> Result<(), StoreError> {
        of_holder(lease).col_expr(outbox::Column::Until, until(Millis(0))).exec(&self.tx).await?;
        Ok(())
    }

    /// Takes every right to send away. Only where one process has the rows, and before it sends: whoever held one is gone.
    ///
    /// # Errors
    /// The database refused.
    pub async fn release_all_outboxes(&self) -> Result<(), StoreError> {
        outbox::Entity::update_many()
            .col_expr(outbox::Column::Until, until(Millis(0)))
            .exec(&self.tx)
            .await?;
        Ok(())
    }

    /// Holds an outbox up, or lets it go on; `probe_at` is when to ask whether it still has to be.
    ///
    /// # Errors
    /// The database refused.
    pub async fn pause_outbox(
        &self,
        lease: &Lease,
        pause: Option<&Pause>,
        probe_at: Millis,
    ) -> Result<(), StoreError> {
        use outbox::Column;
        of_holder(lease)
            .col_expr(Column::PauseReason, Expr::value(pause.map(|pause| pause.reason.as_str())))
            .col_expr(Column::ResumesAt, Expr::value(pause.map(|pause| pause.resumes_at.0)))
            .col_expr(Column::ProbeAt, Expr::value(probe_at.0))
            .exec(&self.tx)
            .await?;
        Ok(())
    }

    /// Writes what an outbox has used of its quota.
    ///
    /// # Errors
    /// The database refused.
    pub async fn set_used_quota(&self, lease: &Lease, quota: &UsedQuota) -> Result<(), StoreError> {
        use outbox::Column;
        of_holder(lease)
            .col_expr(Column::QuotaDay, Expr::value(quota.day.0))
            .col_expr(Column::QuotaUsed, Expr::value(quota.used))
            .col_expr(Column::QuotaLimit, Expr::value(quota.limit))
            .col_expr(Column::QuotaAskedAt, Expr::value(quota.asked_at.0))
            .exec(&self.tx)
            .await?;
        Ok(())
    }

    /// The row of an outbox, as this unit sees it.
    ///
    /// # Errors
    /// The database is away.
    pub async fn outbox(&self, outbox: Outbox) -> Result<Option<OutboxRow>, StoreError> {
        find(&self.tx, outbox).await
    }
}

fn of_holder(lease: &Lease) -> sea_orm::UpdateMany<outbox::Entity> {
    outbox::Entity::update_many()
        .filter(outbox::Column::Id.eq(lease.outbox.0))
        .filter(outbox::Column::Fence.eq(lease.fence))
}

fn until(at: Millis) -> Expr {
    Expr::value(at.0)
}

async fn find<C: ConnectionTrait>(db: &C, outbox: Outbox) -> Result<Option<OutboxRow>, StoreError> {
    let row = outbox::Entity::find_by_id(outbox.0).one(db).await?;
    Ok(row.map(|row| OutboxRow {
        pause: row
            .pause_reason
            .zip(row.resumes_at)
            .map(|(reason, at)| Pause { reason, resumes_at: Millis(at) }),
        probe_at: Millis(row.probe_at),
        leased_until: Millis(row.until),
        holder: row.holder,
        quota: UsedQuota {
            day: QuotaDay(row.quota_day),
            used: row.quota_used,
            limit: row.quota_limit,
            asked_at: Millis(row.quota_asked_at),
        },
    }))
}
