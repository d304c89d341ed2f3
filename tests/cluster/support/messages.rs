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
        let (sync, known) = (self.own("/followers/sync"), self.own("/followers?follows=true&limit=1"));
        // An import that was under way already, since the account was bound, may have been there before the crowd.
        for _ in 0..3 {
            self.api(&self.door(), Method::POST, &sync, json!({})).await;
            self.until(&sync, |import| import["state"] == "done").await;
            if self.until(&known, |_| true).await["total"] == count {
                return;
            }
        }
        panic!("not all {count} followers are known");
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
            let sends = |(now, before): (&Option<u64>, &Option<u64>)| {
                now.zip(*before).is_some_and(|(now, before)| now > before)
            };
            let sender = now.iter().zip(&before).position(sends);
            before = now;
            sender
        });
        sender.await.expect("nobody sends")
    }
}
