//! Which versions of a portal's terms people have accepted.

use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};

use entities::consent;

use crate::domain::external_user::ExternalUser;
use crate::domain::ids::{UserId, new_uuid};
use crate::domain::scope::OrgScope;

use super::connect::Store;
use super::error::StoreError;
use super::unit::Unit;

impl Store {
    /// Every version of the terms that a person has accepted in their app.
    ///
    /// # Errors
    /// The database is away.
    pub async fn accepted_terms(&self, scope: OrgScope, user: UserId) -> Result<Vec<String>, StoreError> {
        let rows = consent::Entity::find()
            .filter(consent::Column::UserId.eq(user.0))
            .filter(consent::Column::OrgId.eq(scope.organization().0))
            .all(&self.readers)
            .await?;
        Ok(rows.into_iter().map(|row| row.version).collect())
    }
}

impl Unit {
    /// Writes down that a person accepts a version of the terms; false when they have before.
    ///
    /// # Errors
    /// The database refused.
    pub async fn accept_terms(&self, user: &ExternalUser, version: &str) -> Result<bool, StoreError> {
        let id = new_uuid(&*self.tools.clock, &*self.tools.entropy);
        let row = consent::ActiveModel {
            id: Set(id),
            org_id: Set(user.organization.0),
            app_id: Set(user.app.0),
            user_id: Set(user.id.0),
            version: Set(version.into()),
            accepted_at: Set(self.now().0),
        };
        let key = [consent::Column::UserId, consent::Column::Version];
        let insert = consent::Entity::insert(row).on_conflict_do_nothing_on(key);
        let counted = insert.exec_without_returning(&self.tx).await?;
        Ok(self.added::<consent::Entity>(counted, (consent::Column::Id, vec![id])).await? == 1)
    }

    /// Whether a person has accepted a version of the terms, as this unit sees it.
    ///
    /// # Errors
    /// The database is away.
    pub async fn has_accepted(&self, user: UserId, version: &str) -> Result<bool, StoreError> {
        let row = consent::Entity::find()
            .filter(consent::Column::UserId.eq(user.0))
            .filter(consent::Column::Version.eq(version))
            .one(&self.tx)
            .await?;
        Ok(row.is_some())
    }
}
