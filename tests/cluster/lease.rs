//! Who sends is one node at a time, by a lease: another one takes over, and whoever was late changes nothing.

use std::cell::Cell;
use std::collections::HashMap;
use std::time::Duration;

use menfang::domain::clock::Millis;
use reqwest::Method;
use serde_json::json;

use crate::fan_out::each_has_one;
use crate::support::{Cluster, Plan, short_or_long};

/// The longest time without a message after this moment.
async fn longest_pause(cluster: &Cluster, after: Millis) -> Duration {
    let since = format!("/sandbox/messages?since={}", after.0);
    let messages = cluster.sandbox(Method::GET, &since, json!({})).await;
    let messages = messages["items"].as_array().unwrap().iter();
    let moments = messages.map(|one| Millis::from_rfc3339(one["at"].as_str().unwrap()).unwrap());
    let mut moments: Vec<Millis> = moments.collect();
    moments.sort();
    moments.windows(2).map(|pair| pair[1].since(pair[0])).max().unwrap()
}

/// When the newest message arrived.
async fn newest(cluster: &Cluster) -> Millis {
    Millis::from_rfc3339(cluster.stats().await["sends"]["last_at"].as_str().unwrap()).unwrap()
}

#[actix_web::test]
async fn another_node_sends_on_when_the_sender_dies_and_at_once_when_it_leaves() {
    let cluster =
        Cluster::set(Plan { settings: &[("wechat.sends_per_second", "100")], ..Plan::default() }).await;
    let followers = 1_200;
    cluster.with_followers(followers).await;
    let notification = cluster.notify_all().await;
    cluster.until_sent(followers / 5).await;
    let (first, moment) = (cluster.sender().await, newest(&cluster).await);
    cluster.nodes[first].kill();
    cluster.nodes[first].start();
    cluster.until_sent(followers * 2 / 5).await;
    let pause = longest_pause(&cluster, moment).await;
    eprintln!("the sender was killed: nothing for {pause:?}");
    assert!((Duration::from_secs(5)..=Duration::from_secs(12)).contains(&pause), "{pause:?}");
    // Its successor leaves in peace.
    cluster.nodes[first].is_ready().await;
    let (second, moment) = (cluster.sender().await, newest(&cluster).await);
    cluster.nodes[second].signal("TERM");
    let end = cluster.nodes[second].ends(Duration::from_secs(7)).await;
    assert!(end.is_some_and(|status| status.success()), "{end:?}");
    cluster.until_sent(followers * 4 / 5).await;
    let pause = longest_pause(&cluster, moment).await;
    eprintln!("the sender left: nothing for {pause:?}");
    assert!(pause <= Duration::from_secs(2), "{pause:?}");
    assert_ne!(cluster.sender().await, second);
    each_has_one(&cluster, &notification, followers, 100).await;
}

/// How far a delivery has come; it never goes back.
fn rank(state: &str) -> u8 {
    match state {
        "pending" | "sending" => 0,
        "sent" => 1,
        _ => 2,
    }
}

/// Looks at all deliveries again and again, until it is over: what was final stays so.
async fn nothing_goes_back(cluster: &Cluster, over: &Cell<bool>) {
    let rows = cluster.database.rows().await;
    let mut known: HashMap<String, String> = HashMap::new();
    while !over.get() {
        for row in rows.ask("SELECT CAST(id AS text) AS id, state FROM deliveries").await {
            let [id, state] = ["id", "state"].map(|name| row.try_get::<String>("", name).unwrap());
            let before = known.insert(id.clone(), state.clone());
            let before = before.unwrap_or_else(|| "pending".into());
            assert!(rank(&before) <= rank(&state), "{id} was {before} and is {state}");
        }
        tokio::time::sleep(Duration::from_millis(200)).await;
    }
}

#[actix_web::test]
async fn a_sender_that_was_frozen_for_longer_than_its_lease_changes_nothing() {
    let (lease, frozen) = short_or_long(("4", 7), ("10", 15));
    let settings = [("wechat.sends_per_second", "100"), ("notifications.lease_seconds", lease)];
    let cluster = Cluster::set(Plan { settings: &settings, ..Plan::default() }).await;
    let followers = short_or_long(1_000, 3_000);
    cluster.with_followers(followers).await;
    cluster.faults(json!({"paths": ["/cgi-bin/message/template/send"], "latency_ms": 300})).await;
    let notification = cluster.notify_all().await;
    let over = Cell::new(false);
    let story = async {
        cluster.until_sent(followers / 5).await;
        let first = cluster.sender().await;
        cluster.nodes[first].signal("STOP");
        cluster.leave_out(first);
        tokio::time::sleep(Duration::from_secs(frozen)).await;
        assert_ne!(cluster.sender().await, first, "the other node has taken over");
        cluster.nodes[first].signal("CONT");
        cluster.take_in(first);
        each_has_one(&cluster, &notification, followers, 100).await;
        over.set(true);
    };
    tokio::join!(story, nothing_goes_back(&cluster, &over));
}
