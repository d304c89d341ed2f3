//! `menfang sandbox`.

use std::path::PathBuf;
use std::process::ExitCode;

use serde_json::json;
use wechat_sandbox::SandboxConfig;

use super::{out, serve};

/// Only the WeChat sandbox
#[derive(clap::Args)]
pub struct Sandbox {
    /// Where to listen; port 0 picks a free one
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8090")]
    listen: String,
    /// Folder to keep people, messages and SMS in; without it they are forgotten at the end
    #[arg(long, value_name = "DIR")]
    data: Option<PathBuf>,
    /// Print {"url"} as the first line of stdout
    #[arg(long)]
    json: bool,
}

impl Sandbox {
    /// Runs until a signal.
    ///
    /// # Errors
    /// The port is taken or the folder cannot be used.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let sandbox = wechat_sandbox::Sandbox::bind(SandboxConfig { listen: self.listen, data: self.data })?;
        let running = sandbox.start();
        if self.json {
            out::line(&json!({"url": running.url()}).to_string());
        } else {
            out::line(&format!(
                "The WeChat sandbox runs at {0}\nA phone to play with: {0}/phone",
                running.url()
            ));
        }
        serve::until_signal().await?;
        running.stop().await;
        Ok(ExitCode::SUCCESS)
    }
}
