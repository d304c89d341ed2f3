//! Sending template messages, and the inboxes that they come into.

use serde_json::{Value, json};

use crate::support::{APPID, NOTE, ORDER, note, start};

#[tokio::test]
async fn a_message_comes_into_the_inbox_of_the_follower() {
    let sandbox = start(None);
    let token = sandbox.sending_account(json!({})).await;
    let (id, openid) = sandbox.follower("小明").await;
    let answer = sandbox
        .send(
            &token,
            json!({
                "touser": openid, "template_id": ORDER, "url": "https://www.example.org/m", "client_msg_id": "c-1",
                "topcolor": "#FF0000", "miniprogram": null,
                "data": {"character_string1": {"value": "A-1", "color": null}, "thing2": {"value": "茶"}},
            }),
        )
        .await;
    assert_eq!((&answer["errcode"], &answer["errmsg"]), (&json!(0), &json!("ok")));
    let msgid = answer["msgid"].as_i64().expect("a number");
    assert_eq!(msgid.to_string().len(), 19);
    let items = sandbox.get_json(&format!("/sandbox/messages?person={id}")).await["items"].clone();
    let at = items[0]["at"].as_str().expect("a moment").to_owned();
    assert_eq!(
        items,
        json!([{
            "person": id, "openid": openid, "appid": APPID, "template_id": ORDER, "url": "https://www.example.org/m",
            "data": {"character_string1": {"value": "A-1", "color": null}, "thing2": {"value": "茶"}},
            "msgid": msgid, "client_msg_id": "c-1", "at": at,
        }])
    );
    let stats = sandbox.get_json("/sandbox/stats").await;
    assert_eq!(
        stats["messages"],
        json!({"people": 1, "min": 1, "max": 1, "total": 1, "duplicates_dropped": 0})
    );
    assert_eq!((&stats["sends"]["calls"], &stats["peak_sends_per_second"]), (&json!(1), &json!(1)));
    assert_eq!(stats["sends"]["first_at"], json!(at));
}

#[tokio::test]
async fn what_cannot_be_sent_is_refused_by_its_errcode_and_changes_nothing() {
    let sandbox = start(None);
    let token = sandbox.sending_account(json!({})).await;
    let (id, openid) = sandbox.follower("小明").await;
    let (_, stranger) = sandbox.person("小红").await;
    let other = json!({"appid": "wxfedcba9876543210", "secret": "s", "mode": "plain"});
    sandbox.post("/sandbox/accounts", other).await;
    let person = sandbox.get_json(&format!("/sandbox/people/{id}")).await;
    let elsewhere = person["openids"]["wxfedcba9876543210"].as_str().expect("an openid").to_owned();
    let long = format!("https://h/{}", "a".repeat(1015));
    for (message, errcode) in [
        (json!("text"), 47001),
        (json!({"touser": 5}), 47001),
        (json!({}), 40003),
        (note("oNobody", &json!({})), 40003),
        (note(&elsewhere, &json!({})), 40003),
        (note(&stranger, &json!({})), 43004),
        (note(&openid, &json!({"template_id": ""})), 40036),
        (note(&openid, &json!({"template_id": "unknown"})), 40037),
        (note(&openid, &json!({"data": null})), 47003),
        (note(&openid, &json!({"data": {"thing1": {"value": "字".repeat(21)}}})), 47003),
        (note(&openid, &json!({"url": long})), 40039),
    ] {
        assert_eq!(sandbox.send(&token, message.clone()).await["errcode"], errcode, "{message}");
    }
    let named = sandbox.send(&token, note(&openid, &json!({"data": {}}))).await;
    let text = named["errmsg"].as_str().expect("a text");
    assert!(text.starts_with("argument invalid! data.thing1.value invalid rid: "), "{text}");
    let path = format!("/cgi-bin/message/template/send?access_token={token}");
    let empty: Value = sandbox
        .client
        .post(sandbox.url(&path))
        .body("")
        .send()
        .await
        .expect("an answer")
        .json()
        .await
        .expect("JSON");
    assert_eq!(empty["errcode"], 44002);
    assert_eq!(sandbox.get_json(&path).await["errcode"], 43002);
    assert_eq!(sandbox.send("wrong", json!({})).await["errcode"], 40001);
    assert_eq!(sandbox.post_json("/cgi-bin/message/template/send", json!({})).await["errcode"], 41001);
    let stats = sandbox.get_json("/sandbox/stats").await;
    assert_eq!((&stats["messages"]["total"], &stats["sends"]["calls"]), (&json!(0), &json!(0)));
    assert_eq!(stats["messages"]["min"], 0);
}

#[tokio::test]
async fn the_same_client_msg_id_is_the_same_message_within_the_window() {
    let sandbox = start(None);
    let token = sandbox.sending_account(json!({})).await;
    let (_, openid) = sandbox.follower("小明").await;
    let (_, other) = sandbox.follower("小红").await;
    let message = note(&openid, &json!({"client_msg_id": "c-1"}));
    let first = sandbox.send(&token, message.clone()).await;
    assert_eq!(sandbox.send(&token, message.clone()).await, first);
    let elsewhere = sandbox.send(&token, note(&other, &json!({"client_msg_id": "c-1"}))).await;
    assert_ne!(elsewhere["msgid"], first["msgid"], "another person's is another message");
    let stats = sandbox.get_json("/sandbox/stats").await;
    assert_eq!(
        stats["messages"],
        json!({"people": 2, "min": 1, "max": 1, "total": 2, "duplicates_dropped": 1})
    );
    assert_eq!(stats["sends"]["calls"], 3, "a duplicate is a call as well");
    sandbox.put("/sandbox/faults", json!({"dedupe_window_s": 0})).await;
    let again = sandbox.send(&token, message).await;
    assert_eq!(again["errcode"], 0);
    assert_ne!(again["msgid"], first["msgid"], "the window is over");
    for _ in 0..2 {
        sandbox.send(&token, note(&other, &json!({}))).await;
    }
    let stats = sandbox.get_json("/sandbox/stats").await;
    assert_eq!(
        stats["messages"],
        json!({"people": 2, "min": 2, "max": 3, "total": 5, "duplicates_dropped": 1})
    );
}

#[tokio::test]
async fn a_lost_answer_can_be_asked_for_again() {
    let sandbox = start(None);
    let token = sandbox.sending_account(json!({})).await;
    let (_, openid) = sandbox.follower("小明").await;
    let message = note(&openid, &json!({"client_msg_id": "c-1"}));
    let path = format!("/cgi-bin/message/template/send?access_token={token}");
    let call = || sandbox.client.post(sandbox.url(&path)).json(&message).send();
    let paths = json!(["/cgi-bin/message/template/send"]);
    sandbox.put("/sandbox/faults", json!({"paths": paths, "drop_before_rate": 1})).await;
    assert!(call().await.is_err());
    assert_eq!(sandbox.get_json("/sandbox/stats").await["messages"]["total"], 0);
    sandbox.put("/sandbox/faults", json!({"paths": paths, "drop_after_rate": 1})).await;
    assert!(call().await.is_err());
    sandbox.put("/sandbox/faults", json!({"paths": paths, "latency_ms": 1})).await;
    assert_eq!(sandbox.send(&token, message.clone()).await["errcode"], 0);
    sandbox.put("/sandbox/faults", json!({"paths": paths, "error_rate": 1, "errcode": 45011})).await;
    assert_eq!(sandbox.send(&token, message.clone()).await["errcode"], 45011);
    let stats = sandbox.get_json("/sandbox/stats").await;
    assert_eq!(
        stats["messages"],
        json!({"people": 1, "min": 1, "max": 1, "total": 1, "duplicates_dropped": 1})
    );
    let counted = &stats["calls"]["/cgi-bin/message/template/send"];
    assert_eq!(*counted, json!({"0": 2, "45011": 1, "dropped": 1}));
}

#[tokio::test]
async fn the_inbox_can_be_narrowed() {
    let sandbox = start(None);
    let token = sandbox.sending_account(json!({})).await;
    let (id, openid) = sandbox.follower("小明").await;
    let (_, other) = sandbox.follower("小红").await;
    for (openid, name) in [(&openid, "1"), (&other, "2"), (&openid, "3")] {
        sandbox.send(&token, note(openid, &json!({"client_msg_id": name}))).await;
    }
    let names = async |query: &str| {
        let list = sandbox.get_json(&format!("/sandbox/messages?{query}")).await;
        let items = list["items"].as_array().expect("items").clone();
        items
            .iter()
            .map(|item| item["client_msg_id"].as_str().expect("a name").to_owned())
            .collect::<Vec<_>>()
    };
    assert_eq!(names("").await, ["1", "2", "3"], "newest last");
    assert_eq!(names(&format!("person={id}")).await, ["1", "3"]);
    assert_eq!(names(&format!("openid={other}&appid={APPID}")).await, ["2"]);
    assert_eq!(names("limit=2").await, ["2", "3"], "the newest");
    for nothing in
        ["person=per_0", "openid=oNobody", "appid=wx0", "since=2999-01-01T00:00:00Z", "since=99999999999999"]
    {
        assert_eq!(names(nothing).await, [""; 0], "{nothing}");
    }
    let all = sandbox.get_json("/sandbox/messages").await;
    let last = all["items"][2]["at"].as_str().expect("a moment");
    assert!(names(&format!("since={last}")).await.contains(&"3".to_owned()));
    assert_eq!(names("since=0").await.len(), 3);
    assert_eq!(sandbox.get("/sandbox/messages?since=yesterday").await.status(), 422);
}

#[tokio::test]
async fn a_refused_template_is_refused_until_that_is_taken_back() {
    let sandbox = start(None);
    let token = sandbox.sending_account(json!({})).await;
    let (id, openid) = sandbox.follower("小明").await;
    let refusal = json!({"appid": APPID, "template_id": NOTE});
    sandbox.post(&format!("/sandbox/people/{id}/block"), refusal.clone()).await;
    assert_eq!(sandbox.send(&token, note(&openid, &json!({}))).await["errcode"], 43101);
    let order = json!({
        "touser": openid, "template_id": ORDER,
        "data": {"character_string1": {"value": "1"}, "thing2": {"value": "茶"}},
    });
    assert_eq!(sandbox.send(&token, order).await["errcode"], 0, "other templates work");
    for verb in ["unfollow", "follow"] {
        sandbox.post(&format!("/sandbox/people/{id}/{verb}"), json!({"appid": APPID})).await;
    }
    assert_eq!(sandbox.send(&token, note(&openid, &json!({}))).await["errcode"], 43101, "it outlives that");
    let answer = sandbox.post(&format!("/sandbox/people/{id}/unblock"), refusal).await;
    assert_eq!(answer.status(), 200);
    assert_eq!(sandbox.send(&token, note(&openid, &json!({}))).await["errcode"], 0);
    let wrong = sandbox.post(&format!("/sandbox/people/{id}/unblock"), json!({"appid": "wx0"})).await;
    assert_eq!(wrong.status(), 404);
}

#[tokio::test]
async fn an_account_may_send_only_while_wechat_lets_it() {
    let sandbox = start(None);
    let token = sandbox.sending_account(json!({})).await;
    let (_, openid) = sandbox.follower("小明").await;
    for (settings, errcode) in [
        (json!({"frozen": true}), 50007),
        (json!({"frozen": false, "standing": "banned"}), 48004),
        (json!({"standing": "unverified"}), 48001),
        (json!({"standing": "restricted"}), 50002),
        (json!({"standing": "good"}), 0),
    ] {
        sandbox.account_with(settings.clone()).await;
        assert_eq!(sandbox.send(&token, note(&openid, &json!({}))).await["errcode"], errcode, "{settings}");
    }
}
