//! Messages to many: ordered, and counted where they arrive.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::json;

use super::set_up::APPID;
use super::{Cluster, eventually};

/// How long until somebody sends again, at the longest: a lease, a start, and a slow machine.
const PATIENCE: Duration = Duration::from_mins(1);

impl Cluster {
    /// Has so many people follow the service account, and the nodes know of them.
    pub(crate) async fn with_followers(&self, count: u64) {
        let crowd = json!({"appid": APPID, "count": count, "following": true});
        self.sandbox(Method::POST, "/sandbox/people/bulk", crowd).await;
        let sync = self.own("/followers/sync");
        self.api(&self.door(), Method::POST, &sync, json!({})).await;
        self.until(&sync, |import| import["state"] == "done").await;
    }

    /// Orders a template message to all followers, and gives its address.
    pub(crate) async fn notify_all(&self) -> String {
        let templates = self.until(&self.own("/templates"), |_| true).await;
        let order = json!({
            "channel": "wechat", "template": templates["items"][0]["template_id"],
            "data": {"thing1": "Order 42", "time2": "2026-11-22 18:00"}, "audience": {"followers": "all"},
        });
        let ordered = self.api(&self.door(), Method::POST, &self.app("/notifications"), order).await;
        format!("/notifications/{}", ordered["id"].as_str().unwrap())
    }

    /// Waits until so many messages have arrived.
    pub(crate) async fn until_sent(&self, total: u64) {
        let far = eventually(PATIENCE, async || {
            (self.stats().await["messages"]["total"].as_u64()? >= total).then_some(())
        });
        far.await.unwrap_or_else(|| panic!("fewer than {total} messages have come"));
    }

    /// Which node sends now.
    pub(crate) async fn sender(&self) -> usize {
        let counts = || join_all(self.nodes.iter().map(super::node::Node::sent));
        let mut before = counts().await;
        let sender = eventually(PATIENCE, async || {
            let now = counts().await;
            let sender = now.iter().zip(&before).position(|(now, before)| now > before);
            before = now;
            sender
        });
        sender.await.expect("nobody sends")
    }
}
