//! Who follows the service account, as WeChat last said.

use sea_orm::sea_query::{Expr, OnConflict};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter};

use entities::follower;

use crate::domain::clock::Millis;
use crate::domain::ids::{OrgId, ServiceAccountId, new_uuid};
use crate::domain::scope::OrgScope;

use super::connect::Store;
use super::error::StoreError;
use super::unit::Unit;

/// What is known of one openid.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// Whether it follows.
    pub follows: bool,
    /// When WeChat was last asked or told us.
    pub checked_at: Millis,
}

impl Store {
    /// Whether an openid follows the organization's service account; none when WeChat has never said.
    ///
    /// # Errors
    /// The database is away.
    pub async fn follower(&self, scope: OrgScope, openid: &str) -> Result<Option<Known>, StoreError> {
        let row = follower::Entity::find()
            .filter(follower::Column::OrgId.eq(scope.organization().0))
            .filter(follower::Column::Openid.eq(openid))
            .one(&self.readers)
            .await?;
        Ok(row.map(|row| Known { follows: row.follows, checked_at: Millis(row.checked_at) }))
    }

    /// The openid bound to an account, to ask whether it follows.
    ///
    /// # Errors
    /// The database is away.
    pub async fn openid_of_user(
        &self,
        scope: OrgScope,
        user: crate::domain::ids::UserId,
    ) -> Result<Option<String>, StoreError> {
        use entities::wechat_binding;
        let row = wechat_binding::Entity::find()
            .filter(wechat_binding::Column::OrgId.eq(scope.organization().0))
            .filter(wechat_binding::Column::UserId.eq(user.0))
            .one(&self.readers)
            .await?;
        Ok(row.map(|row| row.openid))
    }
}

impl Unit {
    /// Keeps what WeChat says of an openid as of `at`; something older than what is known changes nothing.
    ///
    /// # Errors
    /// The database refused.
    pub async fn set_follower(
        &self,
        organization: OrgId,
        account: ServiceAccountId,
        openid: &str,
        follows: bool,
        at: Millis,
    ) -> Result<(), StoreError> {
        let known = follower::Entity::update_many()
            .col_expr(follower::Column::Follows, Expr::value(follows))
            .col_expr(follower::Column::ChangedAt, Expr::value(at.0))
            .col_expr(follower::Column::CheckedAt, Expr::value(self.now().0))
            .filter(follower::Column::ServiceAccountId.eq(account.0))
            .filter(follower::Column::Openid.eq(openid))
            .filter(follower::Column::ChangedAt.lte(at.0))
            .exec(&self.tx)
            .await?;
        if known.rows_affected > 0 {
            return Ok(());
        }
        let row = follower::ActiveModel {
            id: Set(new_uuid(&*self.tools.clock, &*self.tools.entropy)),
            org_id: Set(organization.0),
            service_account_id: Set(account.0),
            openid: Set(openid.into()),
            follows: Set(follows),
            changed_at: Set(at.0),
            checked_at: Set(self.now().0),
            followed_at: Set(None),
            scene: Set(None),
            unionid: Set(None),
            detailed_at: Set(None),
        };
        let newer_is_known =
            OnConflict::columns([follower::Column::ServiceAccountId, follower::Column::Openid])
                .update_column(follower::Column::CheckedAt)
                .to_owned();
        follower::Entity::insert(row).on_conflict(newer_is_known).exec_without_returning(&self.tx).await?;
        Ok(())
    }
}
