//! The command line: one file per command.
//! Not here: anything a command does; it calls `server`, `store` or a use case.
//! Called by `main`.

pub mod admin;
pub mod demo;
mod demo_templates;
pub mod doctor;
pub mod migrate;
pub mod notify;
pub mod openapi;
pub mod out;
pub mod sandbox;
pub mod seed;
pub mod serve;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::config::{Config, ConfigError};

/// Self-hosted sign-in by WeChat QR code, live.
#[derive(Parser)]
#[command(
    version,
    about,
    after_help = "Exit codes: 0 ok, 1 a failed check, 2 bad usage or configuration.\nEvery setting is described in docs/configuration.md; the environment (MENFANG__SECTION__KEY) overrides the file."
)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// Where the configuration is.
#[derive(clap::Args, Clone)]
pub struct ConfigFile {
    /// Configuration file (TOML); what it does not say is as in config/default.toml
    #[arg(long, value_name = "FILE", env = "MENFANG_CONFIG", global = true)]
    config: Option<PathBuf>,
}

impl ConfigFile {
    fn load(&self) -> Result<Config, ConfigError> {
        let loaded = Config::load(self.config.as_deref(), &[]);
        loaded.map_err(|error| match self.config {
            Some(_) => error,
            // All of it may stand in the environment; but whoever forgot the file looks for it in vain.
            None => ConfigError::new(
                error.key,
                format!("{} (no file was named by --config or MENFANG_CONFIG)", error.problem),
            ),
        })
    }
}

#[derive(Subcommand)]
enum Command {
    /// Everything on this machine with nothing installed: SQLite, a WeChat sandbox, a seeded organization
    Demo(demo::Demo),
    /// The server
    Serve(ConfigFile),
    /// Only the WeChat sandbox
    Sandbox(sandbox::Sandbox),
    /// The database schema: up, down, status
    Migrate(migrate::Migrate),
    // Boxed, for it has far more options than the others.
    /// Send a notification, with a live progress bar
    Notify(Box<notify::Notify>),
    /// Checks configuration, database and service accounts; says how to mend what fails
    Doctor(ConfigFile),
    /// First set-up from the shell
    Admin(admin::Admin),
    /// The description of every route (`OpenAPI`), on stdout
    Openapi,
}

/// Parses, runs, and gives the exit code.
pub fn main() -> ExitCode {
    if rustls::crypto::aws_lc_rs::default_provider().install_default().is_err() {
        return out::fail(&anyhow::anyhow!("TLS could not be set up"));
    }
    let cli = Cli::parse();
    let run = async move {
        match cli.command {
            Command::Demo(demo) => demo.run().await,
            Command::Serve(file) => serve::run(&file).await,
            Command::Sandbox(sandbox) => sandbox.run().await,
            Command::Migrate(migrate) => migrate.run().await,
            Command::Notify(notify) => notify.run().await,
            Command::Doctor(file) => doctor::run(&file).await,
            Command::Admin(admin) => admin.run().await,
            Command::Openapi => Ok(openapi::run()),
        }
    };
    match actix_web::rt::System::new().block_on(run) {
        Ok(code) => code,
        Err(error) => out::fail(&error),
    }
}
