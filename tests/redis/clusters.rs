//! Redis Cluster and Sentinel.

use std::process::Command;
use std::time::Duration;

use menfang::bus::Nudge;
use menfang::bus::guard::Limit;
use menfang::bus::redis::Servers;
use menfang::domain::clock::Millis;

use crate::node::Node;
use crate::server::{RedisServer, free_port, until};
use crate::tokens::Account;

const NOW: Millis = Millis(1_767_225_600_000);

/// All that a bus does, between two nodes.
async fn works_between(here: &mut Node, there: &mut Node) {
    here.bus.nudge(Nudge::Imports);
    assert_eq!(there.hears().await, "imports");
    assert_eq!(here.hears().await, "imports");
    let limits = ["narrow", "wide"].map(|name| Limit {
        name,
        key: "203.0.113.7".into(),
        max: 2,
        window: Duration::from_secs(10),
    });
    here.bus.pass(&limits, NOW).await.unwrap();
    there.bus.pass(&limits, NOW).await.unwrap();
    assert_eq!(here.bus.pass(&limits, NOW).await.unwrap_err().limit, "narrow");
    let (mine, theirs) = (here.bus.shared().unwrap(), there.bus.shared().unwrap());
    for name in ["a", "b", "c", "d", "e", "f"] {
        mine.set(name, name.as_bytes(), Duration::from_mins(1)).await.unwrap();
        assert_eq!(theirs.get(name).await.unwrap().value.as_slice(), name.as_bytes());
    }
    let account = Account::bind().await;
    account.call(&account.wechat(here)).await;
    assert_eq!(here.bus.redis_is_up(), Some(true), "nothing had to be done without Redis");
}

#[actix_web::test]
async fn a_cluster_carries_it_all() {
    let mut servers = Vec::new();
    for _ in 0..3 {
        let bus_port = free_port().to_string();
        servers.push(RedisServer::with(&["--cluster-enabled", "yes", "--cluster-port", &bus_port]).await);
    }
    let addresses = servers.iter().map(|server| format!("127.0.0.1:{}", server.port));
    let made = Command::new("redis-cli")
        .args(["--cluster", "create"])
        .args(addresses)
        .args(["--cluster-replicas", "0", "--cluster-yes"])
        .output()
        .unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stdout));
    until("the cluster is one", async || {
        servers.iter().all(|server| server.ask(&["CLUSTER", "INFO"]).contains("cluster_state:ok"))
    })
    .await;
    let urls: Vec<String> = servers.iter().map(RedisServer::url).collect();
    let reversed = urls.iter().rev().cloned().collect();
    let mut here = Node::over(Servers::Cluster(urls)).await;
    let mut there = Node::over(Servers::Cluster(reversed)).await;
    works_between(&mut here, &mut there).await;
}

#[actix_web::test]
async fn sentinel_names_the_server_also_after_a_failover() {
    let login = ["--requirepass", "hush-now", "--masterauth", "hush-now"];
    let mut first = RedisServer::with(&login).await;
    let port = first.port.to_string();
    let follows =
        [&login[..], &["--replicaof", "127.0.0.1", &port, "--repl-diskless-sync-delay", "0"]].concat();
    let second = RedisServer::with(&follows).await;
    let sentinel = sentinel(first.port).await;
    until("the replica is known and up to date", async || {
        let known = sentinel.ask(&["SENTINEL", "REPLICAS", "main"]).contains(&second.port.to_string());
        known && second.ask(&["-a", "hush-now", "INFO", "replication"]).contains("master_link_status:up")
    })
    .await;
    let url = format!("redis://:hush-now@127.0.0.1:{}", sentinel.port);
    let servers = Servers::Sentinel { sentinels: vec![url], master: "main".into() };
    let mut here = Node::over(servers.clone()).await;
    let mut there = Node::over(servers).await;
    works_between(&mut here, &mut there).await;
    first.kill();
    here.looks_at_all().await;
    there.looks_at_all().await;
    here.knows_that_redis_is(true).await;
    here.bus.nudge(Nudge::Changes);
    assert_eq!(there.hears().await, "changes");
}

/// A Sentinel that watches one server, alone and impatient.
async fn sentinel(port: u16) -> RedisServer {
    let config = format!(
        "sentinel monitor main 127.0.0.1 {port} 1\nsentinel auth-pass main hush-now\n\
         sentinel down-after-milliseconds main 300\nsentinel failover-timeout main 3000\n"
    );
    RedisServer::sentinel(&config).await
}
