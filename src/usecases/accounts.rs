//! Setting up: organizations, apps, their service account; switching people on and off.

use crate::domain::audit::{Action, Caller, Entry};
use crate::domain::external_user::{ExternalUser, Status};
use crate::domain::ids::{AppId, OrgId, ServiceAccountId, UserId};
use crate::domain::organization::Edition;
use crate::domain::phone_number::PhoneNumber;
use crate::domain::portal::{InvalidSlug, Portal, check_slug};
use crate::domain::scope::OrgScope;
use crate::domain::service_account::{PushMode, ServiceAccount};
use crate::store::portals::{NewApp, PortalSettings};
use crate::store::{StoreError, Unit};

use super::SignIn;

/// Why something was not set up.
#[derive(Debug, thiserror::Error)]
pub enum SetUpError {
    /// The slug breaks a rule.
    #[error(transparent)]
    Slug(#[from] InvalidSlug),
    /// Somebody has it already.
    #[error("it is taken: slugs and appids are unique, and an organization has one service account")]
    Taken,
    /// There is no such organization.
    #[error("there is no such organization")]
    UnknownOrganization,
    /// The database is away.
    #[error(transparent)]
    Store(StoreError),
}

impl From<StoreError> for SetUpError {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Conflict => Self::Taken,
            other => Self::Store(other),
        }
    }
}

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

impl SignIn {
    /// Sets up an organization with its service account and apps, all of it or nothing.
    ///
    /// # Errors
    /// Something is taken, or a slug breaks a rule.
    pub async fn set_up(
        &self,
        name: &str,
        edition: Edition,
        account: NewServiceAccount,
        apps: &[NewApp],
    ) -> Result<OrgId, SetUpError> {
        let unit = self.parts.store.begin().await?;
        let organization = unit.create_organization(name, edition).await?;
        unit.bind_service_account(&self.service_account(organization, account)).await?;
        for app in apps {
            check_slug(&app.slug)?;
            unit.create_app(organization, app).await?;
        }
        unit.commit().await?;
        Ok(organization)
    }

    /// Adds an organization.
    ///
    /// # Errors
    /// The database refused.
    pub async fn create_organization(&self, name: &str, edition: Edition) -> Result<OrgId, SetUpError> {
        let unit = self.parts.store.begin().await?;
        let id = unit.create_organization(name, edition).await?;
        unit.commit().await?;
        Ok(id)
    }

    /// Adds an app with its portal.
    ///
    /// # Errors
    /// The slug breaks a rule or is taken.
    pub async fn create_app(&self, organization: OrgId, new: &NewApp) -> Result<AppId, SetUpError> {
        check_slug(&new.slug)?;
        let unit = self.begin_for(organization).await?;
        let id = unit.create_app(organization, new).await?;
        unit.commit().await?;
        Ok(id)
    }

    /// Changes a portal's settings.
    ///
    /// # Errors
    /// The database refused.
    pub async fn set_portal(
        &self,
        organization: OrgId,
        app: AppId,
        settings: &PortalSettings,
    ) -> Result<bool, SetUpError> {
        let unit = self.parts.store.begin().await?;
        let done = unit.set_portal(organization, app, settings).await?;
        unit.commit().await?;
        Ok(done)
    }

    /// Binds a service account to an organization.
    ///
    /// # Errors
    /// Either has another one.
    pub async fn bind_service_account(
        &self,
        organization: OrgId,
        new: NewServiceAccount,
    ) -> Result<(), SetUpError> {
        let unit = self.begin_for(organization).await?;
        unit.bind_service_account(&self.service_account(organization, new)).await?;
        unit.commit().await?;
        Ok(())
    }

    async fn begin_for(&self, organization: OrgId) -> Result<Unit, SetUpError> {
        let unit = self.parts.store.begin().await?;
        if unit.organization_exists(organization).await? {
            Ok(unit)
        } else {
            Err(SetUpError::UnknownOrganization)
        }
    }

    fn service_account(&self, organization: OrgId, new: NewServiceAccount) -> ServiceAccount {
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

    /// Prepares an account for a phone: whoever proves the phone gets it, also where only invited people may come.
    ///
    /// # Errors
    /// The phone has an account in this app.
    pub async fn invite(&self, portal: &Portal, phone: PhoneNumber) -> Result<UserId, SetUpError> {
        let user = ExternalUser {
            id: UserId::generate(self.clock(), self.entropy()),
            organization: portal.organization,
            app: portal.app,
            phone,
            nickname: None,
            avatar_url: None,
            status: Status::Pending,
            role: portal.default_role.clone(),
        };
        let unit = self.parts.store.begin().await?;
        unit.create_external_user(&user).await?;
        unit.commit().await?;
        Ok(user.id)
    }

    /// Lets a pending person in: takes the seat, and authorizes the computers that wait for it. False when there is
    /// nobody pending or no seat.
    ///
    /// # Errors
    /// The database refused.
    pub async fn admit(&self, scope: OrgScope, user: UserId) -> Result<bool, SetUpError> {
        let unit = self.parts.store.begin().await?;
        if !unit.change_status(scope, user, Status::Pending, Status::Active).await?
            || !unit.take_seat(scope.organization()).await?
        {
            return Ok(false);
        }
        for session in unit.held_sessions_of(user).await? {
            if let Ok(next) = session.admit(self.now(), &self.parts.lifetimes) {
                unit.advance_qr_session(&next).await?;
            }
        }
        unit.commit().await?;
        self.nudge_changes();
        Ok(true)
    }

    /// Disables an account: its seat is free, its logins end. False when it was not active.
    ///
    /// # Errors
    /// The database refused.
    pub async fn disable(&self, scope: OrgScope, user: UserId, caller: &Caller) -> Result<bool, SetUpError> {
        let unit = self.parts.store.begin().await?;
        if !unit.change_status(scope, user, Status::Active, Status::Disabled).await? {
            return Ok(false);
        }
        unit.free_seat(scope.organization()).await?;
        unit.end_logins_of(user).await?;
        let entry = Entry {
            organization: scope.organization(),
            action: Action::UserDisabled,
            actor: "operator".into(),
            subject: Some(user.to_string()),
            result: "ok",
        };
        unit.audit(entry, caller).await?;
        unit.commit().await?;
        Ok(true)
    }
}
