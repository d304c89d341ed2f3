//! The logins of one external user, for whoever administers it.

use sea_orm::sea_query::Expr;
use sea_orm::{ColumnTrait, Condition, EntityTrait, ExprTrait, QueryFilter, QueryOrder};

use entities::login;

use crate::domain::clock::Millis;
use crate::domain::ids::{AppId, LoginId, UserId};
use crate::domain::login::{Login, LoginKind};
use crate::domain::policy::Lifetimes;
use crate::domain::scope::OrgScope;

use super::connect::Store;
use super::error::StoreError;
use super::logins::read;
use super::page::{Listed, Page};
use super::unit::Unit;

impl Store {
    /// The logins of a person that count now, each with when it was made.
    ///
    /// # Errors
    /// The database is away, or a row makes no sense.
    pub async fn logins_of(
        &self,
        scope: OrgScope,
        user: UserId,
        lifetimes: &Lifetimes,
        page: Page,
    ) -> Result<Listed<(Login, Millis)>, StoreError> {
        let now = self.tools.clock.now();
        let recent = |kind: LoginKind, idle| {
            let since = now.minus(idle).0;
            login::Column::Kind.eq(kind.name()).and(login::Column::LastSeenAt.gte(since))
        };
        let query = login::Entity::find()
            .filter(login::Column::OrgId.eq(scope.organization().0))
            .filter(login::Column::UserId.eq(user.0))
            .filter(login::Column::EndedAt.is_null())
            .filter(login::Column::ExpiresAt.gte(now.0))
            .filter(
                Condition::any()
                    .add(recent(LoginKind::Pc, lifetimes.idle_pc))
                    .add(recent(LoginKind::WeChat, lifetimes.idle_wechat)),
            );
        let rows = page.of(query, login::Column::Id).all(&self.readers).await?;
        page.cut(rows, |row| row.id, |row| Ok((read(&row)?, Millis(row.created_at)))).sound()
    }
}

impl Unit {
    /// The logins of a person that have not ended, whether or not their time is over.
    ///
    /// # Errors
    /// The database is away.
    pub async fn open_logins_of(&self, scope: OrgScope, user: UserId) -> Result<Vec<LoginId>, StoreError> {
        let rows = login::Entity::find()
            .filter(login::Column::OrgId.eq(scope.organization().0))
            .filter(login::Column::UserId.eq(user.0))
            .filter(login::Column::EndedAt.is_null())
            .order_by_asc(login::Column::Id)
            .all(&self.tx)
            .await?;
        Ok(rows.into_iter().map(|row| LoginId(row.id)).collect())
    }

    /// Ends every login of external users at an organization.
    ///
    /// # Errors
    /// The database refused.
    pub async fn end_all_logins(&self, scope: OrgScope) -> Result<(), StoreError> {
        login::Entity::update_many()
            .col_expr(login::Column::EndedAt, Expr::value(self.now().0))
            .filter(login::Column::OrgId.eq(scope.organization().0))
            .filter(login::Column::EndedAt.is_null())
            .exec(&self.tx)
            .await?;
        Ok(())
    }

    /// Ends a login of this person; false when there is none such, or it had ended before.
    ///
    /// # Errors
    /// The database refused.
    pub async fn end_login_of(
        &self,
        scope: OrgScope,
        app: AppId,
        user: UserId,
        id: LoginId,
    ) -> Result<bool, StoreError> {
        let now = self.now().0;
        let done = login::Entity::update_many()
            .col_expr(login::Column::EndedAt, Expr::value(now))
            .filter(login::Column::Id.eq(id.0))
            .filter(login::Column::OrgId.eq(scope.organization().0))
            .filter(login::Column::AppId.eq(app.0))
            .filter(login::Column::UserId.eq(user.0))
            .filter(login::Column::EndedAt.is_null())
            .filter(login::Column::ExpiresAt.gte(now))
            .exec(&self.tx)
            .await?;
        Ok(done.rows_affected == 1)
    }
}
