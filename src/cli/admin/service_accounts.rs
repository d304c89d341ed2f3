//! The service account.

use std::io::Read;
use std::path::PathBuf;

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::domain::audit::By;
use crate::domain::service_account::{DomainFile, PushMode};
use crate::usecases::Administration;
use crate::usecases::administration::{ChangeError, Conflict};
use crate::usecases::service_accounts::NewServiceAccount;

use super::{scope, usage};
use crate::cli::out;

#[derive(clap::Args)]
pub(super) struct Bind {
    /// The organization's id
    #[arg(long)]
    organization: String,
    /// WeChat's id of the account
    #[arg(long)]
    appid: String,
    /// How WeChat's pushes come; plain is for development only
    #[arg(long, default_value = "safe", value_parser = ["safe", "compatible", "plain"])]
    mode: String,
    /// WeChat's original id (`gh_…`)
    #[arg(long)]
    original_id: Option<String>,
    /// The file that WeChat wants at the domain's root: its name (`MP_verify_….txt`) or the code in it
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
}

#[derive(serde::Deserialize)]
#[serde(deny_unknown_fields)]
struct Secrets {
    secret: String,
    token: String,
    encoding_aes_key: String,
}

impl Bind {
    pub(super) async fn run(self, admin: &Administration, by: &By) -> anyhow::Result<Value> {
        let secrets = read_secrets(&self.secrets)?;
        let account = NewServiceAccount {
            appid: self.appid.clone(),
            secret: secrets.secret,
            token: secrets.token,
            encoding_aes_key: secrets.encoding_aes_key,
            mode: PushMode::from_name(&self.mode)
                .ok_or_else(|| usage("--mode: safe, compatible or plain"))?,
            original_id: self.original_id.map(Some),
            domain_file: self.domain_file.map(|name| domain_file_named(&name)).transpose()?.map(Some),
        };
        let scope = scope(admin, &self.organization).await?;
        let bound = if self.no_check {
            admin.bind_service_account_unasked(scope, account, by).await
        } else {
            admin.bind_service_account(scope, account, by).await
        };
        let bound = bound.map_err(in_plain_words)?.settle(None).await?;
        if !self.no_check {
            admin.first_templates(scope, &bound.account).await;
        }
        Ok(json!({"organization": scope.organization(), "appid": self.appid}))
    }
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
