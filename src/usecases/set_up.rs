//! A whole installation in one unit: an organization with its key, service account and apps, all of it or nothing.

use crate::domain::api_key::{ApiKey, KeyText};
use crate::domain::audit::By;
use crate::domain::ids::OrgId;
use crate::domain::organization::Edition;
use crate::domain::portal::check_slug;
use crate::domain::right::Scope;
use crate::store::StoreError;
use crate::store::portals::NewApp;

use super::administration::{Administration, ChangeError, Prepared};
use super::organizations::Founding;
use super::service_accounts::NewServiceAccount;

/// What to set up.
pub struct SetUp<'a> {
    /// The organization's name.
    pub name: &'a str,
    /// What it has bought.
    pub edition: Edition,
    /// The text of its first key.
    pub key: KeyText,
    /// Its service account.
    pub account: NewServiceAccount,
    /// Its apps.
    pub apps: &'a [NewApp],
}

impl Administration {
    /// Sets up an organization with its service account and apps, without asking WeChat.
    ///
    /// # Errors
    /// Something is taken, or a slug breaks a rule.
    pub async fn set_up(&self, new: SetUp<'_>, by: &By) -> Result<Prepared<OrgId>, ChangeError> {
        let unit = self.parts.store.begin().await?;
        let founding = Founding {
            name: new.name.into(),
            edition: new.edition,
            licence_ends_at: None,
            key: Some(new.key),
        };
        let (organization, _) = self.write_organization(&unit, founding, by).await?;
        unit.bind_service_account(&self.service_account(organization.id, new.account)).await?;
        for app in new.apps {
            check_slug(&app.slug).map_err(|error| ChangeError::invalid("slug", error.to_string()))?;
            unit.create_app(organization.id, app).await?;
        }
        Ok(self.prepared(unit, organization.id))
    }

    /// Makes sure that the platform has this key, with every scope; a key that is known already stays as it is.
    ///
    /// # Errors
    /// The database refused.
    pub async fn install_platform_key(&self, text: &KeyText, by: &By) -> Result<(), StoreError> {
        let now = self.now();
        let key = ApiKey {
            id: text.id,
            organization: None,
            name: "first key".into(),
            scopes: Scope::ALL.to_vec(),
            secret_hash: text.secret_hash(),
            created_at: now,
            expires_at: now.plus(self.parts.api.key),
            revoked_at: None,
            last_used_at: None,
        };
        let unit = self.parts.store.begin().await?;
        match unit.create_api_key(&key, &by.actor).await {
            Ok(()) => unit.commit().await,
            Err(StoreError::Conflict) => Ok(()),
            Err(error) => Err(error),
        }
    }
}
