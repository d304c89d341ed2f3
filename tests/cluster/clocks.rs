//! Two of three nodes have clocks that are an hour off, in either direction.

use std::time::Duration;

use crate::fan_out::{each_has_one, kill_senders};
use crate::support::{Cluster, Plan, short_or_long, sign_in_at};

const CLOCKS: [&str; 3] = ["", "+1h", "-1h"];

#[actix_web::test]
async fn a_wrong_clock_extends_no_life_and_logs_nobody_out() {
    let cluster = Cluster::set(Plan { clocks: &CLOCKS, ..Plan::default() }).await;
    for (node, off) in cluster.nodes.iter().zip([false, true, true]) {
        assert_eq!(node.has_said("clock differs from the database's"), off, "whether its clock is off");
    }
    let person = cluster.person("Alice").await;
    // Every node shows the code once, and every node lets the phone in once; a login is good at all of them.
    for (computer, phone) in [(0, 1), (1, 2), (2, 0)] {
        let pc = sign_in_at(&cluster, &person, (computer, phone)).await;
        for node in 0..3 {
            assert!(pc.me(cluster.to(node)).await.is_some(), "the login of {computer} at {node}");
        }
    }
    // What each node says of the time that is left.
    for node in 0..3 {
        let pc = cluster.pc();
        let qr = pc.new_code(cluster.to(node)).await;
        for watcher in 0..3 {
            let mut socket = pc.watch(cluster.to(watcher), &qr).await;
            let frame = socket.until("waiting", Duration::from_secs(2)).await;
            let left = frame["expires_in_ms"].as_u64().unwrap();
            assert!((110_000..=121_000).contains(&left), "{left} ms of {node} at {watcher}");
        }
    }
}

#[actix_web::test]
async fn wrong_clocks_send_nothing_twice() {
    let settings =
        [("wechat.sends_per_second", "200"), ("notifications.lease_seconds", short_or_long("2", "10"))];
    let cluster = Cluster::set(Plan { clocks: &CLOCKS, settings: &settings, ..Plan::default() }).await;
    let followers = short_or_long(800, 3_000);
    cluster.with_followers(followers).await;
    let notification = cluster.notify_all().await;
    kill_senders(&cluster, followers, 4).await;
    each_has_one(&cluster, &notification, followers, 200).await;
}
