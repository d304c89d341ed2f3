//! One message to many, while those who send are killed.

use serde_json::json;

use crate::support::{Cluster, Plan, short_or_long};

/// Kills whoever sends after every tenth of the messages, and starts it again at once.
pub(crate) async fn kill_senders(cluster: &Cluster, followers: u64, kills: u64) {
    for number in 1..=kills {
        cluster.until_sent(followers * number / (kills + 1)).await;
        let sender = cluster.sender().await;
        cluster.nodes[sender].kill();
        cluster.nodes[sender].start();
    }
}

/// Everybody got one message, never more than so many went out in a second, and the rows say so.
pub(crate) async fn each_has_one(cluster: &Cluster, notification: &str, followers: u64, rate: u64) {
    let done = cluster.until(notification, |one| one["state"] == "done").await;
    let stats = cluster.stats().await;
    let (messages, peak) = (&stats["messages"], stats["peak_sends_per_second"].as_u64().unwrap());
    eprintln!("{messages} {}, at most {peak} in a second", done["counts"]);
    // Whoever takes over may begin with a burst, which is a tenth by default.
    assert!(peak <= rate + rate / 5, "{peak} in one second");
    assert_eq!((&messages["min"], &messages["max"]), (&json!(1), &json!(1)), "{messages}");
    assert_eq!(messages["total"], followers);
    let counts = &done["counts"];
    let arrived = counts["sent"].as_u64().unwrap() + counts["delivered"].as_u64().unwrap();
    assert_eq!(arrived, followers, "every row is final: {done}");
}

#[actix_web::test]
async fn kills_of_the_sender_lose_nothing_and_double_nothing() {
    // A short lease, so that the story is about kills and not about waiting.
    let settings =
        [("wechat.sends_per_second", "500"), ("notifications.lease_seconds", short_or_long("2", "10"))];
    let cluster = Cluster::set(Plan { settings: &settings, ..Plan::default() }).await;
    let followers = short_or_long(3_000, 10_000);
    cluster.with_followers(followers).await;
    let notification = cluster.notify_all().await;
    kill_senders(&cluster, followers, 9).await;
    each_has_one(&cluster, &notification, followers, 500).await;
}
