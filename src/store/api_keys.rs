//! API keys; the secret is kept as a hash.

use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};

use entities::api_key;

use crate::domain::api_key::ApiKey;
use crate::domain::clock::Millis;
use crate::domain::ids::{ApiKeyId, OrgId};
use crate::domain::right::Scope;

use super::connect::Store;
use super::error::{StoreError, inconsistent};
use super::page::{Listed, Page};
use super::unit::Unit;

impl Store {
    /// The key of an id, whether or not it still counts.
    ///
    /// # Errors
    /// The database is away, or the row makes no sense.
    pub async fn api_key(&self, id: ApiKeyId) -> Result<Option<ApiKey>, StoreError> {
        let row = api_key::Entity::find_by_id(id.0).one(&self.readers).await?;
        row.map(read).transpose()
    }

    /// The keys of an organization, or of the platform.
    ///
    /// # Errors
    /// The database is away, or a row makes no sense.
    pub async fn api_keys(
        &self,
        organization: Option<OrgId>,
        page: Page,
    ) -> Result<Listed<ApiKey>, StoreError> {
        let query = api_key::Entity::find().filter(match organization {
            Some(organization) => api_key::Column::OrgId.eq(organization.0),
            None => api_key::Column::OrgId.is_null(),
        });
        let rows = page.of(query, api_key::Column::Id).all(&self.readers).await?;
        page.cut(rows, |row| row.id, read).sound()
    }

    /// Whether the platform has any key.
    ///
    /// # Errors
    /// The database is away.
    pub async fn has_platform_key(&self) -> Result<bool, StoreError> {
        let row = api_key::Entity::find().filter(api_key::Column::OrgId.is_null()).one(&self.readers).await?;
        Ok(row.is_some())
    }
}

impl Unit {
    /// Adds a key.
    ///
    /// # Errors
    /// [`StoreError::Conflict`] when the id is taken.
    pub async fn create_api_key(&self, key: &ApiKey, created_by: &str) -> Result<(), StoreError> {
        let scopes: Vec<_> = key.scopes.iter().map(|scope| scope.name()).collect();
        let row = api_key::ActiveModel {
            id: Set(key.id.0),
            org_id: Set(key.organization.map(|organization| organization.0)),
            name: Set(key.name.clone()),
            scopes: Set(scopes.join(" ")),
            secret_hash: Set(key.secret_hash.clone()),
            created_by: Set(created_by.into()),
            created_at: Set(key.created_at.0),
            expires_at: Set(key.expires_at.0),
            revoked_at: Set(None),
            last_used_at: Set(None),
        };
        row.insert(&self.tx).await?;
        Ok(())
    }

    /// Takes a key back; false when there is none of this owner, or it was taken back before.
    ///
    /// # Errors
    /// The database refused.
    pub async fn revoke_api_key(
        &self,
        organization: Option<OrgId>,
        id: ApiKeyId,
    ) -> Result<bool, StoreError> {
        let done = api_key::Entity::update_many()
            .col_expr(api_key::Column::RevokedAt, Expr::value(self.now().0))
            .filter(api_key::Column::Id.eq(id.0))
            .filter(match organization {
                Some(organization) => api_key::Column::OrgId.eq(organization.0),
                None => api_key::Column::OrgId.is_null(),
            })
            .filter(api_key::Column::RevokedAt.is_null())
            .exec(&self.tx)
            .await?;
        Ok(done.rows_affected == 1)
    }

    /// Notes that a key is in use.
    ///
    /// # Errors
    /// The database refused.
    pub async fn touch_api_key(&self, id: ApiKeyId) -> Result<(), StoreError> {
        api_key::Entity::update_many()
            .col_expr(api_key::Column::LastUsedAt, Expr::value(self.now().0))
            .filter(api_key::Column::Id.eq(id.0))
            .exec(&self.tx)
            .await?;
        Ok(())
    }
}

fn read(row: api_key::Model) -> Result<ApiKey, StoreError> {
    let id = ApiKeyId(row.id);
    Ok(ApiKey {
        id,
        organization: row.org_id.map(OrgId),
        name: row.name,
        // A scope that only a newer version knows gives nothing here.
        scopes: row.scopes.split_whitespace().filter_map(Scope::from_name).collect(),
        secret_hash: Some(row.secret_hash)
            .filter(|hash| hash.len() == 64)
            .ok_or_else(|| inconsistent("api_keys", "secret_hash", id))?,
        created_at: Millis(row.created_at),
        expires_at: Millis(row.expires_at),
        revoked_at: row.revoked_at.map(Millis),
        last_used_at: row.last_used_at.map(Millis),
    })
}
