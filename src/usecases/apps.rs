//! Apps and their portals.

use crate::domain::app::App;
use crate::domain::audit::{Action, By};
use crate::domain::ids::{AppId, RoleId};
use crate::domain::naming::Named;
use crate::domain::portal::{Portal, Terms, check_slug, slug_of};
use crate::domain::scope::OrgScope;
use crate::store::apps::AppSettings;
use crate::store::portals::{NewApp, PortalSettings};
use crate::store::{StoreError, Unit};

use super::administration::{Administration, ChangeError, Conflict, Prepared};

/// An app to be made.
#[derive(Clone, Debug)]
pub struct AppWanted {
    /// Its name, checked.
    pub name: String,
    /// Its portal's slug; one made of its id when none is chosen.
    pub slug: Option<String>,
    /// Its logo, checked.
    pub logo_url: Option<String>,
}

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
        let id = AppId::generate(self.clock(), self.entropy());
        let unit = self.written_app(scope, id, new, None).await?;
        Ok(self.noted(unit, by, (scope.organization(), Action::Created), &id, id))
    }

    /// Adds an app as a backend wants it.
    ///
    /// # Errors
    /// The slug breaks a rule or is taken.
    pub async fn add_app(
        &self,
        scope: OrgScope,
        wanted: AppWanted,
        by: &By,
    ) -> Result<Prepared<App>, ChangeError> {
        let id = AppId::generate(self.clock(), self.entropy());
        let new = NewApp { name: wanted.name, slug: wanted.slug.unwrap_or_else(|| slug_of(id)) };
        let unit = self.written_app(scope, id, &new, wanted.logo_url.as_deref()).await?;
        let app = unit.app(scope, id).await?.ok_or(ChangeError::NotFound)?;
        Ok(self.noted(unit, by, (scope.organization(), Action::Created), &id, app))
    }

    async fn written_app(
        &self,
        scope: OrgScope,
        id: AppId,
        new: &NewApp,
        logo_url: Option<&str>,
    ) -> Result<Unit, ChangeError> {
        check_slug(&new.slug).map_err(|error| ChangeError::invalid("slug", error.to_string()))?;
        let unit = self.parts.store.begin().await?;
        unit.add_app(scope.organization(), id, new, logo_url).await.map_err(slug_taken)?;
        Ok(unit)
    }

    /// Changes an app; whoever is on the way in by the portal of one that is switched off is told.
    ///
    /// # Errors
    /// There is no such app here.
    pub async fn change_app(
        &self,
        scope: OrgScope,
        id: AppId,
        settings: &AppSettings,
        by: &By,
    ) -> Result<Prepared<App>, ChangeError> {
        let unit = self.parts.store.begin().await?;
        if !unit.set_app(scope, id, settings).await? {
            return Err(ChangeError::NotFound);
        }
        if settings.enabled.is_some() {
            self.portals_switched(&unit, &[id]).await?;
        }
        let app = unit.app(scope, id).await?.ok_or(ChangeError::NotFound)?;
        Ok(self.noted(unit, by, (scope.organization(), Action::SettingChanged), &id, app))
    }

    /// Changes a portal's settings, and its default role; whoever is on the way in by one that closes is told.
    ///
    /// # Errors
    /// There is no such app here, the slug or the terms break a rule, or there is no such role.
    pub async fn change_portal(
        &self,
        scope: OrgScope,
        app: AppId,
        settings: &PortalSettings,
        default_role: Option<&Named<RoleId>>,
        by: &By,
    ) -> Result<Prepared<Portal>, ChangeError> {
        if let Some(slug) = &settings.slug {
            check_slug(slug).map_err(|error| ChangeError::invalid("slug", error.to_string()))?;
        }
        let unit = self.parts.store.begin().await?;
        if !unit.hold_portal(scope, app).await? {
            return Err(ChangeError::NotFound);
        }
        let before = unit.portal(scope, app).await?.ok_or(ChangeError::NotFound)?;
        check_terms(before.terms, settings)?;
        let role = match default_role {
            Some(role) => Some(unit.hold_role(app, role).await?.ok_or_else(|| {
                ChangeError::invalid("default_role", "must be the id or name of a role of this app")
            })?),
            None => None,
        };
        unit.set_portal(scope, app, settings, role.as_ref()).await.map_err(slug_taken)?;
        if settings.enabled.is_some() {
            self.portals_switched(&unit, &[app]).await?;
        }
        let portal = unit.portal(scope, app).await?.ok_or(ChangeError::NotFound)?;
        Ok(self.noted(unit, by, (scope.organization(), Action::SettingChanged), &app, portal))
    }

    /// Changes a portal's settings.
    ///
    /// # Errors
    /// As [`Administration::change_portal`].
    pub async fn set_portal(
        &self,
        scope: OrgScope,
        app: AppId,
        settings: &PortalSettings,
        by: &By,
    ) -> Result<Prepared<Portal>, ChangeError> {
        self.change_portal(scope, app, settings, None, by).await
    }
}

/// What the terms would be: whole, or none.
fn check_terms(before: Option<Terms>, settings: &PortalSettings) -> Result<(), ChangeError> {
    let (url, version) = before.map(|terms| (terms.url, terms.version)).unzip();
    let url = settings.terms_url.clone().unwrap_or(url);
    let version = settings.terms_version.clone().unwrap_or(version);
    Terms::of(url, version).map_err(|half| ChangeError::invalid(half.missing, half.to_string()))?;
    Ok(())
}

fn slug_taken(error: StoreError) -> ChangeError {
    match error {
        StoreError::Conflict => ChangeError::Conflict(Conflict::SlugTaken),
        other => ChangeError::Store(other),
    }
}
