//! Pushes of WeChat that were handled.

use sea_orm::{ActiveModelTrait, ActiveValue::Set};

use entities::callback_event;

use crate::domain::ids::{OrgId, new_uuid};

use super::error::StoreError;
use super::unit::Unit;

impl Unit {
    /// Notes that a push is being handled.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when it was handled before.
    pub async fn note_push(&self, organization: OrgId, dedup_key: &str) -> Result<(), StoreError> {
        let row = callback_event::ActiveModel {
            id: Set(new_uuid(&*self.tools.clock, &*self.tools.entropy)),
            org_id: Set(organization.0),
            dedup_key: Set(dedup_key.into()),
            received_at: Set(self.now().0),
        };
        row.insert(&self.tx).await?;
        Ok(())
    }
}
