//! Requests that may come again: who runs one, and the answer it got, written in the unit of its effect.

use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};
use uuid::Uuid;

use entities::idempotency_key;

use crate::domain::clock::Millis;
use crate::domain::ids::{OrgId, new_uuid};

use super::connect::Store;
use super::error::{StoreError, inconsistent};
use super::unit::Unit;
use super::vault::Place;

const TABLE: &str = "idempotency_keys";

/// The right to run a request; whoever took it over from a crash has a later `attempted_at`.
#[derive(Clone, Copy, Debug)]
pub struct Claim {
    id: Uuid,
    organization: OrgId,
    attempted_at: Millis,
}

/// What is known of a request that came before.
#[derive(Clone, Debug)]
pub struct Known {
    id: Uuid,
    /// The hash of method, address and body.
    pub request_hash: String,
    /// When it was last begun.
    pub attempted_at: Millis,
    /// Status and body that it was answered with; none while it runs.
    pub answer: Option<(u16, String)>,
}

impl Store {
    /// What is known of a key.
    ///
    /// # Errors
    /// The database is away, or the answer does not open.
    pub async fn idempotency(
        &self,
        organization: OrgId,
        key_hash: &str,
    ) -> Result<Option<Known>, StoreError> {
        let row = idempotency_key::Entity::find()
            .filter(idempotency_key::Column::OrgId.eq(organization.0))
            .filter(idempotency_key::Column::KeyHash.eq(key_hash))
            .one(&self.readers)
            .await?;
        let Some(row) = row else { return Ok(None) };
        let answer = match (row.status, row.answer) {
            (Some(status), Some(sealed)) => {
                let status =
                    u16::try_from(status).map_err(|_| inconsistent(TABLE, "status", row.id.simple()))?;
                Some((status, self.tools.vault.open(&place(&row.id.simple(), organization), &sealed)?))
            }
            _ => None,
        };
        Ok(Some(Known {
            id: row.id,
            request_hash: row.request_hash,
            attempted_at: Millis(row.attempted_at),
            answer,
        }))
    }
}

impl Unit {
    /// Notes that a request begins.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the key is known.
    pub async fn begin_request(
        &self,
        organization: OrgId,
        key_hash: &str,
        request_hash: &str,
    ) -> Result<Claim, StoreError> {
        let id = new_uuid(&*self.tools.clock, &*self.tools.entropy);
        let now = self.now();
        let row = idempotency_key::ActiveModel {
            id: Set(id),
            org_id: Set(organization.0),
            key_hash: Set(key_hash.into()),
            request_hash: Set(request_hash.into()),
            attempted_at: Set(now.0),
            status: Set(None),
            answer: Set(None),
            created_at: Set(now.0),
        };
        row.insert(&self.tx).await?;
        Ok(Claim { id, organization, attempted_at: now })
    }

    /// Takes over a request that a crash cut off; none when another one was first.
    ///
    /// # Errors
    /// The database refused.
    pub async fn take_over_request(
        &self,
        organization: OrgId,
        known: &Known,
    ) -> Result<Option<Claim>, StoreError> {
        let now = self.now();
        let done = idempotency_key::Entity::update_many()
            .col_expr(idempotency_key::Column::AttemptedAt, Expr::value(now.0))
            .filter(idempotency_key::Column::Id.eq(known.id))
            .filter(idempotency_key::Column::AttemptedAt.eq(known.attempted_at.0))
            .filter(idempotency_key::Column::Status.is_null())
            .exec(&self.tx)
            .await?;
        Ok((done.rows_affected == 1).then_some(Claim { id: known.id, organization, attempted_at: now }))
    }

    /// Keeps the answer of a request, in the unit that makes its effect true.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the request was taken over by another.
    pub async fn keep_answer(&self, claim: &Claim, status: u16, body: &str) -> Result<(), StoreError> {
        let name = claim.id.simple();
        let sealed = self.tools.vault.seal(&place(&name, claim.organization), body, &*self.tools.entropy)?;
        let done = idempotency_key::Entity::update_many()
            .col_expr(idempotency_key::Column::Status, Expr::value(i32::from(status)))
            .col_expr(idempotency_key::Column::Answer, Expr::value(sealed))
            .filter(idempotency_key::Column::Id.eq(claim.id))
            .filter(idempotency_key::Column::AttemptedAt.eq(claim.attempted_at.0))
            .filter(idempotency_key::Column::Status.is_null())
            .exec(&self.tx)
            .await?;
        if done.rows_affected == 1 { Ok(()) } else { Err(StoreError::Conflict) }
    }

    /// Forgets a request that had no effect, so that its key can be used again.
    ///
    /// # Errors
    /// The database refused.
    pub async fn forget_request(&self, claim: &Claim) -> Result<(), StoreError> {
        idempotency_key::Entity::delete_many()
            .filter(idempotency_key::Column::Id.eq(claim.id))
            .filter(idempotency_key::Column::AttemptedAt.eq(claim.attempted_at.0))
            .filter(idempotency_key::Column::Status.is_null())
            .exec(&self.tx)
            .await?;
        Ok(())
    }
}

pub(super) fn place(row: &uuid::fmt::Simple, organization: OrgId) -> Place<'_, uuid::fmt::Simple> {
    Place { table: TABLE, column: "answer", row, organization }
}
