//! Requests that come again under the same `Idempotency-Key`: run once, answered alike.

use std::time::Duration;

use crate::domain::ids::OrgId;
use crate::store::StoreError;
use crate::store::idempotency::Claim;

use super::administration::Administration;

/// A request that began longer ago than this was cut off by a crash: nothing may take so long.
const ABANDONED: Duration = Duration::from_mins(1);

/// What to do with a request.
#[derive(Debug)]
pub enum Repeat {
    /// Run it, and settle its effect under this claim.
    Run(Claim),
    /// It ran before: answer with this status and body.
    Answer(u16, String),
    /// It runs now.
    Running,
    /// Its key was used for another request.
    Mismatch,
}

impl Administration {
    /// Looks up a request, and begins it if it is new.
    ///
    /// # Errors
    /// The database is away.
    pub async fn repeat(&self, organization: OrgId, key: &str, request: &str) -> Result<Repeat, StoreError> {
        for _ in 0..2 {
            let store = &self.parts.store;
            if let Some(known) = store.idempotency(organization, key).await? {
                if known.request_hash != request {
                    return Ok(Repeat::Mismatch);
                }
                if let Some((status, body)) = known.answer {
                    return Ok(Repeat::Answer(status, body));
                }
                if self.now().since(known.attempted_at) < ABANDONED {
                    return Ok(Repeat::Running);
                }
                let unit = store.begin().await?;
                let claim = unit.take_over_request(organization, &known).await?;
                unit.commit().await?;
                return Ok(claim.map_or(Repeat::Running, Repeat::Run));
            }
            let unit = store.begin().await?;
            match unit.begin_request(organization, key, request).await {
                Ok(claim) => {
                    unit.commit().await?;
                    return Ok(Repeat::Run(claim));
                }
                // Another one began it meanwhile: look again.
                Err(StoreError::Conflict) => drop(unit),
                Err(error) => return Err(error),
            }
        }
        Ok(Repeat::Running)
    }

    /// Forgets a request that had no effect.
    ///
    /// # Errors
    /// The database is away; the key is free again after a minute all the same.
    pub async fn forget(&self, claim: &Claim) -> Result<(), StoreError> {
        let unit = self.parts.store.begin().await?;
        unit.forget_request(claim).await?;
        unit.commit().await
    }
}
