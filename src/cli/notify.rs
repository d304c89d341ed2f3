//! `menfang notify`: sends a notification over the API from a shell or a cron job, and shows how far it is.

mod api;
mod crowd;
mod order;
mod place;
mod progress;
mod report;
mod rows;
mod run_rows;
mod watch;

use std::path::PathBuf;
use std::process::ExitCode;

use indicatif::HumanCount;
use serde_json::Value;

use crate::domain::clock::random;
use crate::domain::keys::hex;
use crate::server::world::OsEntropy;

use api::Api;
use order::Wanted;
use place::Place;

use super::demo_templates;
use super::out::{self, UsageError};

/// How to use it, below its options.
const WAY: &str = "\
Examples:
  Ten thousand pretend people begin to follow a demo that runs, and get a message each:
    menfang notify --demo --crowd 10000

  Send to everybody who follows the service account of a demo that runs:
    menfang notify --demo --audience followers --template TEMPLATE_ID --data thing1='Order 42' --data time2='2026-11-22 18:00'

  Ask first what would happen; nothing is stored:
    menfang notify --app app_… --audience role:rol_… --template TEMPLATE_ID --data thing1=Hello --dry-run

  Everybody their own text, from a file whose first line is user,thing1,time2 (one order for each row):
    menfang notify --app app_… --template TEMPLATE_ID --file rows.csv

  Members and collaborators, in their inboxes:
    menfang notify --app app_… --channel station_message --audience members --data title='Closed on Monday'

  From a cron job, where a repetition must not send twice:
    menfang notify --app app_… … --no-wait --idempotency-key \"report-$(date +%F)\"

  Look again at one that runs:
    menfang notify --watch ntf_…

Where and as whom: --url, --key-file and --app, or MENFANG_URL and MENFANG_API_KEY in the environment, or --demo. A key on the
command line can be read by others on this machine; a file or the environment is better.

After a crash the same --file command goes on where it was: within 24 hours nobody gets it twice, as long as the file and the other
options are the same. Ctrl-C leaves what was ordered running.

Exit codes: 0 all was sent, delivered or skipped; 1 some was not (failed, rejected, uncertain), or the order was refused; 2 bad usage.";

/// Send a notification from a shell or a cron job, with a live progress bar
#[derive(clap::Args)]
#[command(after_help = WAY)]
pub struct Notify {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    wanted: Wanted,
    /// One order for each row: the column user or openid says who, the other columns are fields and stand above --data
    #[arg(long, value_name = "ROWS.CSV", conflicts_with_all = ["audience", "watch"])]
    file: Option<PathBuf>,
    /// Check everything and say how many people it would reach; store nothing
    #[arg(long, conflicts_with_all = ["watch", "no_wait"])]
    dry_run: bool,
    /// Do not wait until it is sent
    #[arg(long, conflicts_with = "watch")]
    no_wait: bool,
    /// Under this key a repetition within 24 hours has no second effect
    #[arg(long, value_name = "KEY", conflicts_with = "watch")]
    idempotency_key: Option<String>,
    /// Order nothing: watch a notification that runs
    #[arg(long, value_name = "NTF")]
    watch: Option<String>,
}

impl Notify {
    /// Orders, waits, and says what came of it.
    ///
    /// # Errors
    /// Bad usage, a refused order, or a server that does not answer.
    pub async fn run(self) -> anyhow::Result<ExitCode> {
        let place = self.place.find()?;
        let api = Api::new(&place.url, &place.key)?;
        if let Some(id) = &self.watch {
            if !id.starts_with("ntf_") {
                return Err(UsageError("--watch: must be a notification's id, such as ntf_01…".into()).into());
            }
            return watch::follow(&api, id, None).await;
        }
        let app = place.app.ok_or_else(|| UsageError("--app: say for which app, such as app_01…".into()))?;
        if let Some(count) = self.place.crowd {
            let stage = place.stage.ok_or_else(|| UsageError("--crowd: start the demo first".into()))?;
            crowd::come(&api, &stage, count).await?;
        }
        match &self.file {
            Some(file) => run_rows::run(&self, &api, &app, file).await,
            None => self.one(&api, &app).await,
        }
    }

    async fn one(&self, api: &Api, app: &str) -> anyhow::Result<ExitCode> {
        let body = match self.place.crowd {
            Some(_) if self.wanted.says_nothing() => demo_templates::order(),
            _ => self.wanted.body(&self.wanted.audience()?)?,
        };
        let orders = format!("/apps/{app}/notifications");
        let tried = format!("{orders}?dry_run=true");
        if self.dry_run {
            let recipients = recipients(&api.post(&tried, &body, &a_key()).await?);
            out::line(&format!("Nothing is wrong with it; it would go to {}.", people(recipients)));
            return Ok(ExitCode::SUCCESS);
        }
        // How many there are makes the bar as long as it will be.
        let whole =
            if self.no_wait { None } else { Some(recipients(&api.post(&tried, &body, &a_key()).await?)) };
        let key = self.idempotency_key.clone().unwrap_or_else(a_key);
        let made = api.post(&orders, &body, &key).await?;
        let id = api::text(&made, "id");
        if self.no_wait {
            out::line(&id);
            out::note(&format!("It is ordered. To watch it: menfang notify --watch {id}"));
            return Ok(ExitCode::SUCCESS);
        }
        watch::follow(api, &id, whole).await
    }
}

/// A key that nobody has used.
fn a_key() -> String {
    format!("notify-{}", hex(&random::<16>(&OsEntropy)))
}

fn recipients(tried: &Value) -> u64 {
    tried["recipients"].as_u64().unwrap_or(0)
}

fn people(count: u64) -> String {
    if count == 1 { "one person".into() } else { format!("{} people", HumanCount(count)) }
}
