//! What the owner of an inbox does with it: reading.

use crate::bus::Nudge;
use crate::domain::ids::{AccountId, DeliveryId};
use crate::domain::inbox::InboxItem;
use crate::store::StoreError;

use super::platform_accounts::PlatformAccounts;

impl PlatformAccounts {
    /// Marks an item of an account's inbox read, and gives it; one that was read stays as it was. None when it is not there.
    ///
    /// # Errors
    /// The database is away.
    pub async fn read_inbox_item(
        &self,
        account: AccountId,
        id: DeliveryId,
    ) -> Result<Option<InboxItem>, StoreError> {
        let unit = self.parts.store.begin().await?;
        let scope = unit.inbox_scope(account).await?;
        let Some(known) = unit.inbox_item(&scope, id).await? else { return Ok(None) };
        if known.read_at.is_some() {
            return Ok(Some(known));
        }
        unit.mark_inbox_item_read(&scope, &known).await?;
        let read = unit.inbox_item(&scope, id).await?;
        unit.commit().await?;
        self.parts.bus.nudge(Nudge::Changes);
        Ok(read)
    }

    /// Marks everything in an account's inbox read; gives how much there was.
    ///
    /// # Errors
    /// The database is away.
    pub async fn read_inbox(&self, account: AccountId) -> Result<u64, StoreError> {
        let unit = self.parts.store.begin().await?;
        let scope = unit.inbox_scope(account).await?;
        let read = unit.mark_inbox_read(&scope).await?;
        unit.commit().await?;
        self.parts.bus.nudge(Nudge::Changes);
        Ok(read)
    }
}
