//! Where the server is, and as whom it is asked.

use std::path::{Path, PathBuf};

use anyhow::Context as _;
use secrecy::SecretString;
use serde_json::Value;

use super::UsageError;
use super::crowd::Stage;

/// Where and as whom
#[derive(clap::Args)]
pub(super) struct Place {
    /// Where the server is [default: `http://127.0.0.1:8080`]
    #[arg(long, value_name = "URL", env = "MENFANG_URL")]
    url: Option<String>,
    /// The API key; others on this machine can read it here
    #[arg(long, value_name = "KEY", env = "MENFANG_API_KEY", hide_env_values = true)]
    key: Option<String>,
    /// A file that holds the API key
    #[arg(long, value_name = "FILE")]
    key_file: Option<PathBuf>,
    /// Take address, key and app from a demo's folder
    #[arg(long, value_name = "DIR", num_args = 0..=1, default_missing_value = "data/demo")]
    demo: Option<PathBuf>,
    /// For which app, by its id
    #[arg(long, value_name = "APP")]
    app: Option<String>,
    /// In a demo: have so many more pretend people follow first, so that there is somebody to send to
    #[arg(long, value_name = "PEOPLE", requires = "demo")]
    pub(super) crowd: Option<u32>,
}

/// The same, found.
pub(super) struct Found {
    pub(super) url: String,
    pub(super) key: SecretString,
    pub(super) app: Option<String>,
    /// Of a demo: what a crowd needs.
    pub(super) stage: Option<Stage>,
}

impl Place {
    pub(super) fn find(&self) -> anyhow::Result<Found> {
        let demo = self.demo.as_deref().map(demo).transpose()?.unwrap_or_default();
        // What stands in a demo's folder belongs together, and is named by a flag: the environment may be about another server.
        let url = demo.url.or_else(|| self.url.clone()).unwrap_or_else(|| "http://127.0.0.1:8080".into());
        let from_file = self.key_file.as_deref().map(key_in).transpose()?;
        let key = demo.key.or(from_file).or_else(|| self.key.clone()).ok_or_else(|| {
            UsageError(
                "say as whom: --key-file FILE, or MENFANG_API_KEY in the environment, or --demo".into(),
            )
        })?;
        let url = url.trim_end_matches('/').to_owned();
        Ok(Found { url, key: key.into(), app: self.app.clone().or(demo.app), stage: demo.stage })
    }
}

#[derive(Default)]
struct Demo {
    url: Option<String>,
    key: Option<String>,
    app: Option<String>,
    stage: Option<Stage>,
}

fn demo(folder: &Path) -> anyhow::Result<Demo> {
    let path = folder.join("demo.json");
    let text = std::fs::read_to_string(&path)
        .map_err(|error| UsageError(format!("--demo: cannot read {} ({error})", path.display())))?;
    let kept: Value = serde_json::from_str(&text).with_context(|| path.display().to_string())?;
    let of = |value: &Value| value.as_str().map(ToOwned::to_owned);
    let found = Demo {
        url: of(&kept["url"]),
        key: of(&kept["organization_key"]),
        app: of(&kept["seeded"]["apps"][0]["id"]),
        stage: of(&kept["sandbox_url"])
            .zip(of(&kept["seeded"]["organization"]))
            .zip(of(&kept["service_account"]["appid"]))
            .map(|((sandbox_url, organization), appid)| Stage { sandbox_url, organization, appid }),
    };
    if found.url.is_none() || found.key.is_none() {
        return Err(UsageError(format!(
            "--demo: start the demo first: menfang demo --data {}",
            folder.display()
        ))
        .into());
    }
    Ok(found)
}

fn key_in(path: &Path) -> anyhow::Result<String> {
    let text = std::fs::read_to_string(path)
        .map_err(|error| UsageError(format!("--key-file: cannot read {} ({error})", path.display())))?;
    Ok(text.trim().to_owned())
}
