//! Apps and their portals.

use serde_json::{Value, json};

use crate::domain::audit::By;
use crate::domain::portal::{Confirm, LOGIN_HOURS, SignUp};
use crate::store::portals::{NewApp, PortalSettings};
use crate::usecases::Administration;

use super::{checked, scope, usage};

#[derive(clap::Args)]
pub(super) struct Create {
    /// The organization's id
    #[arg(long)]
    organization: String,
    /// Its name, as visitors see it
    #[arg(long)]
    name: String,
    /// The portal's place in links: 4 to 60 lowercase letters, digits and hyphens
    #[arg(long)]
    slug: String,
}

#[derive(clap::Args)]
pub(super) struct SetPortal {
    /// Which portal
    #[arg(long)]
    slug: String,
    /// Whether it is open; a closed one tells visitors so
    #[arg(long, value_name = "BOOL")]
    enabled: Option<bool>,
    /// Who may make an account: anybody, anybody whom the organization lets in, or only who was invited
    #[arg(long, value_parser = ["open", "approval", "invitation"])]
    sign_up: Option<String>,
    /// How people confirm on the phone: by a number on browsers that are new to them, by a tap, or always by a number
    #[arg(long, value_parser = ["adaptive", "tap", "number"])]
    confirm: Option<String>,
    /// How long a login lasts at most
    #[arg(long, value_name = "HOURS", value_parser = clap::value_parser!(i32).range(hours()))]
    login_hours: Option<i32>,
}

/// What `login_hours` may be, as clap wants it.
fn hours() -> std::ops::RangeInclusive<i64> {
    i64::from(*LOGIN_HOURS.start())..=i64::from(*LOGIN_HOURS.end())
}

impl Create {
    pub(super) async fn run(self, admin: &Administration, by: &By) -> anyhow::Result<Value> {
        let scope = scope(admin, &self.organization).await?;
        let new = NewApp { name: checked(&self.name)?, slug: self.slug };
        let id = admin.create_app(scope, &new, by).await?.settle(None).await?;
        Ok(json!({"id": id}))
    }
}

impl SetPortal {
    pub(super) async fn run(self, admin: &Administration, by: &By) -> anyhow::Result<Value> {
        let texts = [&self.sign_up, &self.confirm];
        if self.enabled.is_none() && self.login_hours.is_none() && texts.into_iter().all(Option::is_none) {
            return Err(usage("say what to set: --enabled, --sign-up, --confirm or --login-hours").into());
        }
        let portal = admin.store().portal_by_slug(&self.slug).await?;
        let portal = portal.ok_or_else(|| {
            usage(&format!(
                "--slug: there is no portal {}; `menfang admin list-organizations` tells all",
                self.slug
            ))
        })?;
        let settings = PortalSettings {
            enabled: self.enabled,
            sign_up: self.sign_up.as_deref().and_then(SignUp::from_name),
            confirm: self.confirm.as_deref().and_then(Confirm::from_name),
            login_hours: self.login_hours,
            ..PortalSettings::default()
        };
        let set = admin.set_portal(portal.scope(), portal.app, &settings, by).await?.settle(None).await?;
        Ok(json!({
            "app": set.app,
            "slug": set.slug,
            "enabled": set.enabled,
            "open": set.open,
            "sign_up": set.sign_up.name(),
            "confirm": set.confirm.name(),
            "login_hours": set.login_hours,
        }))
    }
}
