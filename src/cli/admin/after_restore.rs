//! What is left to do when a backup was put back, before any node starts.

use serde_json::{Value, json};

use crate::domain::audit::By;
use crate::store::restored::Logins;
use crate::usecases::Administration;

#[derive(clap::Args)]
pub(super) struct Run {
    /// Only say what would be done; the schema is brought up all the same
    #[arg(long)]
    dry_run: bool,
    /// Leave people signed in, also those whose login ended since the backup was taken
    #[arg(long)]
    keep_logins: bool,
}

impl Run {
    pub(super) async fn run(self, admin: &Administration, by: &By) -> anyhow::Result<Value> {
        let logins = if self.keep_logins { Logins::Keep } else { Logins::End };
        let found = if self.dry_run {
            admin.look_at_backup(logins).await?
        } else {
            admin.settle_backup(logins, by).await?
        };
        Ok(json!({
            "dry_run": self.dry_run,
            "deliveries": {"uncertain": found.uncertain},
            "notifications": {
                "stopped": found.stopped,
                "closed_to_followers": found.closed_to_followers,
                "still_scheduled": admin.store().scheduled_notifications().await?,
            },
            "logins": found.logins,
            "account_logins": found.account_logins,
            "codes": found.codes,
            "qr_sessions": found.qr_sessions,
            "visits": found.visits,
            "leases": found.leases,
        }))
    }
}
