//! Registering accounts, and following with a callback that listens or does not.

use serde_json::json;
use tokio::{io::AsyncWriteExt, net::TcpListener};

use crate::support::{APPID, read_request, start};

/// A callback that takes every event and echoes verifications, or answers them with something else.
async fn callback(honest: bool) -> String {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/events", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let (head, _) = read_request(&mut stream).await;
            let echo = head.split("echostr=").nth(1).and_then(|rest| rest.split([' ', '&']).next());
            let body = if honest { echo.unwrap_or("success") } else { "hello" };
            let answer = format!(
                "HTTP/1.1 200 OK\r\nContent-Length: {}\r\nConnection: close\r\n\r\n{body}",
                body.len()
            );
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    url
}

/// An address where nobody listens.
fn nowhere() -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    format!("http://{}/events", listener.local_addr().expect("an address"))
}

#[tokio::test]
async fn registration_tells_how_the_verification_went() {
    let sandbox = start(None);
    for (url, verified) in [
        (json!(callback(true).await), json!(true)),
        (json!(callback(false).await), json!(false)),
        (json!(nowhere()), json!(false)),
        (json!(""), json!(null)),
    ] {
        let answer = sandbox.account_with(json!({"callback_url": url})).await;
        assert_eq!(answer["callback_verified"], verified, "{url}");
    }
}

#[tokio::test]
async fn following_waits_for_the_first_delivery() {
    let sandbox = start(None);
    sandbox.account_with(json!({"callback_url": callback(true).await})).await;
    let (id, _) = sandbox.person("小明").await;
    let follow = |verb: &str| format!("/sandbox/people/{id}/{verb}");
    let answer = sandbox.post_json(&follow("follow"), json!({"appid": APPID})).await;
    assert_eq!(answer["callback"], json!({"delivered": true, "status": 200}));
    let again = sandbox.post_json(&follow("follow"), json!({"appid": APPID})).await;
    assert_eq!(again["callback"], json!(null), "nothing happened");
    let scan = sandbox.post_json(&follow("follow"), json!({"appid": APPID, "scene": "s"})).await;
    assert_eq!(scan["callback"]["delivered"], true, "a follower's scan is an event");
    let gone = sandbox.post_json(&follow("unfollow"), json!({"appid": APPID})).await;
    assert_eq!((&gone["callback"]["delivered"], &gone["person"]["following"]), (&json!(true), &json!([])));
}

#[tokio::test]
async fn following_works_though_nobody_listens() {
    let sandbox = start(None);
    sandbox.account_with(json!({"callback_url": nowhere()})).await;
    let (id, _) = sandbox.person("小明").await;
    let answer = sandbox.post_json(&format!("/sandbox/people/{id}/follow"), json!({"appid": APPID})).await;
    assert_eq!(answer["callback"], json!({"delivered": false, "status": null}));
    assert_eq!(answer["person"]["following"], json!([APPID]));
}

#[tokio::test]
async fn registering_again_changes_what_is_given_and_forgets_nothing() {
    let sandbox = start(None);
    sandbox.account().await;
    let (id, openid) = sandbox.person("小明").await;
    sandbox.post(&format!("/sandbox/people/{id}/follow"), json!({"appid": APPID})).await;
    let token = sandbox.token().await;
    let changed =
        sandbox.post("/sandbox/accounts", json!({"appid": APPID, "redirect_domains": ["a.example"]})).await;
    assert_eq!(changed.status(), 200);
    let changed: serde_json::Value = changed.json().await.expect("JSON");
    assert_eq!((&changed["mode"], &changed["redirect_domains"]), (&json!("safe"), &json!(["a.example"])));
    let all = sandbox.get_json(&format!("/cgi-bin/user/get?access_token={token}")).await;
    assert_eq!(all["data"]["openid"], json!([openid]));
}

#[tokio::test]
async fn what_cannot_be_registered_is_told() {
    let sandbox = start(None);
    for (body, status) in [
        (json!({"appid": "", "secret": "s"}), 422),
        (json!({"appid": "wx1"}), 422),
        (json!({"appid": "wx1", "secret": "s", "colour": "red"}), 422),
        (json!({"appid": "wx1", "secret": "s", "encoding_aes_key": "short"}), 422),
        (json!({"appid": "wx1", "secret": "s", "mode": "loud"}), 422),
        (json!({"appid": "wx1", "secret": "s", "callback_url": "http://127.0.0.1/"}), 422),
        (json!({"appid": "wx1", "secret": "s", "mode": "plain", "callback_url": "ftp://h/"}), 422),
    ] {
        let answer = sandbox.post("/sandbox/accounts", body.clone()).await;
        assert_eq!(answer.status(), status, "{body}");
        let problem: serde_json::Value = answer.json().await.expect("JSON");
        assert!(problem["error"].is_string(), "{problem}");
    }
    let broken =
        sandbox.client.post(sandbox.url("/sandbox/accounts")).body("{").send().await.expect("an answer");
    assert_eq!(broken.status(), 400);
    for path in ["/sandbox/nothing", "/sandbox/people/per_0"] {
        assert_eq!(sandbox.get(path).await.status(), 404, "{path}");
    }
    let nobody = sandbox.post("/sandbox/people/per_0/follow", json!({"appid": "wx1"})).await;
    assert_eq!(nobody.status(), 404);
}

#[tokio::test]
async fn openids_are_there_for_accounts_registered_later() {
    let sandbox = start(None);
    let (id, openid) = sandbox.person("小明").await;
    assert_eq!(openid, "");
    sandbox.account().await;
    let person = sandbox.get_json(&format!("/sandbox/people/{id}")).await;
    assert_eq!(person["openids"][APPID].as_str().map(str::len), Some(28));
    let list = sandbox.get_json("/sandbox/people").await;
    assert_eq!(list["items"], json!([person]));
}

#[tokio::test]
async fn blocking_is_quiet() {
    let sandbox = start(None);
    sandbox.account_with(json!({"callback_url": callback(true).await})).await;
    let (id, _) = sandbox.person("小明").await;
    let block = format!("/sandbox/people/{id}/block");
    for body in [json!({"appid": APPID}), json!({"appid": APPID, "template_id": "t"})] {
        let answer = sandbox.post_json(&block, body).await;
        assert_eq!((&answer["person"]["id"], &answer["callback"]), (&json!(id), &json!(null)));
    }
    assert_eq!(sandbox.post(&block, json!({"appid": "wx0"})).await.status(), 404);
}
