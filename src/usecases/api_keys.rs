//! API keys: made, shown once, taken back.

use std::time::Duration;

use crate::domain::api_key::{ApiKey, KeyText, owner};
use crate::domain::audit::{Action, By, Caller, Entry};
use crate::domain::ids::{ApiKeyId, OrgId};
use crate::domain::right::Scope;
use crate::store::StoreError;

use super::administration::{Administration, ChangeError, Prepared};

/// How stale `last_used_at` may get before a request writes it anew.
const USED_EVERY: Duration = Duration::from_mins(1);

/// A key to be made.
#[derive(Clone, Debug)]
pub struct NewKey {
    /// Its organization; none for a key of the platform.
    pub organization: Option<OrgId>,
    /// What it is called, checked.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<Scope>,
    /// How long it lasts; as long as keys may when none is said.
    pub lasts: Option<Duration>,
}

impl Administration {
    /// Makes a key; its text is never told again.
    ///
    /// # Errors
    /// A scope is not for such keys, or it would last too long.
    pub async fn create_key(&self, new: NewKey, by: &By) -> Result<Prepared<(ApiKey, KeyText)>, ChangeError> {
        if new.scopes.is_empty() {
            return Err(ChangeError::invalid("scopes", "name at least one scope"));
        }
        if new.organization.is_some() && new.scopes.iter().any(|scope| scope.platform_only()) {
            return Err(ChangeError::invalid("scopes", "organizations:write is for platform keys only"));
        }
        if new.lasts.is_some_and(|lasts| lasts > self.parts.api.key) {
            let days = self.parts.api.key.as_secs() / 86_400;
            return Err(ChangeError::invalid("expires_in_days", format!("at most {days}")));
        }
        let unit = self.parts.store.begin().await?;
        let organization = new.organization;
        let text = KeyText::generate(self.clock(), self.entropy());
        let key = self.key(new, &text);
        unit.create_api_key(&key, &by.actor).await?;
        Ok(self.noted(unit, by, (owner(organization), Action::KeyCreated), &text.id, (key, text.clone())))
    }

    pub(super) fn key(&self, new: NewKey, text: &KeyText) -> ApiKey {
        let now = self.now();
        let mut scopes = new.scopes;
        scopes.sort_unstable();
        scopes.dedup();
        ApiKey {
            id: text.id,
            organization: new.organization,
            name: new.name,
            scopes,
            secret_hash: text.secret_hash(),
            created_at: now,
            expires_at: now.plus(new.lasts.unwrap_or(self.parts.api.key)),
            revoked_at: None,
            last_used_at: None,
        }
    }

    /// Takes a key back; it counts no more from the next request on.
    ///
    /// # Errors
    /// There is no such key, or it was taken back before.
    pub async fn revoke_key(
        &self,
        organization: Option<OrgId>,
        id: ApiKeyId,
        by: &By,
    ) -> Result<Prepared<()>, ChangeError> {
        let unit = self.parts.store.begin().await?;
        if !unit.revoke_api_key(organization, id).await? {
            return Err(ChangeError::NotFound);
        }
        Ok(self.noted(unit, by, (owner(organization), Action::KeyRevoked), &id, ()))
    }

    /// The key that a text is, if it counts; that it is in use is noted once a minute.
    ///
    /// # Errors
    /// The database is away.
    pub async fn authenticate(&self, text: &KeyText) -> Result<Option<ApiKey>, StoreError> {
        let now = self.now();
        let key = self.parts.store.api_key(text.id).await?.filter(|key| key.accepts(text, now));
        if let Some(key) = &key
            && key.last_used_at.is_none_or(|at| now.since(at) > USED_EVERY)
        {
            // A backend goes on while the database cannot be written.
            if let Err(error) = self.touch_key(key.id).await {
                tracing::warn!(api_key.id = %key.id, error = %error, "that a key is in use could not be noted");
            }
        }
        Ok(key)
    }

    /// Whether a key still counts that is used all the time: it was not taken back, has not ended, and its organization is
    /// switched on.
    ///
    /// # Errors
    /// The database is away.
    pub async fn still_counts(&self, id: ApiKeyId) -> Result<bool, StoreError> {
        let now = self.now();
        let key = self.parts.store.api_key(id).await?.filter(|key| key.counts(now));
        let Some(key) = key else { return Ok(false) };
        let Some(organization) = key.organization else { return Ok(true) };
        Ok(self.parts.store.organization(organization).await?.is_some_and(|found| found.enabled))
    }

    /// Notes that a key asked for something of another organization; a flood of that is not written down.
    ///
    /// # Errors
    /// The database is away.
    pub async fn note_cross_tenant(&self, key: &ApiKey, caller: &Caller) -> Result<(), StoreError> {
        if !self.parts.worth_noting("cross_tenant_denied", caller) {
            return Ok(());
        }
        let unit = self.parts.store.begin().await?;
        let entry = Entry {
            organization: owner(key.organization),
            action: Action::CrossTenantDenied,
            actor: key.id.to_string(),
            subject: None,
            result: "not_found",
        };
        unit.audit(entry, caller);
        unit.commit().await
    }

    async fn touch_key(&self, id: ApiKeyId) -> Result<(), StoreError> {
        let unit = self.parts.store.begin().await?;
        unit.touch_api_key(id).await?;
        unit.commit().await
    }
}
