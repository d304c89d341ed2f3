//! `menfang migrate`.

use std::process::ExitCode;

use crate::server::{World, sections};
use crate::store::Store;

use super::{ConfigFile, out};

/// The database schema
#[derive(clap::Args)]
pub struct Migrate {
    #[command(subcommand)]
    step: Step,
    #[command(flatten)]
    file: ConfigFile,
}

#[derive(clap::Subcommand)]
enum Step {
    /// Apply what is missing
    Up,
    /// Take the last change back
    Down {
        /// How many changes
        #[arg(long, default_value_t = 1)]
        steps: u32,
    },
    /// Every change and whether it is applied; exit 1 if any is missing
    Status,
}

impl Migrate {
    /// Runs the step.
    ///
    /// # Errors
    /// The database cannot be used.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let config = self.file.load()?;
        let world = World::real()?;
        let store =
            Store::open(&sections::database(&config), sections::vault(&config), world.clock, world.entropy)
                .await?;
        match self.step {
            Step::Up => store.migrate_up().await?,
            Step::Down { steps } => store.migrate_down(steps).await?,
            Step::Status => {}
        }
        let changes = store.schema_status().await?;
        for change in &changes {
            out::line(&format!("{:<8} {}", if change.applied { "applied" } else { "missing" }, change.name));
        }
        let asked = matches!(self.step, Step::Status);
        let whole = changes.iter().all(|change| change.applied);
        Ok(if asked && !whole { ExitCode::from(1) } else { ExitCode::SUCCESS })
    }
}
