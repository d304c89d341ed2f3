//! Counting over nodes.

use std::time::Duration;

use futures_util::future::join_all;
use menfang::bus::guard::Limit;
use menfang::bus::redis::Servers;
use menfang::domain::clock::Millis;

use crate::node::{Node, in_a_moment};
use crate::server::RedisServer;

const NOW: Millis = Millis(1_767_225_600_000);

fn limit(name: &'static str, max: u32) -> Limit {
    Limit { name, key: "203.0.113.7".into(), max, window: Duration::from_secs(10) }
}

async fn passes(node: &Node, limits: &[Limit], after: u64) -> bool {
    node.bus.pass(limits, NOW.plus(Duration::from_millis(after))).await.is_ok()
}

#[actix_web::test]
async fn two_nodes_share_a_limit_to_the_last_one() {
    let redis = RedisServer::start().await;
    let nodes = [Node::join(&redis).await, Node::join(&redis).await];
    let limits = [limit("crowd", 10)];
    let tries = (0..100).map(|number: usize| passes(&nodes[number % 2], &limits, 0));
    let passed = join_all(tries).await.into_iter().filter(|passed| *passed).count();
    assert_eq!(passed, 10);
}

#[actix_web::test]
async fn a_window_slides_and_a_refusal_counts_nowhere_on_either_node() {
    let redis = RedisServer::start().await;
    let (here, there) = (Node::join(&redis).await, Node::join(&redis).await);
    let both = [limit("wide", 3), limit("narrow", 1)];
    let wide = [limit("wide", 3)];
    assert!(passes(&here, &both, 0).await);
    let refused = there.bus.pass(&both, NOW.plus(Duration::from_secs(4))).await.unwrap_err();
    assert_eq!((refused.limit, refused.retry_after), ("narrow", Duration::from_secs(6)));
    assert!(passes(&there, &both, 10_000).await, "the first one is 10 s old");
    assert!(passes(&here, &wide, 10_001).await, "the refused one was not counted as wide");
    assert!(passes(&there, &wide, 10_002).await);
    assert!(!passes(&here, &wide, 10_003).await);
    // In Redis what no longer counts goes by itself.
    for key in redis.ask(&["--scan"]).lines() {
        let left: i64 = redis.ask(&["PTTL", key]).parse().unwrap();
        assert!((1..=10_000).contains(&left), "{key} has {left} ms left");
    }
}

#[actix_web::test]
async fn while_redis_stands_still_each_node_counts_for_itself_at_once() {
    let redis = RedisServer::start().await;
    let node = Node::join(&redis).await;
    let limits = [limit("crowd", 3)];
    assert!(passes(&node, &limits, 0).await);
    redis.pause();
    assert!(in_a_moment(passes(&node, &limits, 1)).await);
    assert_eq!(node.bus.redis_is_up(), Some(false), "who did not answer is asked no more");
    let at_once = join_all((0..50).map(|_| passes(&node, &limits, 2)));
    let passed = in_a_moment(at_once).await.into_iter().filter(|passed| *passed).count();
    assert_eq!(passed, 1, "what was counted together counts along");
    redis.wake();
    node.knows_that_redis_is(true).await;
    assert!(!passes(&node, &limits, 3).await);
    assert!(passes(&node, &limits, 10_100).await);
}

#[actix_web::test]
async fn without_redis_a_node_counts_for_itself() {
    let mut redis = RedisServer::start().await;
    redis.kill();
    let node = Node::alone(Servers::One(redis.url()));
    let limits = [limit("crowd", 2)];
    for expected in [true, true, false] {
        assert_eq!(in_a_moment(passes(&node, &limits, 0)).await, expected);
    }
}

#[actix_web::test]
async fn an_emptied_redis_forgets_no_more_than_what_was_counted_elsewhere() {
    let redis = RedisServer::start().await;
    let (here, there) = (Node::join(&redis).await, Node::join(&redis).await);
    let limits = [limit("crowd", 2)];
    assert!(passes(&here, &limits, 0).await && passes(&here, &limits, 1).await);
    redis.ask(&["FLUSHALL"]);
    redis.ask(&["SCRIPT", "FLUSH"]);
    assert!(!passes(&here, &limits, 2).await, "it has counted along");
    assert!(passes(&there, &limits, 3).await, "the script is there again");
    assert_eq!(there.bus.redis_is_up(), Some(true));
}
