//! Logins of platform accounts: granted, asked who it is, ended.

use crate::bus::Nudge;
use crate::domain::account::{Account, AccountLogin, AccountToken, Client};
use crate::domain::audit::{Action, Caller, Entry};
use crate::domain::ids::{AccountId, AccountLoginId};
use crate::domain::login::SEEN_EVERY;
use crate::store::{Listed, Page, StoreError, Unit};

use super::platform_accounts::{PlatformAccounts, platform};

/// Somebody who is signed in.
#[derive(Clone, Debug)]
pub struct SignedInAccount {
    /// Who.
    pub account: Account,
    /// By which login.
    pub login: AccountLogin,
}

impl PlatformAccounts {
    /// Signs an account in that has just proved itself otherwise (by registering).
    ///
    /// # Errors
    /// The database refused.
    pub async fn log_in(
        &self,
        account: AccountId,
        client: Client,
        caller: &Caller,
    ) -> Result<AccountToken, StoreError> {
        let unit = self.parts.store.begin().await?;
        let token = self.grant(&unit, account, client, caller).await?;
        unit.commit().await?;
        Ok(token)
    }

    /// Writes a login within a unit.
    pub(super) async fn grant(
        &self,
        unit: &Unit,
        account: AccountId,
        client: Client,
        caller: &Caller,
    ) -> Result<AccountToken, StoreError> {
        let token = AccountToken::generate(&*self.parts.entropy);
        let now = self.now();
        let rules = &self.parts.accounts;
        let login = AccountLogin {
            id: AccountLoginId::generate(&*self.parts.clock, &*self.parts.entropy),
            account,
            client,
            created_at: now,
            last_seen_at: now,
            expires_at: now.plus(rules.login),
        };
        unit.create_account_login(&login, &token.hash(), rules.logins).await?;
        unit.audit(entry(account, Action::SessionCreated, login.id), caller);
        Ok(token)
    }

    /// Who a token stands for; none when it counts for nothing, or was made for another client.
    ///
    /// # Errors
    /// The database is away.
    pub async fn who(&self, token: &str, client: Client) -> Result<Option<SignedInAccount>, StoreError> {
        let Some(token) = AccountToken::parse(token) else { return Ok(None) };
        let login = self.parts.store.account_login(&token.hash()).await?;
        let alive = |login: &AccountLogin| login.is_alive(self.now(), &self.parts.accounts);
        let Some(login) = login.filter(|login| login.client == client && alive(login)) else {
            return Ok(None);
        };
        let account = self.parts.store.account(login.account).await?;
        let Some(account) = account.filter(|account| account.enabled) else { return Ok(None) };
        if self.now().since(login.last_seen_at) > SEEN_EVERY {
            // Whoever is signed in stays so while the database cannot be written.
            if let Err(error) = self.touch(login.id).await {
                tracing::warn!(account_login.id = %login.id, error = %error, "that a login is in use could not be noted");
            }
        }
        Ok(Some(SignedInAccount { account, login }))
    }

    async fn touch(&self, id: AccountLoginId) -> Result<(), StoreError> {
        let unit = self.parts.store.begin().await?;
        unit.touch_account_login(id).await?;
        unit.commit().await
    }

    /// The logins of an account that still count.
    ///
    /// # Errors
    /// The database is away.
    pub async fn logins(&self, account: AccountId, page: Page) -> Result<Listed<AccountLogin>, StoreError> {
        let seen_since = self.now().minus(self.parts.accounts.login_idle);
        self.parts.store.account_logins(account, seen_since, page).await
    }

    /// Ends a login of an account; false when there is none that counts.
    ///
    /// # Errors
    /// The database is away.
    pub async fn end_login(
        &self,
        account: AccountId,
        id: AccountLoginId,
        caller: &Caller,
    ) -> Result<bool, StoreError> {
        let unit = self.parts.store.begin().await?;
        let ended = unit.end_account_login(account, id).await?;
        if ended {
            unit.audit(entry(account, Action::SessionEnded, id), caller);
        }
        unit.commit().await?;
        self.parts.bus.nudge(Nudge::Changes);
        Ok(ended)
    }
}

fn entry(account: AccountId, action: Action, login: AccountLoginId) -> Entry {
    let (actor, subject) = (account.to_string(), Some(login.to_string()));
    Entry { organization: platform(), action, actor, subject, result: "ok" }
}
