//! Whose account is whose WeChat, looked at from WeChat's side: by openid, over all apps of an organization.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, ConnectionTrait, EntityTrait, QueryFilter, QueryOrder};

use entities::{external_user, visit, wechat_binding};

use crate::domain::ids::{AppId, UserId};
use crate::domain::scope::OrgScope;

use super::connect::Store;
use super::error::StoreError;
use super::unit::Unit;

/// An openid, and the account that is signed in by it in an app.
#[derive(Clone)]
pub struct Binding {
    /// WeChat's name for the person.
    pub openid: String,
    /// The account.
    pub user: UserId,
    /// Its app.
    pub app: AppId,
}

impl Store {
    /// The accounts of the scope's organization that are signed in by these openids of an appid.
    ///
    /// # Errors
    /// The database is away.
    pub async fn bindings_of(
        &self,
        scope: OrgScope,
        appid: &str,
        openids: Vec<String>,
    ) -> Result<Vec<Binding>, StoreError> {
        find(&self.readers, scope, appid, openids).await
    }
}

impl Unit {
    /// The accounts of the scope's organization that are signed in by these openids of an appid.
    ///
    /// # Errors
    /// The database is away.
    pub async fn bindings_of(
        &self,
        scope: OrgScope,
        appid: &str,
        openids: Vec<String>,
    ) -> Result<Vec<Binding>, StoreError> {
        find(&self.tx, scope, appid, openids).await
    }

    /// Takes away names that came from WeChat, and pictures, which come from nowhere else, of accounts and of visits that are
    /// under way. A name that the organization gave stays.
    ///
    /// # Errors
    /// The database refused.
    pub async fn forget_profiles(
        &self,
        scope: OrgScope,
        users: &[UserId],
        openids: &[String],
    ) -> Result<(), StoreError> {
        let organization = scope.organization().0;
        if !users.is_empty() {
            use external_user::Column;
            let of_users = || {
                external_user::Entity::update_many()
                    .col_expr(Column::UpdatedAt, Expr::value(self.now().0))
                    .filter(Column::OrgId.eq(organization))
                    .filter(Column::Id.is_in(users.iter().map(|user| user.0)))
            };
            of_users()
                .col_expr(Column::Nickname, Expr::value(None::<String>))
                .col_expr(Column::ProfileAt, Expr::value(None::<i64>))
                .filter(Column::ProfileAt.is_not_null())
                .exec(&self.tx)
                .await?;
            of_users()
                .col_expr(Column::AvatarUrl, Expr::value(None::<String>))
                .filter(Column::AvatarUrl.is_not_null())
                .exec(&self.tx)
                .await?;
        }
        visit::Entity::update_many()
            .col_expr(visit::Column::Nickname, Expr::value(None::<String>))
            .col_expr(visit::Column::AvatarUrl, Expr::value(None::<String>))
            .filter(visit::Column::OrgId.eq(organization))
            .filter(visit::Column::Openid.is_in(openids.iter().map(String::as_str)))
            .exec(&self.tx)
            .await?;
        Ok(())
    }

    /// Takes an openid from every account that is signed in by it.
    ///
    /// # Errors
    /// The database refused.
    pub async fn unbind_openid(&self, scope: OrgScope, appid: &str, openid: &str) -> Result<(), StoreError> {
        wechat_binding::Entity::delete_many()
            .filter(wechat_binding::Column::OrgId.eq(scope.organization().0))
            .filter(wechat_binding::Column::Appid.eq(appid))
            .filter(wechat_binding::Column::Openid.eq(openid))
            .exec(&self.tx)
            .await?;
        Ok(())
    }
}

async fn find<C: ConnectionTrait>(
    db: &C,
    scope: OrgScope,
    appid: &str,
    openids: Vec<String>,
) -> Result<Vec<Binding>, StoreError> {
    let rows = wechat_binding::Entity::find()
        .filter(wechat_binding::Column::OrgId.eq(scope.organization().0))
        .filter(wechat_binding::Column::Appid.eq(appid))
        .filter(wechat_binding::Column::Openid.is_in(openids))
        .order_by_asc(wechat_binding::Column::Id)
        .all(db)
        .await?;
    let read = |row: wechat_binding::Model| Binding {
        openid: row.openid,
        user: UserId(row.user_id),
        app: AppId(row.app_id),
    };
    Ok(rows.into_iter().map(read).collect())
}
