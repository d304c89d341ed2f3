//! Imports of followers: one at most runs for an account, and whoever holds its claim brings it further.

use std::time::Duration;

use sea_orm::sea_query::Expr;
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};

use entities::follower_import;

use crate::domain::clock::Millis;
use crate::domain::follower::{FollowerImport, ImportState};
use crate::domain::ids::{ImportId, OrgId, ServiceAccountId};
use crate::domain::scope::OrgScope;

use super::connect::Store;
use super::error::{StoreError, inconsistent};
use super::unit::Unit;

const TABLE: &str = "follower_imports";

/// Imports that are looked at in one round.
const ROUND: u64 = 100;

/// The right to bring an import further. Every write shows it, so that one who was slow and lost it writes nothing.
#[derive(Clone)]
pub struct ImportClaim {
    /// The import; what is changed here is written by [`Unit::advance_import`].
    pub import: FollowerImport,
    until: Millis,
}

impl Store {
    /// The newest import of an account.
    ///
    /// # Errors
    /// The database is away, or the row makes no sense.
    pub async fn newest_import(
        &self,
        scope: OrgScope,
        account: ServiceAccountId,
    ) -> Result<Option<FollowerImport>, StoreError> {
        let row = follower_import::Entity::find()
            .filter(follower_import::Column::OrgId.eq(scope.organization().0))
            .filter(follower_import::Column::ServiceAccountId.eq(account.0))
            .order_by_desc(follower_import::Column::Id)
            .one(&self.readers)
            .await?;
        row.map(read).transpose()
    }

    /// Imports that are not through and that nobody works at; those that have waited longest in front.
    ///
    /// # Errors
    /// The database is away.
    pub async fn due_imports(&self, now: Millis) -> Result<Vec<ImportId>, StoreError> {
        let ids: Vec<uuid::Uuid> = follower_import::Entity::find()
            .select_only()
            .column(follower_import::Column::Id)
            .filter(follower_import::Column::RunningFor.is_not_null())
            .filter(follower_import::Column::ClaimedUntil.lte(now.0))
            .order_by_asc(follower_import::Column::UpdatedAt)
            .limit(ROUND)
            .into_tuple()
            .all(&self.readers)
            .await?;
        Ok(ids.into_iter().map(ImportId).collect())
    }
}

impl Unit {
    /// Begins an import.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when one runs for the account.
    pub async fn begin_import(
        &self,
        organization: OrgId,
        account: ServiceAccountId,
    ) -> Result<FollowerImport, StoreError> {
        let now = self.now();
        let row = follower_import::ActiveModel {
            id: Set(ImportId::generate(&*self.tools.clock, &*self.tools.entropy).0),
            org_id: Set(organization.0),
            service_account_id: Set(account.0),
            running_for: Set(Some(account.0)),
            state: Set(ImportState::Listing.name().into()),
            next_openid: Set(None),
            total: Set(0),
            listed: Set(0),
            detailed: Set(0),
            failure: Set(None),
            started_at: Set(now.0),
            updated_at: Set(now.0),
            claimed_until: Set(0),
        };
        read(row.insert(&self.tx).await?)
    }

    /// The import that runs for an account.
    ///
    /// # Errors
    /// The database is away, or the row makes no sense.
    pub async fn running_import(
        &self,
        account: ServiceAccountId,
    ) -> Result<Option<FollowerImport>, StoreError> {
        let row = follower_import::Entity::find()
            .filter(follower_import::Column::RunningFor.eq(account.0))
            .one(&self.tx)
            .await?;
        row.map(read).transpose()
    }

    /// Takes the right to bring an import further for as long as `lease`; none when somebody else has it, or it is through.
    ///
    /// # Errors
    /// The database refused, or the row makes no sense.
    pub async fn claim_import(
        &self,
        id: ImportId,
        lease: Duration,
    ) -> Result<Option<ImportClaim>, StoreError> {
        let now = self.now();
        let until = now.plus(lease);
        let done = follower_import::Entity::update_many()
            .col_expr(follower_import::Column::ClaimedUntil, Expr::value(until.0))
            .col_expr(follower_import::Column::Failure, Expr::value(None::<String>))
            .filter(follower_import::Column::Id.eq(id.0))
            .filter(follower_import::Column::RunningFor.is_not_null())
            .filter(follower_import::Column::ClaimedUntil.lte(now.0))
            .exec(&self.tx)
            .await?;
        if done.rows_affected == 0 {
            return Ok(None);
        }
        let row = follower_import::Entity::find_by_id(id.0).one(&self.tx).await?;
        Ok(row.map(read).transpose()?.map(|import| ImportClaim { import, until }))
    }

    /// Writes how far a claimed import is, and keeps the claim until then (an instant that is over gives it back); false
    /// when the claim is lost, and nothing of this unit may be committed.
    ///
    /// # Errors
    /// The database refused.
    pub async fn advance_import(&self, claim: &mut ImportClaim, until: Millis) -> Result<bool, StoreError> {
        use follower_import::Column;
        let import = &claim.import;
        let mut update = follower_import::Entity::update_many()
            .col_expr(Column::State, Expr::value(import.state.name()))
            .col_expr(Column::NextOpenid, Expr::value(import.next_openid.as_deref()))
            .col_expr(Column::Total, Expr::value(import.total))
            .col_expr(Column::Listed, Expr::value(import.listed))
            .col_expr(Column::Detailed, Expr::value(import.detailed))
            .col_expr(Column::Failure, Expr::value(import.failure.as_deref()))
            .col_expr(Column::UpdatedAt, Expr::value(self.now().0))
            .col_expr(Column::ClaimedUntil, Expr::value(until.0));
        if import.state.is_over() {
            update = update.col_expr(Column::RunningFor, Expr::value(None::<uuid::Uuid>));
        }
        let done = update
            .filter(Column::Id.eq(import.id.0))
            .filter(Column::RunningFor.is_not_null())
            .filter(Column::ClaimedUntil.eq(claim.until.0))
            .exec(&self.tx)
            .await?;
        claim.until = until;
        Ok(done.rows_affected == 1)
    }

    /// Gives back every claim; pauses stay. Only where one process has the rows, and before it works at any: whoever held a
    /// claim is gone.
    ///
    /// # Errors
    /// The database refused.
    pub async fn give_back_imports(&self) -> Result<(), StoreError> {
        follower_import::Entity::update_many()
            .col_expr(follower_import::Column::ClaimedUntil, Expr::value(0_i64))
            .filter(follower_import::Column::RunningFor.is_not_null())
            .filter(follower_import::Column::Failure.is_null())
            .exec(&self.tx)
            .await?;
        Ok(())
    }
}

fn read(row: follower_import::Model) -> Result<FollowerImport, StoreError> {
    let id = ImportId(row.id);
    Ok(FollowerImport {
        id,
        organization: OrgId(row.org_id),
        account: ServiceAccountId(row.service_account_id),
        state: ImportState::from_name(&row.state).ok_or_else(|| inconsistent(TABLE, "state", id))?,
        next_openid: row.next_openid,
        total: row.total,
        listed: row.listed,
        detailed: row.detailed,
        failure: row.failure,
        started_at: Millis(row.started_at),
        updated_at: Millis(row.updated_at),
    })
}
