//! "Look!" between nodes.

use menfang::bus::redis::Servers;
use menfang::bus::{Nudge, SessionNews, Written};
use menfang::domain::clock::Clock;
use menfang::domain::ids::{AppId, OrgId};
use menfang::domain::network::Network;
use menfang::domain::qr_session::{QrSession, State};
use menfang::domain::qr_ticket::{Computer, DeviceMark, QrRef};
use menfang::domain::user_agent::{Browser, System};
use menfang::server::world::{OsEntropy, SystemClock};

use crate::node::{Node, in_a_moment};
use crate::server::RedisServer;

#[actix_web::test]
async fn a_nudge_crosses_once_and_comes_back_to_nobody() {
    let redis = RedisServer::start().await;
    let (mut here, mut there) = (Node::join(&redis).await, Node::join(&redis).await);
    for _ in 0..1_000 {
        here.bus.nudge(Nudge::Changes);
    }
    for _ in 0..1_000 {
        assert_eq!(here.hears().await, "changes", "at home it is heard at once and each time");
    }
    assert_eq!(there.hears().await, "changes");
    here.bus.nudge(Nudge::Outbox);
    assert_eq!(there.hears().await, "outbox", "a thousand at once were one message");
    // By now what was said here would have come back, were it not dropped.
    there.bus.nudge(Nudge::Imports);
    assert_eq!(here.hears_both().await, ["imports", "outbox"]);
}

#[actix_web::test]
async fn what_names_a_person_stays_at_home() {
    let redis = RedisServer::start().await;
    let (mut here, mut there) = (Node::join(&redis).await, Node::join(&redis).await);
    here.bus.nudge(Nudge::Follower {
        organization: OrgId::generate(&SystemClock, &OsEntropy),
        openid: "oSomebody".into(),
    });
    here.bus.nudge(Nudge::Changes);
    assert_eq!(here.hears_both().await, ["changes", "follower"]);
    assert_eq!(there.hears().await, "changes");
}

#[actix_web::test]
async fn a_session_that_was_written_is_shown_at_home_and_looked_for_elsewhere() {
    let redis = RedisServer::start().await;
    let (mut here, mut there) = (Node::join(&redis).await, Node::join(&redis).await);
    let (shown, looked_for) = (news(&here), news(&there));
    here.bus.session_written(Written { session: session(), user: None });
    assert!(matches!(shown.try_recv(), Ok(SessionNews::Here(_))), "before it returns");
    here.bus.nudge(Nudge::Imports);
    assert_eq!(here.hears().await, "imports", "its own feed was not woken for it");
    assert_eq!(there.hears().await, "imports", "nor is the other one's");
    let SessionNews::Elsewhere { r, seq } = looked_for.try_recv().unwrap() else {
        panic!("it is another node")
    };
    assert_eq!((r, seq), (QrRef([1; 16]), 2));
    assert!(shown.try_recv().is_err(), "what a node has said itself it does not hear");
}

/// What a node is told of sessions.
fn news(node: &Node) -> std::sync::mpsc::Receiver<SessionNews> {
    let (tell, told) = std::sync::mpsc::channel();
    node.bus.show_sessions_to(move |news| tell.send(news).unwrap());
    told
}

fn session() -> QrSession {
    let now = SystemClock.now();
    QrSession {
        r: QrRef([1; 16]),
        organization: OrgId::generate(&SystemClock, &OsEntropy),
        app: AppId::generate(&SystemClock, &OsEntropy),
        openid: "oSomebody".into(),
        user: None,
        state: State::Scanned,
        seq: 2,
        match_number: None,
        computer: Computer {
            browser: Browser::Edge,
            system: System::Windows,
            network: Network::Unknown,
            device: DeviceMark([0; 14]),
        },
        phone_network: Network::Unknown,
        issued_at: now,
        scanned_at: now,
        expires_at: now,
    }
}

#[actix_web::test]
async fn a_node_that_was_cut_off_looks_at_everything_and_goes_on() {
    let mut redis = RedisServer::start().await;
    let mut node = Node::join(&redis).await;
    redis.kill();
    node.knows_that_redis_is(false).await;
    node.bus.nudge(Nudge::Changes);
    assert_eq!(node.hears().await, "changes", "at home nothing is lost");
    redis.restart().await;
    node.looks_at_all().await;
    node.knows_that_redis_is(true).await;
    let mut other = Node::join(&redis).await;
    node.bus.nudge(Nudge::Imports);
    assert_eq!(other.hears().await, "imports");
    // The same when the connections alone are lost.
    redis.ask(&["CLIENT", "KILL", "TYPE", "pubsub"]);
    assert_eq!(node.hears().await, "imports");
    node.looks_at_all().await;
    other.looks_at_all().await;
}

#[actix_web::test]
async fn a_node_starts_without_redis_and_joins_when_it_comes() {
    let mut redis = RedisServer::start().await;
    redis.kill();
    let mut node = Node::alone(Servers::One(redis.url()));
    in_a_moment(async { node.bus.nudge(Nudge::Outbox) }).await;
    assert_eq!(node.hears().await, "outbox");
    assert_eq!(node.bus.redis_is_up(), Some(false));
    redis.restart().await;
    node.looks_at_all().await;
}

#[actix_web::test]
async fn a_redis_that_stands_still_is_noticed_and_holds_up_nobody() {
    let redis = RedisServer::start().await;
    let (mut here, mut there) = (Node::join(&redis).await, Node::join(&redis).await);
    redis.pause();
    in_a_moment(async { here.bus.nudge(Nudge::Changes) }).await;
    assert_eq!(in_a_moment(here.hears()).await, "changes");
    here.knows_that_redis_is(false).await;
    redis.wake();
    here.looks_at_all().await;
    here.knows_that_redis_is(true).await;
    there.knows_that_redis_is(true).await;
    here.bus.nudge(Nudge::Imports);
    while there.hears().await != "imports" {}
}

#[actix_web::test]
async fn a_bus_that_nobody_has_any_more_leaves_redis() {
    let redis = RedisServer::start().await;
    let node = Node::join(&redis).await;
    let clients = || redis.ask(&["CLIENT", "LIST"]).lines().count();
    assert_eq!(clients(), 3, "redis-cli, and two connections of the bus");
    drop(node);
    crate::server::until("its connections are closed", async || clients() == 1).await;
}
