//! The service account of an organization: bound, changed, unbound.

use secrecy::ExposeSecret;

use crate::bus::Nudge;
use crate::domain::audit::{Action, By};
use crate::domain::ids::{OrgId, ServiceAccountId};
use crate::domain::notification::{Outbox, Stop};
use crate::domain::qr_session::Refusal;
use crate::domain::scope::OrgScope;
use crate::domain::service_account::{DomainFile, PushMode, Reach, ServiceAccount, check_parts};
use crate::store::StoreError;
use crate::store::notification_progress::Which;
use crate::wechat::callback::EncodingAesKey;

use super::administration::{Administration, ChangeError, Conflict, Prepared};
use super::sign_in::credentials;

/// Tries against other binds at the same moment; each try sees what the one before lost to.
const TRIES: usize = 3;

/// A service account to bind.
#[derive(Clone)]
pub struct NewServiceAccount {
    /// WeChat's id of it.
    pub appid: String,
    /// Its app secret.
    pub secret: String,
    /// The token of its callback.
    pub token: String,
    /// The key of its callback.
    pub encoding_aes_key: String,
    /// How WeChat sends its pushes.
    pub mode: PushMode,
    /// WeChat's original id; as before when nothing is said, `Some(None)` for none.
    pub original_id: Option<Option<String>>,
    /// The file that WeChat wants at the domain's root; as before when nothing is said, `Some(None)` for none.
    pub domain_file: Option<Option<DomainFile>>,
}

/// A bound service account, and how many people it reaches.
#[derive(Clone)]
pub struct Bound {
    /// The account.
    pub account: ServiceAccount,
    /// Whom it reaches.
    pub reach: Reach,
}

impl Administration {
    /// Binds a service account to an organization, or changes the one that is bound, once WeChat has taken its credentials.
    ///
    /// # Errors
    /// A part has the wrong form, organization or appid are taken (which is told without asking WeChat), or what WeChat has
    /// against the credentials.
    pub async fn bind_service_account(
        &self,
        scope: OrgScope,
        new: NewServiceAccount,
        by: &By,
    ) -> Result<Prepared<Bound>, ChangeError> {
        check(&new)?;
        self.check_free(scope, &new).await?;
        let known = self.parts.store.service_account_of(scope.organization()).await?;
        let mut tried = self.service_account(scope.organization(), new.clone());
        if let Some(known) = known {
            tried.id = known.id;
        }
        self.parts.wechat.check_credentials(&credentials(&tried)).await.map_err(ChangeError::WeChat)?;
        self.write_service_account(scope, &new, by).await
    }

    /// Binds a service account, or changes it, without asking WeChat.
    ///
    /// # Errors
    /// A part has the wrong form, or organization or appid are taken.
    pub async fn bind_service_account_unasked(
        &self,
        scope: OrgScope,
        new: NewServiceAccount,
        by: &By,
    ) -> Result<Prepared<Bound>, ChangeError> {
        check(&new)?;
        self.check_free(scope, &new).await?;
        self.write_service_account(scope, &new, by).await
    }

    /// The service account of an organization.
    ///
    /// # Errors
    /// There is none.
    pub async fn bound_service_account(&self, scope: OrgScope) -> Result<Bound, ChangeError> {
        let account = self.parts.store.service_account_of(scope.organization()).await?;
        let account = account.ok_or(ChangeError::NotFound)?;
        let reach = self.parts.store.reach(scope, &account).await?;
        Ok(Bound { account, reach })
    }

    /// Takes the service account from its organization; `confirmed` names its appid, or says yes. Whoever came by it is
    /// signed out, whoever is on the way in is refused, and browsers that wait are told.
    ///
    /// # Errors
    /// There is none, or it was not confirmed what stops.
    pub async fn unbind_service_account(
        &self,
        scope: OrgScope,
        confirmed: Option<&str>,
        by: &By,
    ) -> Result<Prepared<()>, ChangeError> {
        let Bound { account, reach } = self.bound_service_account(scope).await?;
        if confirmed.is_none_or(|confirmed| confirmed != account.appid && confirmed != "true") {
            let Reach { bindings, only_by_wechat: unreachable, followers } = reach;
            let appid = account.appid;
            return Err(Conflict::ConfirmationRequired { appid, bindings, unreachable, followers }.into());
        }
        // Followers may be millions: they go page by page, so that nobody else waits long for the database. If this is cut off
        // the account is still bound, and they can be imported again.
        loop {
            let unit = self.parts.store.begin().await?;
            let more = unit.forget_followers(account.id).await?;
            unit.commit().await?;
            if !more {
                break;
            }
        }
        let unit = self.parts.store.begin().await?;
        // Whoever sends by it holds its outbox before its notifications.
        unit.hold_outboxes(scope.organization()).await?;
        let held = unit.service_account(scope).await?;
        let held = held.filter(|held| held.id == account.id).ok_or(ChangeError::NotFound)?;
        // A visit that goes on at this moment asks first what is bound, and so is either refused here or too late.
        unit.refuse_visits(scope, Refusal::PortalClosed).await?;
        unit.unbind_service_account(scope, &held).await?;
        self.portals_switched(&unit, &unit.apps_of(scope.organization()).await?).await?;
        unit.end_all_logins(scope).await?;
        unit.stop_notifications(Outbox(held.id.0), Which::All, Stop::Unbound).await?;
        let prepared = self.noted(unit, by, (scope.organization(), Action::Deleted), &held.id, ());
        Ok(prepared.telling(Nudge::Outbox))
    }

    /// What is told before WeChat is asked: who has the appid, the organization, the file.
    async fn check_free(&self, scope: OrgScope, new: &NewServiceAccount) -> Result<(), ChangeError> {
        let (store, own) = (&self.parts.store, scope.organization());
        let of_appid = store.service_account_by_appid(&new.appid).await?;
        if of_appid.is_some_and(|account| account.organization != own) {
            return Err(Conflict::ServiceAccountTaken.into());
        }
        if store.service_account_of(own).await?.is_some_and(|account| account.appid != new.appid) {
            return Err(Conflict::OrganizationHasServiceAccount.into());
        }
        let Some(Some(file)) = &new.domain_file else { return Ok(()) };
        match store.domain_file(file.name()).await? {
            Some((owner, _)) if owner != own => {
                Err(ChangeError::invalid("domain_file", "is served for another organization"))
            }
            _ => Ok(()),
        }
    }

    async fn write_service_account(
        &self,
        scope: OrgScope,
        new: &NewServiceAccount,
        by: &By,
    ) -> Result<Prepared<Bound>, ChangeError> {
        for _ in 0..TRIES {
            match self.try_write(scope, new, by).await {
                // Somebody else was first: what they wrote says at what. Nothing does if it is the same account of the same
                // organization: then it is changed.
                Err(ChangeError::Store(StoreError::Conflict)) => self.check_free(scope, new).await?,
                outcome => return outcome,
            }
        }
        Err(ChangeError::Store(StoreError::Conflict))
    }

    async fn try_write(
        &self,
        scope: OrgScope,
        new: &NewServiceAccount,
        by: &By,
    ) -> Result<Prepared<Bound>, ChangeError> {
        let mut account = self.service_account(scope.organization(), new.clone());
        let unit = self.parts.store.begin().await?;
        match unit.service_account(scope).await? {
            Some(before) if before.appid != account.appid => {
                return Err(Conflict::OrganizationHasServiceAccount.into());
            }
            Some(before) => {
                succeed(&mut account, before, new);
                unit.set_service_account(&account).await?;
            }
            None => {
                unit.bind_service_account(&account).await?;
                self.portals_switched(&unit, &unit.apps_of(scope.organization()).await?).await?;
            }
        }
        let reach = unit.reach(scope, &account).await?;
        let id = account.id;
        let bound = Bound { account, reach };
        Ok(self.noted(unit, by, (scope.organization(), Action::SecretChanged), &id, bound))
    }

    pub(super) fn service_account(&self, organization: OrgId, new: NewServiceAccount) -> ServiceAccount {
        ServiceAccount {
            id: ServiceAccountId::generate(self.clock(), self.entropy()),
            organization,
            appid: new.appid,
            secret: new.secret.into(),
            token: new.token.into(),
            encoding_aes_key: new.encoding_aes_key.into(),
            previous_encoding_aes_key: None,
            mode: new.mode,
            original_id: new.original_id.flatten(),
            domain_file: new.domain_file.flatten(),
            created_at: self.now(),
            updated_at: self.now(),
        }
    }
}

/// Makes an account the next version of the one before: what was not said stays, and the key before opens what is on its way.
fn succeed(account: &mut ServiceAccount, before: ServiceAccount, new: &NewServiceAccount) {
    account.id = before.id;
    account.created_at = before.created_at;
    let same_key = account.encoding_aes_key.expose_secret() == before.encoding_aes_key.expose_secret();
    account.previous_encoding_aes_key =
        if same_key { before.previous_encoding_aes_key } else { Some(before.encoding_aes_key) };
    if new.original_id.is_none() {
        account.original_id = before.original_id;
    }
    if new.domain_file.is_none() {
        account.domain_file = before.domain_file;
    }
}

fn check(new: &NewServiceAccount) -> Result<(), ChangeError> {
    let original_id = new.original_id.as_ref().and_then(|id| id.as_deref());
    check_parts(&new.appid, &new.secret, &new.token, original_id)
        .map_err(|part| ChangeError::invalid(part.field(), part.to_string()))?;
    EncodingAesKey::parse(&new.encoding_aes_key)
        .map_err(|_| ChangeError::invalid("encoding_aes_key", "must have 43 letters and digits"))?;
    Ok(())
}
