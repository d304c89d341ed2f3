//! `menfang admin`: first set-up from the shell, one file for each kind of thing. The server must not run on the same
//! SQLite file meanwhile.

mod after_restore;
mod api_keys;
mod apps;
mod organizations;
mod service_accounts;

use std::process::ExitCode;

use serde_json::{Value, json};

use crate::domain::audit::By;
use crate::domain::ids::OrgId;
use crate::domain::naming::display_name;
use crate::domain::scope::OrgScope;
use crate::server::{World, administration};
use crate::usecases::Administration;

use super::{ConfigFile, out};

/// How to use it, below its commands.
const WAY: &str = "\
Each command prints one line of JSON. With SQLite the server must not run meanwhile: its file has one process at a time.

The first set-up:
  menfang admin create-organization --name \"Example Ltd\"
  menfang admin create-app --organization org_… --name \"Supplier Portal\" --slug supplier-portal
  menfang admin bind-service-account --organization org_… --appid wx… --secrets secrets.json
  menfang admin create-api-key --platform --name \"first key\"

With a key of the platform everything else can be done over the API, while the server runs: its description is at
/api/docs of a running server.";

/// First set-up from the shell, and what to do when no API key is left
#[derive(clap::Args)]
#[command(after_help = WAY)]
pub struct Admin {
    #[command(subcommand)]
    task: Task,
    #[command(flatten)]
    file: ConfigFile,
}

#[derive(clap::Subcommand)]
enum Task {
    /// Add an organization; prints its id and its first API key, which is shown this once
    CreateOrganization(organizations::Create),
    /// All organizations, each with its id and the slugs of its portals
    ListOrganizations,
    /// Add an app with its portal; prints its id
    CreateApp(apps::Create),
    /// Open or close a portal, say who may sign up, how people confirm, how long they stay signed in
    SetPortal(apps::SetPortal),
    /// Bind the organization's WeChat service account, after trying its credentials with WeChat
    BindServiceAccount(service_accounts::Bind),
    /// Make an API key; prints it, which is the only time that it is shown
    CreateApiKey(api_keys::Create),
    /// Seal all secrets and phones anew with the first encryption key, so that the others can be dropped
    Reencrypt,
    /// After a backup was put back, before any node starts: nothing is sent twice, and nothing that ended lives again
    AfterRestore(after_restore::Run),
}

impl Admin {
    /// Runs the task.
    ///
    /// # Errors
    /// What was given makes no sense, is taken, or the database cannot be used.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let admin = administration(&self.file.load()?, &World::real()?).await?;
        let done = self.task.run(&admin, &By::operator()).await?;
        out::line(&done.to_string());
        Ok(ExitCode::SUCCESS)
    }
}

impl Task {
    async fn run(self, admin: &Administration, by: &By) -> anyhow::Result<Value> {
        match self {
            Self::CreateOrganization(task) => task.run(admin, by).await,
            Self::ListOrganizations => organizations::list(admin).await,
            Self::CreateApp(task) => task.run(admin, by).await,
            Self::SetPortal(task) => task.run(admin, by).await,
            Self::BindServiceAccount(task) => task.run(admin, by).await,
            Self::CreateApiKey(task) => task.run(admin, by).await,
            Self::Reencrypt => Ok(json!({"resealed": admin.store().reseal().await?})),
            Self::AfterRestore(task) => task.run(admin, by).await,
        }
    }
}

fn usage(what: &str) -> out::UsageError {
    out::UsageError(what.to_owned())
}

fn checked(name: &str) -> anyhow::Result<String> {
    display_name(name).map_err(|rule| usage(&format!("--name: {rule}")).into())
}

/// The scope of an organization that is there.
async fn scope(admin: &Administration, text: &str) -> anyhow::Result<OrgScope> {
    let id: OrgId = text.parse().map_err(|_| usage("--organization: must be an id like org_01…"))?;
    let found = admin.store().organization(id).await?;
    let found = found.ok_or_else(|| {
        usage(&format!(
            "--organization: there is no organization {id}; `menfang admin list-organizations` tells all"
        ))
    })?;
    Ok(OrgScope::of_row(found.id))
}
