//! How somebody who signed in comes to follow: the QR code of the service account, one for each app.

use std::time::Duration;

use crate::bus::guard::Limit;
use crate::domain::portal::Portal;
use crate::domain::service_account::ServiceAccount;
use crate::store::StoreError;
use crate::store::follow_codes::FollowCode;
use crate::wechat::WeChatError;

use super::SignIn;
use super::sign_in::credentials;

/// Longest time that a page waits for a code; it is shown without one then.
const PATIENCE: Duration = Duration::from_secs(2);

/// How long before its end a code is made anew: a page, or a picture of it, may be looked at for a while.
const RENEWED: Duration = Duration::from_hours(24);

/// The life of a code of which WeChat does not say how long it is.
const SHORTEST: Duration = Duration::from_mins(1);

/// How long WeChat is not asked again for a code that it did not make.
const ASKED: Duration = Duration::from_mins(1);

#[derive(Debug, thiserror::Error)]
enum NoCode {
    #[error(transparent)]
    Store(#[from] StoreError),
    #[error(transparent)]
    WeChat(#[from] WeChatError),
}

impl SignIn {
    /// What a person of this portal scans to follow the service account; none while there is no way to have it soon.
    pub async fn follow_link(&self, portal: &Portal) -> Option<String> {
        let found = tokio::time::timeout(PATIENCE, self.follow_code(portal)).await;
        let error = match found {
            Ok(Ok(link)) => return link,
            Ok(Err(error)) => error.to_string(),
            Err(_) => "no answer in time".to_owned(),
        };
        tracing::warn!(organization.id = %portal.organization, error, "the code by which people follow could not be had");
        None
    }

    /// What the portal's code of this moment encodes, if one was made; nobody is asked for one.
    ///
    /// # Errors
    /// The database is away.
    pub async fn known_follow_link(&self, portal: &Portal) -> Result<Option<String>, StoreError> {
        let account = self.parts.store.service_account_of(portal.organization).await?;
        let Some(account) = account else { return Ok(None) };
        let code = self.parts.store.follow_code(portal.scope(), account.id, portal.app).await?;
        Ok(code.filter(|code| self.now() < code.expires_at).map(|code| code.url))
    }

    /// Whether an openid follows the portal's service account; none when WeChat has never said.
    ///
    /// # Errors
    /// The database is away.
    pub async fn follows(&self, portal: &Portal, openid: &str) -> Result<Option<bool>, StoreError> {
        let known = self.parts.store.follower(portal.scope(), openid).await?;
        Ok(known.map(|known| known.follows))
    }

    async fn follow_code(&self, portal: &Portal) -> Result<Option<String>, NoCode> {
        let account = self.parts.store.service_account_of(portal.organization).await?;
        let Some(account) = account else { return Ok(None) };
        let find = || self.parts.store.follow_code(portal.scope(), account.id, portal.app);
        let is_fresh = |code: &Option<FollowCode>| {
            code.as_ref().is_some_and(|code| self.now().plus(RENEWED) < code.expires_at)
        };
        let mut code = find().await?;
        if !is_fresh(&code) {
            let _turn = self.turns.take(portal.app.0).await;
            code = find().await?;
            if !is_fresh(&code) && self.may_ask_for_code(portal, &account).await {
                match self.make_code(portal, &account).await {
                    Ok(made) => code = Some(made),
                    // The one before is good for some hours yet.
                    Err(error) if code.as_ref().is_some_and(|code| self.now() < code.expires_at) => {
                        tracing::warn!(organization.id = %portal.organization, error = %error, "the code by which people follow could not be renewed");
                    }
                    Err(error) => return Err(error),
                }
            }
        }
        Ok(code.filter(|code| self.now() < code.expires_at).map(|code| code.url))
    }

    async fn may_ask_for_code(&self, portal: &Portal, account: &ServiceAccount) -> bool {
        let key = format!("{} {}", account.id, portal.app);
        let limit = Limit { name: "follow_code", key, max: 1, window: ASKED };
        self.parts.bus.pass(&[limit], self.now()).await.is_ok()
    }

    async fn make_code(&self, portal: &Portal, account: &ServiceAccount) -> Result<FollowCode, NoCode> {
        let asked_at = self.now();
        let made = self.parts.wechat.create_qr_code(&credentials(account), &portal.app.to_string()).await?;
        let life = made.expire_seconds.map_or(SHORTEST, Duration::from_secs);
        let code = FollowCode { url: made.url, expires_at: asked_at.plus(life) };
        let unit = self.parts.store.begin().await?;
        let held = unit.service_account(portal.scope()).await?;
        // A code of an account that was unbound meanwhile leads to somebody else.
        if held.is_some_and(|held| held.id == account.id) {
            unit.keep_follow_code(portal.scope(), (account.id, portal.app), &code).await?;
            unit.commit().await?;
        }
        Ok(code)
    }
}
