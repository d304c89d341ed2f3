//! One access token for all nodes.

use std::cell::OnceCell;
use std::sync::Arc;
use std::time::Duration;

use futures_util::future::join_all;
use menfang::bus::redis::Lock;
use menfang::domain::ids::{OrgId, ServiceAccountId};
use menfang::server::world::{OsEntropy, SystemClock};
use menfang::wechat::{Credentials, Endpoints, WeChat};
use serde_json::{Value, json};
use wechat_sandbox::{RunningSandbox, Sandbox, SandboxConfig};

use crate::node::{Node, in_a_moment};
use crate::server::{RedisServer, until};

pub(crate) const APPID: &str = "wx0123456789abcdef";
pub(crate) const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// A WeChat, and the service account that the nodes have there.
pub(crate) struct Account {
    sandbox: RunningSandbox,
    http: reqwest::Client,
    credentials: Credentials,
}

impl Account {
    pub(crate) async fn bind() -> Self {
        let config = SandboxConfig { listen: "127.0.0.1:0".into(), data: None };
        let account = Self {
            sandbox: Sandbox::bind(config).unwrap().start(),
            http: reqwest::Client::builder().no_proxy().build().unwrap(),
            credentials: Credentials {
                account: ServiceAccountId::generate(&SystemClock, &OsEntropy),
                organization: OrgId::generate(&SystemClock, &OsEntropy),
                appid: APPID.into(),
                secret: SECRET.into(),
            },
        };
        let about = json!({
            "original_id": "gh_0123456789ab", "appid": APPID, "secret": SECRET, "token": "token",
            "encoding_aes_key": "Q7wKp2Zt9XbLm4VnR8sYd1HcJf6GuEa3TqWoPi5NzAv", "mode": "safe",
        });
        account.post("/sandbox/accounts", &about).await;
        account
    }

    /// WeChat, as a node speaks to it.
    pub(crate) fn wechat(&self, node: &Node) -> WeChat {
        let url = self.sandbox.url().to_owned();
        let endpoints = Endpoints { api_url: url.clone(), open_url: url };
        WeChat::sharing(self.http.clone(), endpoints, Arc::new(SystemClock), &node.bus)
    }

    /// Makes a call with the access token.
    pub(crate) async fn call(&self, wechat: &WeChat) {
        wechat.follower_page(&self.credentials, None).await.unwrap();
    }

    pub(crate) async fn post(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}{path}", self.sandbox.url());
        let answer = self.http.post(url).json(body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.unwrap_or_default()
    }

    async fn faults(&self, about: &Value) {
        let put = self.http.put(format!("{}/sandbox/faults", self.sandbox.url())).json(about);
        assert!(put.send().await.unwrap().status().is_success());
    }

    async fn fetched(&self) -> u64 {
        let stats = self.http.get(format!("{}/sandbox/stats", self.sandbox.url())).send().await.unwrap();
        stats.json::<Value>().await.unwrap()["token_calls"].as_u64().unwrap()
    }
}

#[actix_web::test]
async fn a_token_is_fetched_once_for_all_nodes() {
    let redis = RedisServer::start().await;
    let account = Account::bind().await;
    let nodes = [Node::join(&redis).await, Node::join(&redis).await];
    let wechats = nodes.each_ref().map(|node| account.wechat(node));
    join_all((0..20).map(|number: usize| account.call(&wechats[number % 2]))).await;
    assert_eq!(account.fetched().await, 1);
    let late = Node::join(&redis).await;
    account.call(&account.wechat(&late)).await;
    assert_eq!(account.fetched().await, 1, "also for a node that comes later");
}

#[actix_web::test]
async fn a_dead_token_costs_one_more_fetch_and_not_one_for_each_node() {
    let redis = RedisServer::start().await;
    let account = Account::bind().await;
    let nodes = [Node::join(&redis).await, Node::join(&redis).await, Node::join(&redis).await];
    let wechats = nodes.each_ref().map(|node| account.wechat(node));
    join_all(wechats.iter().map(|wechat| account.call(wechat))).await;
    account.post(&format!("/sandbox/accounts/{APPID}/token/expire"), &json!({})).await;
    let [first, second, third] = &wechats;
    join_all([first, second].map(|wechat| account.call(wechat))).await;
    assert_eq!(account.fetched().await, 2);
    account.call(third).await;
    assert_eq!(account.fetched().await, 2, "who finds out later takes what the others have");
}

#[actix_web::test]
async fn a_dead_token_is_not_taken_back_from_a_node_that_shared_it_later() {
    let redis = RedisServer::start().await;
    let account = Account::bind().await;
    let (old, new) = (Node::join(&redis).await, Node::join(&redis).await);
    let (old, new) = (account.wechat(&old), account.wechat(&new));
    account.call(&old).await;
    redis.ask(&["FLUSHALL"]);
    account.call(&new).await;
    assert_eq!(account.fetched().await, 2, "the same one, twice");
    account.post(&format!("/sandbox/accounts/{APPID}/token/expire"), &json!({})).await;
    account.call(&old).await;
    account.call(&new).await;
    assert_eq!(account.fetched().await, 3);
}

#[actix_web::test]
async fn without_an_answer_of_redis_each_node_fetches_for_itself_at_once() {
    let mut redis = RedisServer::start().await;
    let account = Account::bind().await;
    let node = Node::join(&redis).await;
    redis.pause();
    in_a_moment(account.call(&account.wechat(&node))).await;
    in_a_moment(account.call(&account.wechat(&node))).await;
    assert_eq!(account.fetched().await, 2);
    redis.wake();
    node.knows_that_redis_is(true).await;
    account.call(&account.wechat(&node)).await;
    account.call(&account.wechat(&node)).await;
    assert_eq!(account.fetched().await, 3, "then they share again");
    redis.kill();
    node.knows_that_redis_is(false).await;
    in_a_moment(account.call(&account.wechat(&node))).await;
    assert_eq!(account.fetched().await, 4);
}

#[actix_web::test]
async fn other_credentials_get_no_token_of_these() {
    let redis = RedisServer::start().await;
    let mut account = Account::bind().await;
    let node = Node::join(&redis).await;
    account.call(&account.wechat(&node)).await;
    account.credentials.secret = "ffffffffffffffffffffffffffffffff".into();
    account.wechat(&node).follower_page(&account.credentials, None).await.unwrap_err();
    assert_eq!(account.fetched().await, 2);
}

#[actix_web::test]
async fn a_lock_is_one_nodes_until_it_is_given_back_or_its_time_is_over() {
    let redis = RedisServer::start().await;
    let (here, there) = (Node::join(&redis).await, Node::join(&redis).await);
    let (here, there) = (here.bus.shared().unwrap(), there.bus.shared().unwrap());
    let long = Duration::from_mins(1);
    let Lock::Ours(first) = here.lock("it", Duration::from_millis(50)).await else { panic!("nobody has it") };
    let second = OnceCell::new();
    until("its time is over", async || match there.lock("it", long).await {
        Lock::Ours(locked) => second.set(locked).is_ok(),
        _ => false,
    })
    .await;
    first.unlock().await;
    assert!(matches!(here.lock("it", long).await, Lock::Theirs), "a late unlock frees nobody else's lock");
}

#[actix_web::test]
async fn a_call_that_is_given_up_gives_its_lock_back() {
    let redis = RedisServer::start().await;
    let account = Account::bind().await;
    let (here, there) = (Node::join(&redis).await, Node::join(&redis).await);
    account.faults(&json!({ "paths": ["/cgi-bin/stable_token"], "latency_ms": 60_000 })).await;
    let (wechat, locks) = (account.wechat(&here), || redis.ask(&["KEYS", "menfang:lock:*"]));
    tokio::select! {
        () = account.call(&wechat) => panic!("WeChat has not answered"),
        () = until("the lock is its", async || !locks().is_empty()) => {}
    }
    in_a_moment(until("it is given back", async || locks().is_empty())).await;
    account.faults(&json!({})).await;
    in_a_moment(account.call(&account.wechat(&there))).await;
}

#[actix_web::test]
async fn what_was_set_anew_is_not_removed_by_who_knew_it_before() {
    let redis = RedisServer::start().await;
    let (here, there) = (Node::join(&redis).await, Node::join(&redis).await);
    let (here, there) = (here.bus.shared().unwrap(), there.bus.shared().unwrap());
    let long = Duration::from_mins(1);
    let old = here.set("it", b"same", long).await.unwrap();
    let new = there.set("it", b"same", long).await.unwrap();
    here.remove("it", old).await;
    let found = here.get("it").await.unwrap();
    assert_eq!((found.value.as_slice(), found.stamp), (&b"same"[..], new));
    there.remove("it", new).await;
    assert!(here.get("it").await.is_none());
}
