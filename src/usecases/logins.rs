//! Logins: granting one, asking who it is, ending it.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

use crate::domain::audit::{Action, Caller, Entry};
use crate::domain::clock::random;
use crate::domain::external_user::ExternalUser;
use crate::domain::ids::{LoginId, UserId};
use crate::domain::keys::{hex, sha256};
use crate::domain::login::{Login, LoginKind, SEEN_EVERY};
use crate::domain::portal::Portal;
use crate::store::{StoreError, Unit};

use super::SignIn;

/// A login that has just been made; the token exists here and in the cookie, and nowhere else.
pub struct Granted {
    /// Its id.
    pub login: LoginId,
    /// The cookie's value.
    pub token: String,
    /// The portal it is good for.
    pub slug: String,
}

impl Granted {
    /// Where a signed-in browser goes.
    pub fn home(&self) -> String {
        format!("/p/{}/home", self.slug)
    }
}

/// Somebody who is signed in.
pub struct SignedIn {
    /// Who.
    pub user: ExternalUser,
    /// By which login.
    pub login: Login,
    /// Whether they follow the service account; none when WeChat has never said.
    pub follows: Option<bool>,
}

impl SignIn {
    /// Writes a login within a unit, which holds the person.
    pub(super) async fn grant(
        &self,
        unit: &Unit,
        portal: &Portal,
        user: UserId,
        kind: LoginKind,
        caller: &Caller,
    ) -> Result<Granted, StoreError> {
        let token = URL_SAFE_NO_PAD.encode(random::<32>(self.entropy()));
        let now = self.now();
        let hours = u64::try_from(portal.login_hours).unwrap_or(0);
        let login = Login {
            id: LoginId::generate(self.clock(), self.entropy()),
            organization: portal.organization,
            app: portal.app,
            user,
            kind,
            last_seen_at: now,
            expires_at: now.plus(std::time::Duration::from_secs(hours * 3_600)),
        };
        unit.create_login(&login, &token_hash(&token), self.parts.limits.logins_per_user).await?;
        unit.audit(entry(portal, user, Action::SessionCreated, login.id), caller);
        Ok(Granted { login: login.id, token, slug: portal.slug.clone() })
    }

    /// Who a login cookie stands for at this portal; none when it counts for nothing here.
    ///
    /// # Errors
    /// The database is away.
    pub async fn who(&self, portal: &Portal, token: &str) -> Result<Option<SignedIn>, StoreError> {
        let Some(login) = self.parts.store.login(&token_hash(token)).await? else { return Ok(None) };
        if login.app != portal.app || !login.is_alive(self.now(), &self.parts.lifetimes) {
            return Ok(None);
        }
        let user = self.parts.store.external_user(portal.scope(), login.user).await?;
        // Terms are no matter here: a new version is asked for at the next way in, and logins stay.
        let passes =
            |user: &ExternalUser| portal.admit(Some((user.id, user.status))).is_ok() && user.may_sign_in();
        let Some(user) = user.filter(passes) else { return Ok(None) };
        if self.now().since(login.last_seen_at) > SEEN_EVERY {
            // Whoever is signed in stays so while the database cannot be written.
            if let Err(error) = self.touch(&login).await {
                tracing::warn!(login.id = %login.id, error = %error, "that a login is in use could not be noted");
            }
        }
        let follows = match self.parts.store.openid_of_user(portal.scope(), user.id).await? {
            Some(openid) => self.follows(portal, &openid).await?,
            None => None,
        };
        Ok(Some(SignedIn { user, login, follows }))
    }

    async fn touch(&self, login: &Login) -> Result<(), StoreError> {
        let unit = self.parts.store.begin().await?;
        unit.touch_login(login.id).await?;
        unit.commit().await
    }

    /// Ends a login; one that is over already is as good.
    ///
    /// # Errors
    /// The database is away.
    pub async fn sign_out(&self, portal: &Portal, token: &str, caller: &Caller) -> Result<(), StoreError> {
        let login = self.parts.store.login(&token_hash(token)).await?;
        let Some(login) = login.filter(|login| login.app == portal.app) else { return Ok(()) };
        let unit = self.parts.store.begin().await?;
        if unit.end_login(login.id).await? {
            unit.audit(entry(portal, login.user, Action::SessionEnded, login.id), caller);
        }
        unit.commit().await
    }
}

/// The person whom an openid signs in at a portal, held until the unit ends, and so is the service account that is bound: whoever
/// disables, deletes or unbinds at this moment either comes first and is seen, or sees the login. None when the openid
/// signs them in no more.
pub(super) async fn hold_person(
    unit: &Unit,
    portal: &Portal,
    user: UserId,
    openid: &str,
) -> Result<Option<ExternalUser>, StoreError> {
    let (scope, app) = (portal.scope(), portal.app);
    if unit.bound_account(scope).await?.is_none() || !unit.hold_external_user(scope, app, user).await? {
        return Ok(None);
    }
    Ok(unit.user_of_openid(scope, app, openid).await?.filter(|bound| bound.id == user))
}

fn token_hash(token: &str) -> String {
    hex(&sha256(token.as_bytes()))
}

fn entry(portal: &Portal, user: UserId, action: Action, login: LoginId) -> Entry {
    let subject = Some(login.to_string());
    Entry { organization: portal.organization, action, actor: user.to_string(), subject, result: "ok" }
}
