//! Events about the data of a person.

use serde_json::{Value, json};

use crate::support::{APPID, start};

#[tokio::test]
async fn the_platform_tells_and_the_person_stands_in_the_event() {
    let sandbox = start(None);
    let mut events = sandbox.listening_account().await;
    let (id, openid) = sandbox.follower("小明").await;
    events.recv().await.expect("the subscription");
    let whose = format!("<OpenID><![CDATA[{openid}]]></OpenID><AppID><![CDATA[{APPID}]]></AppID>");
    let info = |number: &str| format!("<RevokeInfo><![CDATA[{number}]]></RevokeInfo>");
    for (verb, body, name, tail) in [
        ("modify", json!({"appid": APPID}), "user_info_modified", String::new()),
        ("revoke", json!({"appid": APPID}), "user_authorization_revoke", info("205")),
        ("revoke", json!({"appid": APPID, "revoke_info": "201"}), "user_authorization_revoke", info("201")),
        ("cancel", json!({"appid": APPID}), "user_authorization_cancellation", String::new()),
    ] {
        let answer = sandbox.post(&format!("/sandbox/people/{id}/{verb}"), body).await;
        assert_eq!(answer.status(), 200, "{verb}");
        let answer: Value = answer.json().await.expect("JSON");
        assert_eq!((&answer["person"]["id"], &answer["callback"]["delivered"]), (&json!(id), &json!(true)));
        let following = if verb == "cancel" { json!([]) } else { json!([APPID]) };
        assert_eq!(answer["person"]["following"], following, "{verb}");
        let (head, event) = events.recv().await.expect("an event");
        assert!(event.ends_with(&format!("<Event><![CDATA[{name}]]></Event>{whose}{tail}</xml>")), "{event}");
        let sender = event.split("<FromUserName><![CDATA[").nth(1).map(|rest| &rest[..28]).expect("a sender");
        assert_ne!(sender, openid);
        assert!(head.contains(&format!("&openid={sender}")), "{head}");
    }
    assert!(events.try_recv().is_err(), "no unsubscribe event besides");
}

#[tokio::test]
async fn what_cannot_be_told_is_refused() {
    let sandbox = start(None);
    sandbox.account().await;
    let (id, _) = sandbox.person("小明").await;
    for (path, body, status) in [
        (format!("/sandbox/people/{id}/revoke"), json!({"appid": APPID, "revoke_info": "208"}), 422),
        (format!("/sandbox/people/{id}/revoke"), json!({}), 422),
        (format!("/sandbox/people/{id}/modify"), json!({"appid": APPID, "colour": "red"}), 422),
        (format!("/sandbox/people/{id}/cancel"), json!({"appid": "wx0"}), 404),
        ("/sandbox/people/per_0/cancel".to_owned(), json!({"appid": APPID}), 404),
    ] {
        assert_eq!(sandbox.post(&path, body.clone()).await.status(), status, "{path} {body}");
    }
    let quiet = sandbox.post_json(&format!("/sandbox/people/{id}/modify"), json!({"appid": APPID})).await;
    assert!(quiet["callback"].is_null(), "this account has no callback");
}
