//! The service account's menu. WeChat keeps it, we do not: what is shown is what WeChat says.

use crate::domain::audit::{Action, By};
use crate::domain::menu::{Menu, WantedMenu};
use crate::domain::scope::OrgScope;
use crate::store::StoreError;
use crate::wechat::Credentials;

use super::administration::{Administration, ChangeError, Conflict, Prepared};
use super::sign_in::credentials;

/// What stands in the audit log for the menu, which has no id of ours.
const SUBJECT: &str = "menu";

impl Administration {
    /// The menu as WeChat has it, its links to portals of this organization by their slugs; empty when there is none.
    ///
    /// # Errors
    /// There is no service account, or what WeChat says.
    pub async fn menu(&self, scope: OrgScope) -> Result<WantedMenu, ChangeError> {
        let credentials = self.menu_account(scope).await?;
        let menu = self.parts.wechat.current_menu(&credentials).await.map_err(ChangeError::WeChat)?;
        let links = self.portal_links(scope).await?;
        Ok(links.unresolve(&menu.unwrap_or_default()))
    }

    /// Makes this the account's menu, in the place of any other; gives it as WeChat has it then.
    ///
    /// # Errors
    /// There is no service account, an entry breaks a rule or names a portal that is not this organization's, or what WeChat
    /// says. Doing it twice does no harm.
    pub async fn set_menu(
        &self,
        scope: OrgScope,
        wanted: &WantedMenu,
        by: &By,
    ) -> Result<Prepared<WantedMenu>, ChangeError> {
        let credentials = self.menu_account(scope).await?;
        let links = self.portal_links(scope).await?;
        let menu = wanted.resolve(|slug| links.link_of(slug));
        let menu = menu.map_err(|error| ChangeError::invalid(error.place.clone(), error.to_string()))?;
        self.parts.wechat.create_menu(&credentials, &menu).await.map_err(ChangeError::WeChat)?;
        let read = match self.parts.wechat.current_menu(&credentials).await {
            Ok(Some(read)) => read,
            // WeChat has taken it and does not show it yet.
            Ok(None) => menu,
            Err(error) => {
                // It is set: that has to be said and written down, whatever became of the second question.
                tracing::warn!(organization.id = %scope.organization(), error = %error, "a menu was set and could not be read back");
                menu
            }
        };
        let unit = self.parts.store.begin().await?;
        let subject = (scope.organization(), Action::SettingChanged);
        Ok(self.noted(unit, by, subject, &SUBJECT, links.unresolve(&read)))
    }

    /// Deletes the account's menu; that there is none is as good.
    ///
    /// # Errors
    /// There is no service account, or what WeChat says.
    pub async fn delete_menu(&self, scope: OrgScope, by: &By) -> Result<Prepared<()>, ChangeError> {
        let credentials = self.menu_account(scope).await?;
        self.parts.wechat.delete_menu(&credentials).await.map_err(ChangeError::WeChat)?;
        let unit = self.parts.store.begin().await?;
        Ok(self.noted(unit, by, (scope.organization(), Action::Deleted), &SUBJECT, ()))
    }

    async fn menu_account(&self, scope: OrgScope) -> Result<Credentials, ChangeError> {
        let account = self.parts.store.service_account_of(scope.organization()).await?;
        Ok(credentials(&account.ok_or(Conflict::NoServiceAccount)?))
    }

    async fn portal_links(&self, scope: OrgScope) -> Result<PortalLinks, StoreError> {
        let slugs = self.parts.store.slugs(scope).await?;
        Ok(PortalLinks { before_slug: format!("{}/p/", self.public_url()), slugs })
    }
}

/// The links of an organization's portals.
struct PortalLinks {
    before_slug: String,
    slugs: Vec<String>,
}

impl PortalLinks {
    fn link_of(&self, slug: &str) -> Option<String> {
        self.slugs.iter().any(|own| own == slug).then(|| format!("{}{slug}", self.before_slug))
    }

    fn unresolve(&self, menu: &Menu) -> WantedMenu {
        menu.wanted(|url| {
            let slug = url.strip_prefix(&self.before_slug)?;
            self.slugs.iter().find(|own| *own == slug).cloned()
        })
    }
}
