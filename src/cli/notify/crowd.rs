//! A crowd for a demo: so many pretend people who follow, so that there is somebody to send to.

use std::time::Duration;

use anyhow::Context as _;
use serde_json::{Value, json};

use crate::server::world::client;

use super::api::Api;
use super::{UsageError, out};

/// How often it is looked whether the server knows them all.
const LOOK: Duration = Duration::from_millis(300);
/// How long that may take.
const PATIENCE: Duration = Duration::from_mins(5);

/// What a demo says of itself.
pub(super) struct Stage {
    pub(super) sandbox_url: String,
    pub(super) organization: String,
    pub(super) appid: String,
}

/// Has so many more people follow the demo's service account, and waits until the server knows them.
///
/// # Errors
/// The sandbox or the server does not answer.
pub(super) async fn come(api: &Api, stage: &Stage, count: u32) -> anyhow::Result<()> {
    if count == 0 {
        return Err(UsageError("--crowd: must be at least 1".into()).into());
    }
    out::note(&format!("{count} pretend people begin to follow the demo's service account …"));
    let crowd = json!({"appid": stage.appid, "count": count, "following": true});
    let asked =
        client()?.post(format!("{}/sandbox/people/bulk", stage.sandbox_url)).json(&crowd).send().await;
    let answer = asked.map_err(reqwest::Error::without_url).context("the demo's sandbox does not answer")?;
    anyhow::ensure!(answer.status().is_success(), "the demo's sandbox says {}", answer.status());
    let import = format!("/organizations/{}/followers/sync", stage.organization);
    api.post(&import, &json!({}), &super::a_key()).await?;
    let known = async {
        loop {
            tokio::time::sleep(LOOK).await;
            let seen: Value = api.get(&import).await?;
            match seen["state"].as_str() {
                Some("done") => return Ok(()),
                Some("failed") => anyhow::bail!("the import of followers failed: {}", seen["failure"]),
                _ => {}
            }
        }
    };
    tokio::time::timeout(PATIENCE, known).await.context("the import of followers takes too long")?
}
