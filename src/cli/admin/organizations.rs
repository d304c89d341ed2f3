//! Organizations.

use serde_json::{Value, json};

use crate::domain::audit::By;
use crate::domain::organization::Edition;
use crate::domain::scope::OrgScope;
use crate::store::Page;
use crate::usecases::Administration;
use crate::usecases::organizations::Founding;

use super::{checked, usage};

/// Organizations that are read at once.
const AT_ONCE: u64 = 500;

#[derive(clap::Args)]
pub(super) struct Create {
    /// Its name, as visitors see it
    #[arg(long)]
    name: String,
    /// What it has
    #[arg(long, default_value = "standard", value_parser = ["free", "trial", "standard", "enterprise", "ultimate"])]
    edition: String,
}

impl Create {
    pub(super) async fn run(self, admin: &Administration, by: &By) -> anyhow::Result<Value> {
        let edition =
            Edition::from_name(&self.edition).ok_or_else(|| usage("--edition: there is no such edition"))?;
        let founding = Founding { name: checked(&self.name)?, edition, licence_ends_at: None, key: None };
        let (organization, key) = admin.found(founding, by).await?.settle(None).await?;
        Ok(json!({"id": organization.id, "api_key": key.reveal()}))
    }
}

/// All of them, in the order of their making.
pub(super) async fn list(admin: &Administration) -> anyhow::Result<Value> {
    let mut page = Page::first(AT_ONCE);
    let mut all = Vec::new();
    loop {
        let listed = admin.store().organizations(page).await?;
        for organization in listed.items {
            let portals = admin.store().slugs(OrgScope::of_row(organization.id)).await?;
            all.push(json!({
                "id": organization.id,
                "name": organization.name,
                "edition": organization.edition.name(),
                "enabled": organization.enabled,
                "portals": portals,
            }));
        }
        let Some(next) = listed.next else { break };
        page.after = Some(next);
    }
    Ok(json!({"organizations": all}))
}
