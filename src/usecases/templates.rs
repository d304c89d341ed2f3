//! The service account's message templates: fetched from WeChat, looked up, checked.

use std::time::Duration;

use crate::bus::guard::Limit;
use crate::domain::audit::{Action, By};
use crate::domain::clock::Millis;
use crate::domain::scope::OrgScope;
use crate::domain::service_account::ServiceAccount;
use crate::domain::template::{BrokenField, Template, TemplateText, TemplateTrouble};
use crate::store::Unit;
use crate::store::message_templates::Bans;
use crate::wechat::ListedTemplate;

use super::administration::{Administration, ChangeError, Conflict, Prepared};
use super::sign_in::credentials;

/// What stands in the audit log for the templates, which have no id of ours.
const SUBJECT: &str = "templates";

/// How long WeChat is not asked again for a template that it did not list.
const ASKED: Duration = Duration::from_secs(30);

/// Longest id of a template that is kept.
const LONGEST_ID: usize = 64;

impl From<BrokenField> for ChangeError {
    fn from(BrokenField { field, rule }: BrokenField) -> Self {
        Self::Invalid { field, rule }
    }
}

impl Administration {
    /// Fetches the account's templates from WeChat, and gives all that are known then. A ban of which WeChat told is lifted
    /// from what it lists.
    ///
    /// # Errors
    /// There is no service account, or what WeChat says.
    pub async fn sync_templates(
        &self,
        scope: OrgScope,
        by: &By,
    ) -> Result<Prepared<Vec<Template>>, ChangeError> {
        let account = self.parts.store.service_account_of(scope.organization()).await?;
        let account = account.ok_or(Conflict::NoServiceAccount)?;
        let listed = self.listed_templates(&account).await?;
        let unit = self.kept(scope, &account, &listed, Bans::Lifted).await?;
        let templates = unit.all_templates(scope, account.id).await?;
        Ok(self.noted(unit, by, (scope.organization(), Action::TemplatesSynced), &SUBJECT, templates))
    }

    /// The template of this id, which a message may be sent by. WeChat is asked for one that is not known, or was gone.
    ///
    /// # Errors
    /// There is none, or it cannot be used (`template`), or what WeChat says.
    pub async fn usable_template(
        &self,
        scope: OrgScope,
        account: &ServiceAccount,
        template_id: &str,
    ) -> Result<Template, ChangeError> {
        let find = || self.parts.store.template(scope, account.id, template_id);
        let doubtful = |known: &Option<Template>| {
            known.as_ref().is_none_or(|known| known.trouble == Some(TemplateTrouble::Gone))
        };
        let mut known = find().await?;
        if doubtful(&known) {
            let _turn = self.turns.take(account.id.0).await;
            // Whoever had the turn before may have found it.
            known = find().await?;
            if doubtful(&known) && self.may_ask_for_templates(account).await {
                let listed = self.listed_templates(account).await?;
                self.kept(scope, account, &listed, Bans::Kept).await?.commit().await?;
                known = find().await?;
            }
        }
        let unusable = |rule: &str| Err(ChangeError::invalid("template", rule));
        match known {
            Some(Template { trouble: Some(TemplateTrouble::Banned), .. }) => unusable(
                "is banned by WeChat: mend it in WeChat's console, then fetch the templates anew (POST …/templates/sync)",
            ),
            Some(Template { trouble: Some(TemplateTrouble::Gone), .. }) => unusable(
                "is not in the service account's list any more: add it in WeChat's console, or use another (GET …/templates)",
            ),
            Some(usable) => Ok(usable),
            None => unusable(
                "must be the id of one of the service account's templates (GET …/templates lists them)",
            ),
        }
    }

    /// Fetches the templates of an account that was bound just now; whatever goes wrong, it is bound.
    pub async fn first_templates(&self, scope: OrgScope, account: &ServiceAccount) {
        let fetched = async {
            let listed = self.listed_templates(account).await?;
            Ok::<_, ChangeError>(self.kept(scope, account, &listed, Bans::Lifted).await?.commit().await?)
        };
        if let Err(error) = fetched.await {
            tracing::warn!(organization.id = %scope.organization(), error = %error, "the templates of a bound account could not be fetched");
        }
    }

    async fn may_ask_for_templates(&self, account: &ServiceAccount) -> bool {
        let limit = Limit { name: "template_sync", key: account.id.to_string(), max: 1, window: ASKED };
        self.parts.bus.pass(&[limit], self.now()).await.is_ok()
    }

    async fn listed_templates(
        &self,
        account: &ServiceAccount,
    ) -> Result<(Vec<TemplateText>, Millis), ChangeError> {
        let asked_at = self.now();
        let listed = self.parts.wechat.templates(&credentials(account)).await.map_err(ChangeError::WeChat)?;
        let sound = |listed: &ListedTemplate| (1..=LONGEST_ID).contains(&listed.template_id.len());
        let text = |listed: ListedTemplate| TemplateText {
            id: listed.template_id,
            title: listed.title,
            content: listed.content,
            example: listed.example,
        };
        Ok((listed.into_iter().filter(sound).map(text).collect(), asked_at))
    }

    /// A unit with what WeChat listed; the account may have been unbound while WeChat was asked.
    async fn kept(
        &self,
        scope: OrgScope,
        account: &ServiceAccount,
        (listed, asked_at): &(Vec<TemplateText>, Millis),
        bans: Bans,
    ) -> Result<Unit, ChangeError> {
        let unit = self.parts.store.begin().await?;
        let held = unit.service_account(scope).await?.filter(|held| held.id == account.id);
        held.ok_or(Conflict::NoServiceAccount)?;
        unit.keep_templates(scope, account.id, (listed, *asked_at), bans).await?;
        Ok(unit)
    }
}
