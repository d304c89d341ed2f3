//! Who follows the service account, as WeChat last said.

use sea_orm::sea_query::{Expr, Query};
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, PaginatorTrait, QueryFilter, Select, UpdateMany};

use entities::{follower, wechat_binding};

use crate::domain::clock::Millis;
use crate::domain::follower::Follower;
use crate::domain::ids::{OrgId, ServiceAccountId, UserId, new_uuid};
use crate::domain::scope::OrgScope;
use crate::domain::service_account::ServiceAccount;

use super::connect::Store;
use super::error::StoreError;
use super::page::{Listed, Page};
use super::unit::Unit;

/// What is known of one openid.
#[derive(Clone, Copy, Debug)]
pub struct Known {
    /// Whether it follows.
    pub follows: bool,
    /// When WeChat was last asked or told us.
    pub checked_at: Millis,
}

/// Which followers.
#[derive(Clone, Debug, Default)]
pub struct Wanted {
    /// Those who follow now, or those who do not.
    pub follows: Option<bool>,
    /// Those who are somebody's external user, or those who are not.
    pub bound: Option<bool>,
    /// The one with this openid.
    pub openid: Option<String>,
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

    /// Followers of the scope's account, those that came to us first in front.
    ///
    /// # Errors
    /// The database is away.
    pub async fn followers(
        &self,
        scope: OrgScope,
        account: &ServiceAccount,
        wanted: &Wanted,
        page: Page,
    ) -> Result<Listed<Follower>, StoreError> {
        let query = find(scope, account, wanted);
        let rows = page.of(query, follower::Column::Id).all(&self.readers).await?;
        Ok(page.cut(rows, |row| row.id, read))
    }

    /// How many followers of the scope's account there are of this kind.
    ///
    /// # Errors
    /// The database is away.
    pub async fn count_followers(
        &self,
        scope: OrgScope,
        account: &ServiceAccount,
        wanted: &Wanted,
    ) -> Result<u64, StoreError> {
        Ok(find(scope, account, wanted).count(&self.readers).await?)
    }

    /// The openid bound to an account, to ask whether it follows.
    ///
    /// # Errors
    /// The database is away.
    pub async fn openid_of_user(&self, scope: OrgScope, user: UserId) -> Result<Option<String>, StoreError> {
        let row = wechat_binding::Entity::find()
            .filter(wechat_binding::Column::OrgId.eq(scope.organization().0))
            .filter(wechat_binding::Column::UserId.eq(user.0))
            .one(&self.readers)
            .await?;
        Ok(row.map(|row| row.openid))
    }
}

impl Unit {
    /// Keeps what WeChat says of an openid as of `at`; false when something newer is known, which stays.
    ///
    /// Of somebody who follows no longer nothing is kept but that.
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
    ) -> Result<bool, StoreError> {
        let mut update = of_openid(account, openid)
            .col_expr(follower::Column::Follows, Expr::value(follows))
            .col_expr(follower::Column::ChangedAt, Expr::value(at.0))
            .col_expr(follower::Column::CheckedAt, Expr::value(self.now().0))
            .filter(follower::Column::ChangedAt.lte(at.0));
        if !follows {
            update = without_profile(update);
        }
        if update.exec(&self.tx).await?.rows_affected > 0 {
            return Ok(true);
        }
        if self.is_closed(organization, account, openid, at).await? {
            return Ok(false);
        }
        let id = new_uuid(&*self.tools.clock, &*self.tools.entropy);
        let row = follower::ActiveModel {
            id: Set(id),
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
        let key = [follower::Column::ServiceAccountId, follower::Column::Openid];
        let insert = follower::Entity::insert(row).on_conflict_do_nothing_on(key);
        let counted = insert.exec_without_returning(&self.tx).await?;
        if self.added::<follower::Entity>(counted, (follower::Column::Id, vec![id])).await? > 0 {
            return Ok(true);
        }
        of_openid(account, openid)
            .col_expr(follower::Column::CheckedAt, Expr::value(self.now().0))
            .exec(&self.tx)
            .await?;
        Ok(false)
    }

    /// Keeps how a follower came, as the event of it says.
    ///
    /// # Errors
    /// The database refused.
    pub async fn set_follower_since(
        &self,
        account: ServiceAccountId,
        openid: &str,
        followed_at: Millis,
        scene: Option<&str>,
    ) -> Result<(), StoreError> {
        of_openid(account, openid)
            .col_expr(follower::Column::FollowedAt, Expr::value(followed_at.0))
            .col_expr(follower::Column::Scene, Expr::value(scene))
            .filter(follower::Column::Follows.eq(true))
            .exec(&self.tx)
            .await?;
        Ok(())
    }

    /// Removes what is known of an openid.
    ///
    /// # Errors
    /// The database refused.
    pub async fn remove_follower(&self, account: ServiceAccountId, openid: &str) -> Result<(), StoreError> {
        follower::Entity::delete_many()
            .filter(follower::Column::ServiceAccountId.eq(account.0))
            .filter(follower::Column::Openid.eq(openid))
            .exec(&self.tx)
            .await?;
        Ok(())
    }
}

/// Takes away what WeChat told of a person.
pub(super) fn without_profile(update: UpdateMany<follower::Entity>) -> UpdateMany<follower::Entity> {
    update
        .col_expr(follower::Column::FollowedAt, Expr::value(None::<i64>))
        .col_expr(follower::Column::Scene, Expr::value(None::<String>))
        .col_expr(follower::Column::Unionid, Expr::value(None::<String>))
        .col_expr(follower::Column::DetailedAt, Expr::value(None::<i64>))
}

fn of_openid(account: ServiceAccountId, openid: &str) -> UpdateMany<follower::Entity> {
    follower::Entity::update_many()
        .filter(follower::Column::ServiceAccountId.eq(account.0))
        .filter(follower::Column::Openid.eq(openid))
}

fn find(scope: OrgScope, account: &ServiceAccount, wanted: &Wanted) -> Select<follower::Entity> {
    let mut query = follower::Entity::find()
        .filter(follower::Column::OrgId.eq(scope.organization().0))
        .filter(follower::Column::ServiceAccountId.eq(account.id.0));
    if let Some(follows) = wanted.follows {
        query = query.filter(follower::Column::Follows.eq(follows));
    }
    if let Some(openid) = &wanted.openid {
        query = query.filter(follower::Column::Openid.eq(openid.as_str()));
    }
    if let Some(bound) = wanted.bound {
        let users = Query::select()
            .column(wechat_binding::Column::Openid)
            .from(wechat_binding::Entity)
            .and_where(wechat_binding::Column::OrgId.eq(scope.organization().0))
            .and_where(wechat_binding::Column::Appid.eq(account.appid.as_str()))
            .to_owned();
        query = query.filter(if bound {
            follower::Column::Openid.in_subquery(users)
        } else {
            follower::Column::Openid.not_in_subquery(users)
        });
    }
    query
}

fn read(row: follower::Model) -> Follower {
    Follower {
        openid: row.openid,
        follows: row.follows,
        followed_at: row.followed_at.map(Millis),
        changed_at: Millis(row.changed_at),
        scene: row.scene,
    }
}
