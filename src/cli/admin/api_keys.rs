//! API keys.

use std::time::Duration;

use serde_json::{Value, json};

use crate::domain::audit::By;
use crate::domain::right::Scope;
use crate::usecases::Administration;
use crate::usecases::administration::ChangeError;
use crate::usecases::api_keys::NewKey;

use super::{checked, scope, usage};

#[derive(clap::Args)]
pub(super) struct Create {
    /// The id of the organization that it is for
    #[arg(long, required_unless_present = "platform", conflicts_with = "platform")]
    organization: Option<String>,
    /// For the platform: it reaches every organization
    #[arg(long)]
    platform: bool,
    /// What it is called
    #[arg(long)]
    name: String,
    /// What it may do, such as `apps:read,external_users:write`; everything when nothing is said
    #[arg(long, value_delimiter = ',', value_name = "SCOPE")]
    scopes: Vec<String>,
    /// How many days it lasts; as long as keys may (`api.key_days`) when nothing is said
    #[arg(long, value_parser = clap::value_parser!(u16).range(1..))]
    days: Option<u16>,
}

impl Create {
    pub(super) async fn run(self, admin: &Administration, by: &By) -> anyhow::Result<Value> {
        let organization = match &self.organization {
            Some(text) => Some(scope(admin, text).await?.organization()),
            None => None,
        };
        let all = || if self.platform { Scope::ALL.to_vec() } else { Scope::of_organizations() };
        let named = || self.scopes.iter().map(|word| named(word)).collect::<Result<_, _>>();
        let new = NewKey {
            organization,
            name: checked(&self.name)?,
            scopes: if self.scopes.is_empty() { all() } else { named()? },
            lasts: self.days.map(|days| Duration::from_secs(u64::from(days) * 86_400)),
        };
        let made = admin.create_key(new, by).await.map_err(as_options)?;
        let (key, text) = made.settle(None).await?;
        Ok(json!({
            "id": key.id,
            "api_key": text.reveal(),
            "organization": key.organization,
            "scopes": key.scopes.iter().map(|scope| scope.name()).collect::<Vec<_>>(),
            "expires_at": key.expires_at.rfc3339(),
        }))
    }
}

fn named(word: &str) -> Result<Scope, anyhow::Error> {
    Scope::from_name(word).ok_or_else(|| {
        let all: Vec<_> = Scope::ALL.iter().map(|scope| scope.name()).collect();
        usage(&format!("--scopes: there is no {word}; there are {}", all.join(", "))).into()
    })
}

/// A rule that was broken, with the name that its field has here.
fn as_options(error: ChangeError) -> ChangeError {
    match error {
        ChangeError::Invalid { field, rule } => {
            let option = if field == "expires_in_days" { "--days".to_owned() } else { format!("--{field}") };
            ChangeError::Invalid { field: option, rule }
        }
        other => other,
    }
}
