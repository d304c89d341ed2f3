//! Reading the audit log.

use sea_orm::{ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect};

use entities::audit_entry;

use crate::domain::scope::OrgScope;

use super::connect::Store;
use super::error::StoreError;

impl Store {
    /// What happened in an organization, the newest first: action, subject, result.
    ///
    /// # Errors
    /// The database is away.
    pub async fn audit_log(&self, scope: OrgScope, limit: u64) -> Result<Vec<(String, Option<String>, String)>, StoreError> {
        let rows = audit_entry::Entity::find()
            .filter(audit_entry::Column::OrgId.eq(scope.organization().0))
            .order_by_desc(audit_entry::Column::Id)
            .limit(limit)
            .all(&self.readers)
            .await?;
        Ok(rows.into_iter().map(|row| (row.action, row.subject, row.result)).collect())
    }
}
