//! Whoever reads all of Redis learns of nobody.

use std::time::Duration;

use menfang::bus::guard::Limit;
use menfang::domain::clock::Millis;
use serde_json::json;

use crate::node::Node;
use crate::server::RedisServer;
use crate::tokens::{APPID, Account, SECRET};

#[actix_web::test]
async fn redis_holds_no_token_secret_or_address_in_clear() {
    let redis = RedisServer::start().await;
    let (account, node) = (Account::bind().await, Node::join(&redis).await);
    account.call(&account.wechat(&node)).await;
    let counted = Limit {
        name: "qr_per_address_minute",
        key: "203.0.113.7".into(),
        max: 9,
        window: Duration::from_mins(1),
    };
    node.bus.pass(&[counted], Millis(1_767_225_600_000)).await.unwrap();
    // In normal mode WeChat gives everybody the same token as long as it lives.
    let asked =
        json!({"grant_type": "client_credential", "appid": APPID, "secret": SECRET, "force_refresh": false});
    let token = account.post("/cgi-bin/stable_token", &asked).await["access_token"].clone();
    redis.ask(&["SAVE"]);
    let all = std::fs::read(redis.folder().join("dump.rdb")).unwrap();
    let holds = |text: &str| all.windows(text.len()).any(|bytes| bytes == text.as_bytes());
    assert!(holds("menfang:value:") && holds("menfang:{limits}:"), "what is kept is looked at");
    for secret in [token.as_str().unwrap(), APPID, SECRET, "203.0.113.7", "qr_per_address"] {
        assert!(!secret.is_empty() && !holds(secret), "{secret} stands in Redis");
    }
}
