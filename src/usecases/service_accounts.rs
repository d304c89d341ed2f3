//! The service account of an organization.

use crate::domain::audit::{Action, By};
use crate::domain::ids::{OrgId, ServiceAccountId};
use crate::domain::scope::OrgScope;
use crate::domain::service_account::{PushMode, ServiceAccount};
use crate::store::StoreError;

use super::administration::{Administration, ChangeError, Conflict, Prepared};

/// A service account to bind.
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
    /// WeChat's original id.
    pub original_id: Option<String>,
}

impl Administration {
    /// Binds a service account to an organization, without asking WeChat.
    ///
    /// # Errors
    /// Either has another one.
    pub async fn bind_service_account(
        &self,
        scope: OrgScope,
        new: NewServiceAccount,
        by: &By,
    ) -> Result<Prepared<()>, ChangeError> {
        let account = self.service_account(scope.organization(), new);
        let unit = self.parts.store.begin().await?;
        unit.bind_service_account(&account).await.map_err(|error| match error {
            StoreError::Conflict => ChangeError::Conflict(Conflict::ServiceAccountTaken),
            other => ChangeError::Store(other),
        })?;
        self.noted(unit, by, (scope.organization(), Action::SecretChanged), &account.id, ()).await
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
            original_id: new.original_id,
        }
    }
}
