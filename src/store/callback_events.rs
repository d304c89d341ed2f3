//! Pushes of WeChat that were handled, and openids that are nobody's any more.

use std::collections::HashMap;

use sea_orm::sea_query::OnConflict;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};

use entities::callback_event;

use crate::domain::clock::Millis;
use crate::domain::ids::{OrgId, ServiceAccountId, new_uuid};
use crate::domain::keys::{hex, sha256};

use super::error::StoreError;
use super::unit::Unit;

impl Unit {
    /// Notes that a push is being handled.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when it was handled before.
    pub async fn note_push(&self, organization: OrgId, dedup_key: &str) -> Result<(), StoreError> {
        self.event(organization, dedup_key.into(), self.now()).insert(&self.tx).await?;
        Ok(())
    }

    /// Notes that a person's WeChat account was closed, so that nothing older brings the openid back: an event that comes out
    /// of its order, or a list that was read before.
    ///
    /// # Errors
    /// The database refused.
    pub async fn note_closed(
        &self,
        organization: OrgId,
        account: ServiceAccountId,
        openid: &str,
        at: Millis,
    ) -> Result<(), StoreError> {
        let again = OnConflict::columns([callback_event::Column::OrgId, callback_event::Column::DedupKey])
            .update_column(callback_event::Column::ReceivedAt)
            .to_owned();
        let row = self.event(organization, closed_key(account, openid), at);
        callback_event::Entity::insert(row).on_conflict(again).exec_without_returning(&self.tx).await?;
        Ok(())
    }

    /// Whether a person's WeChat account was closed at this instant or later.
    ///
    /// # Errors
    /// The database is away.
    pub(super) async fn is_closed(
        &self,
        organization: OrgId,
        account: ServiceAccountId,
        openid: &str,
        at: Millis,
    ) -> Result<bool, StoreError> {
        let one = [openid.to_owned()];
        Ok(!self.without_closed(organization, account, &one, at).await?.contains(&openid))
    }

    /// Those openids whose WeChat account was not closed at this instant or later.
    ///
    /// # Errors
    /// The database is away.
    pub(super) async fn without_closed<'o>(
        &self,
        organization: OrgId,
        account: ServiceAccountId,
        openids: &'o [String],
        at: Millis,
    ) -> Result<Vec<&'o str>, StoreError> {
        let mut left: HashMap<String, &str> =
            openids.iter().map(|openid| (closed_key(account, openid), openid.as_str())).collect();
        let closed = callback_event::Entity::find()
            .filter(callback_event::Column::OrgId.eq(organization.0))
            .filter(callback_event::Column::DedupKey.is_in(left.keys()))
            .filter(callback_event::Column::ReceivedAt.gte(at.0))
            .all(&self.tx)
            .await?;
        for row in closed {
            left.remove(&row.dedup_key);
        }
        Ok(left.into_values().collect())
    }

    fn event(&self, organization: OrgId, dedup_key: String, at: Millis) -> callback_event::ActiveModel {
        callback_event::ActiveModel {
            id: Set(new_uuid(&*self.tools.clock, &*self.tools.entropy)),
            org_id: Set(organization.0),
            dedup_key: Set(dedup_key),
            received_at: Set(at.0),
        }
    }
}

/// In the column of the pushes' keys, and of the same form: no openid can be read out of it.
fn closed_key(account: ServiceAccountId, openid: &str) -> String {
    hex(&sha256(format!("closed {account} {openid}").as_bytes()))
}
