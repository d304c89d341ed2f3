//! Apps and their portals.

use crate::domain::audit::{Action, By};
use crate::domain::ids::AppId;
use crate::domain::portal::check_slug;
use crate::domain::scope::OrgScope;
use crate::store::StoreError;
use crate::store::portals::{NewApp, PortalSettings};

use super::administration::{Administration, ChangeError, Conflict, Prepared};

impl Administration {
    /// Adds an app with its portal and its default role.
    ///
    /// # Errors
    /// The slug breaks a rule or is taken.
    pub async fn create_app(
        &self,
        scope: OrgScope,
        new: &NewApp,
        by: &By,
    ) -> Result<Prepared<AppId>, ChangeError> {
        check_slug(&new.slug).map_err(|error| ChangeError::invalid("slug", error.to_string()))?;
        let unit = self.parts.store.begin().await?;
        let id = unit.create_app(scope.organization(), new).await.map_err(|error| match error {
            StoreError::Conflict => ChangeError::Conflict(Conflict::SlugTaken),
            other => ChangeError::Store(other),
        })?;
        self.noted(unit, by, (scope.organization(), Action::Created), &id, id).await
    }

    /// Changes a portal's settings.
    ///
    /// # Errors
    /// There is no such app here.
    pub async fn set_portal(
        &self,
        scope: OrgScope,
        app: AppId,
        settings: &PortalSettings,
        by: &By,
    ) -> Result<Prepared<()>, ChangeError> {
        let unit = self.parts.store.begin().await?;
        if !unit.set_portal(scope.organization(), app, settings).await? {
            return Err(ChangeError::NotFound);
        }
        if settings.enabled.is_some() {
            self.portals_switched(&unit, &[app]).await?;
        }
        self.noted(unit, by, (scope.organization(), Action::SettingChanged), &app, ()).await
    }
}
