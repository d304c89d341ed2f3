//! `menfang admin`: first set-up from the shell. The server must not run on the same SQLite file meanwhile.

use std::io::Read;
use std::path::PathBuf;
use std::process::ExitCode;

use anyhow::Context as _;
use serde_json::json;

use crate::domain::ids::OrgId;
use crate::domain::organization::Edition;
use crate::domain::service_account::PushMode;
use crate::server::{World, build};
use crate::store::portals::NewApp;
use crate::usecases::accounts::NewServiceAccount;
use crate::wechat::callback::EncodingAesKey;

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
        let sign_in = server.sign_in();
        match self.task {
            Task::CreateOrganization { name, edition } => {
                let edition = Edition::from_name(&edition)
                    .ok_or_else(|| usage("--edition: free, trial, standard, enterprise or ultimate"))?;
                let id = sign_in.create_organization(&name, edition).await?;
                out::line(&json!({"id": id}).to_string());
            }
            Task::Reencrypt => {
                let resealed = sign_in.store().reseal().await?;
                out::line(&json!({"resealed": resealed}).to_string());
            }
            Task::CreateApp { organization, name, slug } => {
                let id = sign_in.create_app(organization_id(&organization)?, &NewApp { name, slug }).await?;
                out::line(&json!({"id": id}).to_string());
            }
            Task::BindServiceAccount { organization, appid, mode, original_id, secrets } => {
                let secrets = read_secrets(&secrets)?;
                EncodingAesKey::parse(&secrets.encoding_aes_key)
                    .map_err(|_| usage("encoding_aes_key: must be 43 letters and digits"))?;
                let account = NewServiceAccount {
                    appid,
                    secret: secrets.secret,
                    token: secrets.token,
                    encoding_aes_key: secrets.encoding_aes_key,
                    mode: PushMode::from_name(&mode)
                        .ok_or_else(|| usage("--mode: safe, compatible or plain"))?,
                    original_id,
                };
                sign_in.bind_service_account(organization_id(&organization)?, account).await?;
            }
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn usage(what: &str) -> out::UsageError {
    out::UsageError(what.to_owned())
}

fn organization_id(text: &str) -> anyhow::Result<OrgId> {
    text.parse().map_err(|_| usage("--organization: must be an id like org_01…").into())
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
