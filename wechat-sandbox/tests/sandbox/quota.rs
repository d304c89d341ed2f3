//! Daily numbers, rates, and tokens that die in the middle.

use serde_json::{Value, json};

use crate::support::{APPID, Running, note, start};

const SEND: &str = "/cgi-bin/message/template/send";

async fn quota(sandbox: &Running, token: &str) -> Value {
    let path = format!("/cgi-bin/openapi/quota/get?access_token={token}");
    sandbox.post_json(&path, json!({"cgi_path": SEND})).await
}

#[tokio::test]
async fn the_daily_number_is_used_up_and_told() {
    let sandbox = start(None);
    let token = sandbox.sending_account(json!({})).await;
    let (_, openid) = sandbox.follower("小明").await;
    let message = note(&openid, &json!({"client_msg_id": "c-1"}));
    let numbers = |limit: u64, used: u64| json!({"daily_limit": limit, "used": used, "remain": limit - used});
    assert_eq!(quota(&sandbox, &token).await["quota"], numbers(100_000, 0));
    sandbox.account_with(json!({"daily_quota": 2})).await;
    for _ in ["the message", "its duplicate"] {
        assert_eq!(sandbox.send(&token, message.clone()).await["errcode"], 0);
    }
    assert_eq!(sandbox.send(&token, message.clone()).await["errcode"], 45009);
    assert_eq!(quota(&sandbox, &token).await["quota"], numbers(2, 2));
    let clear = format!("/cgi-bin/clear_quota?access_token={token}");
    assert_eq!(sandbox.post_json(&clear, json!({"appid": "wx0"})).await["errcode"], 40013);
    for _ in 0..10 {
        assert_eq!(sandbox.post_json(&clear, json!({"appid": APPID})).await["errcode"], 0);
    }
    assert_eq!(sandbox.post_json(&clear, json!({"appid": APPID})).await["errcode"], 48006);
    assert_eq!(quota(&sandbox, &token).await["quota"], numbers(2, 0));
    assert_eq!(sandbox.send(&token, message).await["errcode"], 0);
}

#[tokio::test]
async fn the_quota_of_a_fault_is_told_while_it_is_in_force() {
    let sandbox = start(None);
    let token = sandbox.sending_account(json!({"daily_quota": 50})).await;
    let (_, openid) = sandbox.follower("小明").await;
    let send = || sandbox.send(&token, note(&openid, &json!({})));
    send().await;
    sandbox.put("/sandbox/faults", json!({"paths": [SEND], "quota": 1})).await;
    assert_eq!(quota(&sandbox, &token).await["quota"], json!({"daily_limit": 1, "used": 0, "remain": 1}));
    assert_eq!([send().await["errcode"].clone(), send().await["errcode"].clone()], [json!(0), json!(45009)]);
    assert_eq!(quota(&sandbox, &token).await["quota"], json!({"daily_limit": 1, "used": 1, "remain": 0}));
    let clear = format!("/cgi-bin/clear_quota?access_token={token}");
    sandbox.post(&clear, json!({"appid": APPID})).await;
    assert_eq!(send().await["errcode"], 0, "it begins anew");
    sandbox.put("/sandbox/faults", json!({})).await;
    assert_eq!(quota(&sandbox, &token).await["quota"], json!({"daily_limit": 50, "used": 1, "remain": 49}));
}

#[tokio::test]
async fn a_rate_limit_is_told_and_kept() {
    let sandbox = start(None);
    let limit = json!({"call_count": 2, "refresh_second": 86_400});
    let token = sandbox.sending_account(json!({"rate_limit": limit})).await;
    let (_, openid) = sandbox.follower("小明").await;
    assert_eq!(quota(&sandbox, &token).await["rate_limit"], limit);
    for errcode in [0, 0, 45011] {
        assert_eq!(sandbox.send(&token, note(&openid, &json!({}))).await["errcode"], errcode);
    }
}

#[tokio::test]
async fn only_paths_with_a_daily_number_have_a_quota() {
    let sandbox = start(None);
    let token = sandbox.sending_account(json!({})).await;
    let path = format!("/cgi-bin/openapi/quota/get?access_token={token}");
    for (cgi_path, errcode) in [
        ("", 76003),
        ("cgi-bin/token", 76003),
        ("https://api.weixin.qq.com/cgi-bin/token", 76003),
        ("/cgi-bin/message/template/send?access_token=1", 76003),
        ("/sns/userinfo", 76022),
        ("/cgi-bin/nothing", 76021),
    ] {
        assert_eq!(
            sandbox.post_json(&path, json!({"cgi_path": cgi_path})).await["errcode"],
            errcode,
            "{cgi_path}"
        );
    }
}

#[tokio::test]
async fn tokens_die_in_the_middle_and_new_ones_live() {
    let sandbox = start(None);
    let token = sandbox.sending_account(json!({})).await;
    let (_, openid) = sandbox.follower("小明").await;
    let path = format!("/sandbox/accounts/{APPID}/token/expire");
    for (body, errcode) in
        [(json!({}), 42001), (json!({"errcode": 42001}), 42001), (json!({"errcode": 40001}), 40001)]
    {
        let token = sandbox.stable_token().await;
        assert_eq!(sandbox.send(&token, note(&openid, &json!({}))).await["errcode"], 0);
        assert_eq!(sandbox.post(&path, body).await.status(), 204);
        assert_eq!(sandbox.send(&token, note(&openid, &json!({}))).await["errcode"], errcode);
    }
    assert_ne!(sandbox.stable_token().await, token);
    assert_eq!(sandbox.post(&path, json!({"errcode": 1})).await.status(), 422);
    assert_eq!(sandbox.post("/sandbox/accounts/wx0/token/expire", json!({})).await.status(), 404);
}
