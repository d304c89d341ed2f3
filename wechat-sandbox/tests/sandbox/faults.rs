//! Misbehaviour on request.

use serde_json::json;

use crate::support::{APPID, SECRET, authorize_link, start};

const PATH: &str = "/cgi-bin/token?grant_type=client_credential&appid=";

fn token_path() -> String {
    format!("{PATH}{APPID}&secret={SECRET}")
}

#[tokio::test]
async fn calls_fail_as_asked_and_are_counted() {
    let sandbox = start(None);
    sandbox.account().await;
    sandbox
        .put("/sandbox/faults", json!({"paths": ["/cgi-bin/token"], "error_rate": 1, "errcode": -1}))
        .await;
    assert_eq!(sandbox.get_json(&token_path()).await["errcode"], -1);
    assert_eq!(sandbox.get_json("/cgi-bin/getcallbackip").await["errcode"], 41001, "not this path");
    sandbox.put("/sandbox/faults", json!({"http_status": 502})).await;
    assert_eq!(sandbox.get(&token_path()).await.status(), 502);
    sandbox.put("/sandbox/faults", json!({"quota": 1})).await;
    assert!(sandbox.get_json(&token_path()).await["access_token"].is_string());
    assert_eq!(sandbox.get_json(&token_path()).await["errcode"], 45009);
    let page = sandbox.get(&authorize_link("snsapi_base")).await;
    assert_eq!(page.status(), 200);
    let stats = sandbox.get_json("/sandbox/stats").await;
    assert_eq!(stats["calls"]["/cgi-bin/token"], json!({"-1": 1, "0": 1, "45009": 1, "http_502": 1}));
}

#[tokio::test]
async fn a_dropped_call_is_done_or_not_done() {
    let sandbox = start(None);
    sandbox.account().await;
    let (id, _) = sandbox.person("小明").await;
    let code = sandbox.code("snsapi_base", &id).await;
    let path = crate::support::exchange_path(APPID, SECRET, &code);
    let call = || sandbox.client.get(sandbox.url(&path)).send();
    sandbox.put("/sandbox/faults", json!({"paths": ["/sns/"], "drop_before_rate": 1})).await;
    assert!(call().await.is_err(), "no answer");
    sandbox.put("/sandbox/faults", json!({"paths": ["/sns/"], "drop_after_rate": 1})).await;
    assert!(call().await.is_err(), "no answer");
    sandbox.put("/sandbox/faults", json!({})).await;
    assert_eq!(sandbox.exchange(&code).await["errcode"], 40163, "the second one had done its work");
    let stats = sandbox.get_json("/sandbox/stats").await;
    assert_eq!(stats["calls"]["/sns/oauth2/access_token"], json!({"dropped": 1, "0": 1, "40163": 1}));
}

#[tokio::test]
async fn a_hanging_call_does_not_hold_up_a_stop() {
    let sandbox = start(None);
    sandbox.put("/sandbox/faults", json!({"paths": ["/sms"], "hang_rate": 1})).await;
    let url = sandbox.url("/sms");
    let hanging = tokio::spawn(sandbox.client.post(url).body("{}").send());
    sandbox.sandbox.stop().await;
    assert!(hanging.await.expect("ends").is_err(), "the connection ended without an answer");
}

#[tokio::test]
async fn impossible_faults_are_refused() {
    let sandbox = start(None);
    for body in [json!({"latency": 1}), json!({"hang_rate": 2}), json!({"paths": ["/sandbox"]})] {
        assert_eq!(sandbox.put("/sandbox/faults", body.clone()).await.status(), 422, "{body}");
    }
}
