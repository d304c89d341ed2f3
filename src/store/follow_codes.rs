//! The QR codes by which people of an app come to follow the service account: one at a time for each of both.

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};

use entities::follow_code;

use crate::domain::clock::Millis;
use crate::domain::ids::{AppId, ServiceAccountId, new_uuid};
use crate::domain::scope::OrgScope;

use super::connect::Store;
use super::error::StoreError;
use super::unit::Unit;

/// A code that leads to the service account.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FollowCode {
    /// What it encodes.
    pub url: String,
    /// Its end.
    pub expires_at: Millis,
}

impl Store {
    /// The newest code of an app of the scope's organization, whether or not its time is over.
    ///
    /// # Errors
    /// The database is away.
    pub async fn follow_code(
        &self,
        scope: OrgScope,
        account: ServiceAccountId,
        app: AppId,
    ) -> Result<Option<FollowCode>, StoreError> {
        let row = follow_code::Entity::find()
            .filter(follow_code::Column::OrgId.eq(scope.organization().0))
            .filter(follow_code::Column::ServiceAccountId.eq(account.0))
            .filter(follow_code::Column::AppId.eq(app.0))
            .one(&self.readers)
            .await?;
        Ok(row.map(|row| FollowCode { url: row.url, expires_at: Millis(row.expires_at) }))
    }
}

impl Unit {
    /// Keeps a code in the place of the one before; of two made at the same moment either may stay, for both are good.
    ///
    /// # Errors
    /// The database refused.
    pub async fn keep_follow_code(
        &self,
        scope: OrgScope,
        (account, app): (ServiceAccountId, AppId),
        code: &FollowCode,
    ) -> Result<(), StoreError> {
        use follow_code::Column;
        let row = follow_code::ActiveModel {
            id: Set(new_uuid(&*self.tools.clock, &*self.tools.entropy)),
            org_id: Set(scope.organization().0),
            service_account_id: Set(account.0),
            app_id: Set(app.0),
            url: Set(code.url.clone()),
            created_at: Set(self.now().0),
            expires_at: Set(code.expires_at.0),
        };
        let key = [Column::ServiceAccountId, Column::AppId];
        let anew = OnConflict::columns(key)
            .values([
                (Column::Url, Expr::value(code.url.as_str())),
                (Column::CreatedAt, Expr::value(self.now().0)),
                (Column::ExpiresAt, Expr::value(code.expires_at.0)),
            ])
            .to_owned();
        follow_code::Entity::insert(row).on_conflict(anew).exec_without_returning(&self.tx).await?;
        Ok(())
    }

    /// Removes the codes of an account.
    ///
    /// # Errors
    /// The database refused.
    pub async fn forget_follow_codes(&self, account: ServiceAccountId) -> Result<(), StoreError> {
        follow_code::Entity::delete_many()
            .filter(follow_code::Column::ServiceAccountId.eq(account.0))
            .exec(&self.tx)
            .await?;
        Ok(())
    }
}
