//! Logins of platform accounts, found by the hash of their token.

use std::collections::HashSet;

use sea_orm::sea_query::{Expr, Query};
use sea_orm::{
    ActiveModelTrait, ActiveValue::Set, ColumnTrait, EntityTrait, QueryFilter, QueryOrder, QuerySelect,
};
use uuid::Uuid;

use entities::{account, account_login};

use crate::domain::account::{AccountLogin, Client};
use crate::domain::clock::Millis;
use crate::domain::ids::{AccountId, AccountLoginId, OrgId};
use crate::domain::login::SEEN_EVERY;

use super::changes::Topic;
use super::connect::Store;
use super::error::{StoreError, inconsistent};
use super::page::{Listed, Page};
use super::unit::Unit;

impl Store {
    /// The login of a token, if it has not been ended; whether it still counts is for its own rule to say.
    ///
    /// # Errors
    /// The database is away, or the row makes no sense.
    pub async fn account_login(&self, token_hash: &str) -> Result<Option<AccountLogin>, StoreError> {
        let row = account_login::Entity::find()
            .filter(account_login::Column::TokenHash.eq(token_hash))
            .filter(account_login::Column::EndedAt.is_null())
            .one(&self.readers)
            .await?;
        row.as_ref().map(read).transpose()
    }

    /// The logins of an account that were not ended and were seen since an instant.
    ///
    /// # Errors
    /// The database is away, or a row makes no sense.
    pub async fn account_logins(
        &self,
        account: AccountId,
        seen_since: Millis,
        page: Page,
    ) -> Result<Listed<AccountLogin>, StoreError> {
        use account_login::Column;
        let query = account_login::Entity::find()
            .filter(Column::AccountId.eq(account.0))
            .filter(Column::EndedAt.is_null())
            .filter(Column::LastSeenAt.gte(seen_since.0))
            .filter(Column::ExpiresAt.gte(self.tools.clock.now().0));
        let rows = page.of(query, Column::Id).all(&self.readers).await?;
        page.cut(rows, |row| row.id, |row| read(&row)).sound()
    }

    /// The logins of an account that count: not ended, seen since an instant, and the account may be used.
    ///
    /// # Errors
    /// The database is away.
    pub async fn living_account_logins(
        &self,
        owner: AccountId,
        seen_since: Millis,
    ) -> Result<HashSet<AccountLoginId>, StoreError> {
        use account_login::Column;
        let usable = Query::select()
            .column(account::Column::Id)
            .from(account::Entity)
            .and_where(account::Column::Id.eq(owner.0))
            .and_where(account::Column::Enabled.eq(true))
            .to_owned();
        let ids: Vec<Uuid> = account_login::Entity::find()
            .select_only()
            .column(Column::Id)
            .filter(Column::AccountId.in_subquery(usable))
            .filter(Column::EndedAt.is_null())
            .filter(Column::LastSeenAt.gte(seen_since.0))
            .filter(Column::ExpiresAt.gte(self.tools.clock.now().0))
            .into_tuple()
            .all(&self.readers)
            .await?;
        Ok(ids.into_iter().map(AccountLoginId).collect())
    }
}

impl Unit {
    /// Writes a new login, and ends the oldest ones of this account beyond `at_most`.
    ///
    /// # Errors
    /// The database refused.
    pub async fn create_account_login(
        &self,
        login: &AccountLogin,
        token_hash: &str,
        at_most: u32,
    ) -> Result<(), StoreError> {
        let row = account_login::ActiveModel {
            id: Set(login.id.0),
            account_id: Set(login.account.0),
            client: Set(login.client.name().into()),
            token_hash: Set(token_hash.into()),
            created_at: Set(login.created_at.0),
            last_seen_at: Set(login.last_seen_at.0),
            expires_at: Set(login.expires_at.0),
            ended_at: Set(None),
        };
        row.insert(&self.tx).await?;
        let live = account_login::Entity::find()
            .filter(account_login::Column::AccountId.eq(login.account.0))
            .filter(account_login::Column::EndedAt.is_null())
            .filter(account_login::Column::ExpiresAt.gte(self.now().0))
            .order_by_desc(account_login::Column::CreatedAt)
            .order_by_desc(account_login::Column::Id)
            .all(&self.tx)
            .await?;
        for row in live.into_iter().skip(usize::try_from(at_most).unwrap_or(usize::MAX)) {
            self.end_account_login(login.account, AccountLoginId(row.id)).await?;
        }
        Ok(())
    }

    /// Ends a login of an account, and tells those who watch by it; false when there is none, or it had ended before.
    ///
    /// # Errors
    /// The database refused.
    pub async fn end_account_login(
        &self,
        account: AccountId,
        id: AccountLoginId,
    ) -> Result<bool, StoreError> {
        let done = account_login::Entity::update_many()
            .col_expr(account_login::Column::EndedAt, Expr::value(self.now().0))
            .filter(account_login::Column::Id.eq(id.0))
            .filter(account_login::Column::AccountId.eq(account.0))
            .filter(account_login::Column::EndedAt.is_null())
            .exec(&self.tx)
            .await?;
        let ended = done.rows_affected == 1;
        if ended {
            // Accounts are of no organization, and neither is that line of the feed.
            self.changed(OrgId(Uuid::nil()), Topic::Inbox, &account.to_string());
        }
        Ok(ended)
    }

    /// Notes that a login is in use, at most once in [`SEEN_EVERY`].
    ///
    /// # Errors
    /// The database refused.
    pub async fn touch_account_login(&self, id: AccountLoginId) -> Result<(), StoreError> {
        let now = self.now();
        account_login::Entity::update_many()
            .col_expr(account_login::Column::LastSeenAt, Expr::value(now.0))
            .filter(account_login::Column::Id.eq(id.0))
            .filter(account_login::Column::LastSeenAt.lt(now.minus(SEEN_EVERY).0))
            .exec(&self.tx)
            .await?;
        Ok(())
    }
}

fn read(row: &account_login::Model) -> Result<AccountLogin, StoreError> {
    let id = AccountLoginId(row.id);
    Ok(AccountLogin {
        id,
        account: AccountId(row.account_id),
        client: Client::from_name(&row.client).ok_or_else(|| inconsistent("account_logins", "client", id))?,
        created_at: Millis(row.created_at),
        last_seen_at: Millis(row.last_seen_at),
        expires_at: Millis(row.expires_at),
    })
}
