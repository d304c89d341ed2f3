//! `menfang admin`: first set-up from the shell. The server must not run on the same SQLite file meanwhile.

use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use serde_json::json;

use crate::domain::audit::By;
use crate::domain::ids::OrgId;
use crate::domain::naming::display_name;
use crate::domain::organization::Edition;
use crate::domain::scope::OrgScope;
use crate::domain::service_account::{DomainFile, PushMode};
use crate::server::{World, build};
use crate::store::portals::NewApp;
use crate::usecases::Administration;
use crate::usecases::administration::{ChangeError, Conflict};
use crate::usecases::organizations::Founding;
use crate::usecases::service_accounts::NewServiceAccount;

use super::{ConfigFile, out};

/// First set-up from the shell
#[derive(clap::Args)]
pub struct Admin {
    #[command(subcommand)]
    task: Task,
    #[command(flatten)]
    file: ConfigFile,
}

#[derive(clap::Subcommand)]
enum Task {
    /// Add an organization; prints its id
    CreateOrganization {
        /// Its name, as visitors see it
        #[arg(long)]
        name: String,
        /// free, trial, standard, enterprise or ultimate
        #[arg(long, default_value = "standard")]
        edition: String,
    },
    /// Add an app with its portal; prints its id
    CreateApp {
        /// The organization's id
        #[arg(long)]
        organization: String,
        /// Its name, as visitors see it
        #[arg(long)]
        name: String,
        /// The portal's place in links: 4 to 60 lowercase letters, digits and hyphens
        #[arg(long)]
        slug: String,
    },
    /// Seal all secrets and phones anew with the first encryption key, so that the others can be dropped
    Reencrypt,
    /// Bind the organization's WeChat service account
    BindServiceAccount {
        /// The organization's id
        #[arg(long)]
        organization: String,
        /// WeChat's id of the account
        #[arg(long)]
        appid: String,
        /// safe, compatible or plain (development only)
        #[arg(long, default_value = "safe")]
        mode: String,
        /// WeChat's original id (`gh_…`)
        #[arg(long)]
        original_id: Option<String>,
        /// The file that WeChat wants at the domain's root: its name (MP_verify_….txt) or the code in it
        #[arg(long, value_name = "NAME")]
        domain_file: Option<String>,
        /// Try the credentials with WeChat before they are bound (the default)
        #[arg(long, overrides_with = "no_check")]
        check: bool,
        /// Bind without asking WeChat
        #[arg(long, overrides_with = "check")]
        no_check: bool,
        /// JSON with "secret", "token" and "`encoding_aes_key`"; - reads standard input, so that no secret stands in a command line
        #[arg(long, value_name = "FILE")]
        secrets: PathBuf,
    },
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Secrets {
    secret: String,
    token: String,
    encoding_aes_key: String,
}

impl Admin {
    /// Runs the task.
    ///
    /// # Errors
    /// What was given makes no sense, is taken, or the database cannot be used.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let mut config = self.file.load()?;
        // Nothing is served; the ports only have to be free ones.
        config.http.listen.set_port(0);
        config.ops.listen.set_port(0);
        let server = build(config, World::real()?).await?;
        let (admin, by) = (server.admin(), By::operator());
        match self.task {
            Task::CreateOrganization { name, edition } => {
                let edition = Edition::from_name(&edition)
                    .ok_or_else(|| usage("--edition: free, trial, standard, enterprise or ultimate"))?;
                let founding = Founding { name: checked(&name)?, edition, licence_ends_at: None, key: None };
                let (organization, key) = admin.found(founding, &by).await?.settle(None).await?;
                out::line(&json!({"id": organization.id, "api_key": key.reveal()}).to_string());
            }
            Task::Reencrypt => {
                let resealed = admin.store().reseal().await?;
                out::line(&json!({"resealed": resealed}).to_string());
            }
            Task::CreateApp { organization, name, slug } => {
                let scope = scope(admin, &organization).await?;
                let new = NewApp { name: checked(&name)?, slug };
                let id = admin.create_app(scope, &new, &by).await?.settle(None).await?;
                out::line(&json!({"id": id}).to_string());
            }
            Task::BindServiceAccount {
                organization,
                appid,
                mode,
                original_id,
                domain_file,
                check: _,
                no_check,
                secrets,
            } => {
                let secrets = read_secrets(&secrets)?;
                let account = NewServiceAccount {
                    appid,
                    secret: secrets.secret,
                    token: secrets.token,
                    encoding_aes_key: secrets.encoding_aes_key,
                    mode: PushMode::from_name(&mode)
                        .ok_or_else(|| usage("--mode: safe, compatible or plain"))?,
                    original_id: original_id.map(Some),
                    domain_file: domain_file.map(|name| domain_file_named(&name)).transpose()?.map(Some),
                };
                let scope = scope(admin, &organization).await?;
                let bound = if no_check {
                    admin.bind_service_account_unasked(scope, account, &by).await
                } else {
                    admin.bind_service_account(scope, account, &by).await
                };
                bound.map_err(in_plain_words)?.settle(None).await?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn usage(what: &str) -> out::UsageError {
    out::UsageError(what.to_owned())
}

fn checked(name: &str) -> anyhow::Result<String> {
    display_name(name).map_err(|rule| usage(&format!("--name: {rule}")).into())
}

fn domain_file_named(name: &str) -> Result<DomainFile, out::UsageError> {
    DomainFile::parse(name).map_err(|rule| usage(&format!("--domain-file: {rule}")))
}

/// Why a service account was not bound, for whoever stands at the shell.
fn in_plain_words(error: ChangeError) -> anyhow::Error {
    match error {
        ChangeError::WeChat(error) => {
            anyhow::anyhow!("{} (--no-check binds without asking WeChat)", error.trouble())
        }
        ChangeError::Conflict(Conflict::ServiceAccountTaken) => {
            anyhow::anyhow!(
                "--appid: this service account belongs to another organization, which has to unbind it first"
            )
        }
        ChangeError::Conflict(Conflict::OrganizationHasServiceAccount) => {
            anyhow::anyhow!("--organization: it has another service account; unbind that one first")
        }
        other => other.into(),
    }
}

/// The scope of an organization that is there.
async fn scope(admin: &Administration, text: &str) -> anyhow::Result<OrgScope> {
    let id: OrgId = text.parse().map_err(|_| usage("--organization: must be an id like org_01…"))?;
    let found = admin.store().organization(id).await?;
    let found = found.ok_or_else(|| usage("--organization: there is no such organization"))?;
    Ok(OrgScope::of_row(found.id))
}

fn read_secrets(path: &std::path::Path) -> anyhow::Result<Secrets> {
    let mut text = String::new();
    if path == std::path::Path::new("-") {
        std::io::stdin().read_to_string(&mut text)?;
    } else {
        text = std::fs::read_to_string(path)
            .with_context(|| format!("--secrets: cannot read {}", path.display()))?;
    }
    // The parser's own words would quote the text.
    serde_json::from_str(&text).map_err(|_| {
        usage("--secrets: must be JSON with \"secret\", \"token\" and \"encoding_aes_key\"").into()
    })
}
