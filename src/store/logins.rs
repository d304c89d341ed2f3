//! Logins, found by the hash of their token.

use sea_orm::sea_query::Expr;
use sea_orm::{ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder};

use entities::login;

use crate::domain::clock::Millis;
use crate::domain::ids::{AppId, LoginId, OrgId, UserId};
use crate::domain::login::{Login, LoginKind, SEEN_EVERY};

use super::connect::Store;
use super::error::{StoreError, inconsistent};
use super::unit::Unit;

impl Store {
    /// The login of a token, if it has not been ended; whether it still counts is for its own rule to say.
    ///
    /// # Errors
    /// The database is away, or the row makes no sense.
    pub async fn login(&self, token_hash: &str) -> Result<Option<Login>, StoreError> {
        let row = login::Entity::find()
            .filter(login::Column::TokenHash.eq(token_hash))
            .filter(login::Column::EndedAt.is_null())
            .one(&self.readers)
            .await?;
        row.as_ref().map(read).transpose()
    }
}

impl Unit {
    /// Writes a new login, and ends the oldest ones of this person beyond `at_most`.
    ///
    /// # Errors
    /// The database refused.
    pub async fn create_login(
        &self,
        login: &Login,
        token_hash: &str,
        at_most: u32,
    ) -> Result<(), StoreError> {
        let row = login::ActiveModel {
            id: Set(login.id.0),
            org_id: Set(login.organization.0),
            app_id: Set(login.app.0),
            user_id: Set(login.user.0),
            kind: Set(login.kind.name().into()),
            token_hash: Set(token_hash.into()),
            created_at: Set(self.now().0),
            last_seen_at: Set(login.last_seen_at.0),
            expires_at: Set(login.expires_at.0),
            ended_at: Set(None),
        };
        login::Entity::insert(row).exec_without_returning(&self.tx).await?;
        let live = login::Entity::find()
            .filter(login::Column::UserId.eq(login.user.0))
            .filter(login::Column::EndedAt.is_null())
            .filter(login::Column::ExpiresAt.gte(self.now().0))
            .order_by_desc(login::Column::CreatedAt)
            .order_by_desc(login::Column::Id)
            .all(&self.tx)
            .await?;
        for row in live.into_iter().skip(usize::try_from(at_most).unwrap_or(usize::MAX)) {
            self.end_login(LoginId(row.id)).await?;
        }
        Ok(())
    }

    /// Ends a login; false when it had ended before.
    ///
    /// # Errors
    /// The database refused.
    pub async fn end_login(&self, id: LoginId) -> Result<bool, StoreError> {
        let done = login::Entity::update_many()
            .col_expr(login::Column::EndedAt, Expr::value(self.now().0))
            .filter(login::Column::Id.eq(id.0))
            .filter(login::Column::EndedAt.is_null())
            .exec(&self.tx)
            .await?;
        Ok(done.rows_affected == 1)
    }

    /// Ends every login of a person.
    ///
    /// # Errors
    /// The database refused.
    pub async fn end_logins_of(&self, user: UserId) -> Result<u64, StoreError> {
        let done = login::Entity::update_many()
            .col_expr(login::Column::EndedAt, Expr::value(self.now().0))
            .filter(login::Column::UserId.eq(user.0))
            .filter(login::Column::EndedAt.is_null())
            .exec(&self.tx)
            .await?;
        Ok(done.rows_affected)
    }

    /// Notes that a login is in use, at most once in [`SEEN_EVERY`].
    ///
    /// # Errors
    /// The database refused.
    pub async fn touch_login(&self, id: LoginId) -> Result<(), StoreError> {
        let now = self.now();
        login::Entity::update_many()
            .col_expr(login::Column::LastSeenAt, Expr::value(now.0))
            .filter(login::Column::Id.eq(id.0))
            .filter(login::Column::LastSeenAt.lt(now.minus(SEEN_EVERY).0))
            .exec(&self.tx)
            .await?;
        Ok(())
    }
}

pub(super) fn read(row: &login::Model) -> Result<Login, StoreError> {
    let id = LoginId(row.id);
    Ok(Login {
        id,
        organization: OrgId(row.org_id),
        app: AppId(row.app_id),
        user: UserId(row.user_id),
        kind: LoginKind::from_name(&row.kind).ok_or_else(|| inconsistent("logins", "kind", id))?,
        last_seen_at: Millis(row.last_seen_at),
        expires_at: Millis(row.expires_at),
    })
}
