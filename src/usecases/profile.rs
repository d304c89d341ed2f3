//! Name and picture from WeChat: asked for by a tap on the phone page, never needed.

use crate::domain::keys::{hex, sha256};
use crate::domain::phone_visit::PhoneCookie;
use crate::domain::portal::Portal;
use crate::domain::service_account::ServiceAccount;
use crate::wechat::{Scope, WeChatError};

use super::SignIn;
use super::arrive::{Arrival, ArriveError, Departure};
use super::phone_steps::{NoStep, Step};
use super::sign_in::credentials;

impl SignIn {
    /// Sends the phone to WeChat's consent page for name and picture.
    ///
    /// # Errors
    /// Nothing under way, or a foreign form.
    pub async fn ask_profile(
        &self,
        slug: &str,
        cookie: Option<&str>,
        csrf: &str,
    ) -> Result<Departure, NoStep> {
        let view = self.posted(slug, cookie, csrf, &[Step::Approve]).await?;
        let account = self
            .parts
            .store
            .service_account_of(view.portal.organization)
            .await?
            .ok_or(NoStep::NoTransaction)?;
        let cookie = view.cookie.asking_profile(self.now());
        let state = cookie.profile_state(&self.parts.signing).ok_or(NoStep::NoTransaction)?;
        let url = self.parts.wechat.authorize_url(
            &account.appid,
            &self.callback_url(&account),
            Scope::UserInfo,
            &state,
        );
        Ok(Departure { cookie, url })
    }

    /// Takes name and picture; whatever goes wrong, the phone goes back to its step without them.
    pub(super) async fn take_profile(
        &self,
        portal: &Portal,
        account: &ServiceAccount,
        cookie: &PhoneCookie,
        code: Option<&str>,
        state: &str,
    ) -> Result<Arrival, ArriveError> {
        let back = Arrival::Phone { slug: portal.slug.clone() };
        let asked_at = cookie.profile_at.ok_or(ArriveError::BadState)?;
        let visit = self
            .parts
            .store
            .visit(&cookie.visit_key(&self.parts.signing))
            .await?
            .ok_or(ArriveError::BadState)?;
        if self.now() > asked_at.plus(self.parts.lifetimes.oauth_state) {
            return Err(ArriveError::TooLate);
        }
        let Some(code) = code else { return Ok(back) };
        let unit = self.parts.store.begin().await?;
        let first = unit.take_profile_state(visit.id, &hex(&sha256(state.as_bytes()))).await?;
        unit.commit().await?;
        if !first {
            return Ok(back);
        }
        let profile = async {
            let authorization = self.parts.wechat.exchange_code(&credentials(account), code).await?;
            if Some(&authorization.openid) != visit.openid.as_ref() {
                return Ok(None);
            }
            self.parts.wechat.user_profile(&authorization, "zh_CN").await.map(Some)
        };
        let profile = match profile.await {
            Ok(Some(profile)) => profile,
            Ok(None) => return Err(ArriveError::BadState),
            Err(WeChatError::SnapshotUser) => return Err(ArriveError::Snapshot),
            Err(error) => {
                tracing::warn!(error = %error, "name and picture could not be had");
                return Ok(back);
            }
        };
        let nickname = profile.nickname.map(|name| name.chars().take(60).collect::<String>());
        let unit = self.parts.store.begin().await?;
        unit.set_visit_profile(visit.id, nickname.as_deref(), profile.avatar_url.as_deref()).await?;
        if let Some(user) = unit.bound_user(portal.app, visit.openid.as_deref().unwrap_or_default()).await? {
            unit.set_profile(portal.scope(), user, nickname.as_deref(), profile.avatar_url.as_deref())
                .await?;
        }
        unit.commit().await?;
        Ok(back)
    }
}
