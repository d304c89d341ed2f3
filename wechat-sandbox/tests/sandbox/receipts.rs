//! What an account's server is told about the messages that it sent.

use std::time::Duration;

use serde_json::{Value, json};
use tokio::{sync::mpsc, time::timeout};

use crate::support::{APPID, Running, listening_callback, note, start};

type Events = mpsc::Receiver<(String, String)>;

/// A follower of an account that listens, and what it hears from then on.
async fn listening(sandbox: &Running) -> (String, String, String, Events) {
    let (url, mut events) = listening_callback().await;
    let token = sandbox.sending_account(json!({"callback_url": url})).await;
    let (id, openid) = sandbox.follower("小明").await;
    let (_, subscription) = events.recv().await.expect("the subscription");
    assert!(subscription.contains("subscribe"), "{subscription}");
    (token, id, openid, events)
}

/// The number and the status of the next receipt.
async fn receipt(events: &mut Events) -> (i64, String) {
    let (_, body) =
        timeout(Duration::from_secs(10), events.recv()).await.expect("in time").expect("a receipt");
    assert!(body.contains("<Event><![CDATA[TEMPLATESENDJOBFINISH]]></Event>"), "{body}");
    let between = |from: &str, to: &str| {
        let (_, rest) = body.split_once(from).expect("the element");
        rest.split_once(to).expect("its end").0.to_owned()
    };
    (between("<MsgID>", "</MsgID>").parse().expect("a number"), between("<Status><![CDATA[", "]]>"))
}

fn msgid(answer: &Value) -> i64 {
    answer["msgid"].as_i64().unwrap_or_else(|| panic!("{answer}"))
}

#[tokio::test]
async fn every_message_has_one_receipt_and_a_duplicate_none() {
    let sandbox = start(None);
    let (token, _, openid, mut events) = listening(&sandbox).await;
    let message = note(&openid, &json!({"client_msg_id": "c-1"}));
    let first = msgid(&sandbox.send(&token, message.clone()).await);
    assert_eq!(msgid(&sandbox.send(&token, message).await), first);
    assert_eq!(receipt(&mut events).await, (first, "success".to_owned()));
    let next = msgid(&sandbox.send(&token, note(&openid, &json!({}))).await);
    assert_eq!(receipt(&mut events).await, (next, "success".to_owned()));
    let counts = &sandbox.get_json("/sandbox/stats").await["receipts"];
    assert_eq!(*counts, json!({"pushed": 2, "waiting": 0, "lost": 0}));
}

#[tokio::test]
async fn who_blocks_the_account_gets_nothing_and_the_receipt_says_so() {
    let sandbox = start(None);
    let (token, id, openid, mut events) = listening(&sandbox).await;
    let message = note(&openid, &json!({}));
    sandbox.post(&format!("/sandbox/people/{id}/block"), json!({"appid": APPID})).await;
    let sent = msgid(&sandbox.send(&token, message.clone()).await);
    assert_eq!(receipt(&mut events).await, (sent, "failed:user block".to_owned()));
    assert_eq!(sandbox.get_json("/sandbox/messages").await["items"], json!([]));
    assert_eq!(sandbox.get_json("/sandbox/stats").await["messages"]["total"], 0);
    sandbox.post(&format!("/sandbox/people/{id}/unblock"), json!({"appid": APPID})).await;
    let sent = msgid(&sandbox.send(&token, message).await);
    assert_eq!(receipt(&mut events).await, (sent, "success".to_owned()));
    assert_eq!(sandbox.get_json("/sandbox/messages").await["items"][0]["msgid"], json!(sent));
}

#[tokio::test]
async fn receipts_are_lost_doubled_failed_and_unnumbered_on_demand() {
    let sandbox = start(None);
    let (token, _, openid, mut events) = listening(&sandbox).await;
    let send = async |faults: Value| {
        sandbox.put("/sandbox/faults", faults).await;
        msgid(&sandbox.send(&token, note(&openid, &json!({"client_msg_id": "c", "url": ""}))).await)
    };
    send(json!({"receipt_loss_rate": 1, "dedupe_window_s": 0})).await;
    let twice = send(json!({"receipt_double_rate": 1, "receipt_delay_ms": 0, "dedupe_window_s": 0})).await;
    assert_eq!(receipt(&mut events).await, (twice, "success".to_owned()), "the first one is lost");
    assert_eq!(receipt(&mut events).await, (twice, "success".to_owned()));
    let failed = send(json!({"receipt_status": "failed: system failed", "dedupe_window_s": 0})).await;
    assert_eq!(receipt(&mut events).await, (failed, "failed: system failed".to_owned()));
    send(json!({"receipt_msgid_zero": true, "dedupe_window_s": 0})).await;
    assert_eq!(receipt(&mut events).await, (0, "success".to_owned()));
    let stats = sandbox.get_json("/sandbox/stats").await;
    assert_eq!(stats["receipts"], json!({"pushed": 4, "waiting": 0, "lost": 1}));
    assert_eq!(stats["messages"]["total"], 3, "a failed one does not arrive");
}

#[tokio::test]
async fn receipts_wait_their_time_and_are_forgotten_by_a_reset() {
    let sandbox = start(None);
    let (token, _, openid, mut events) = listening(&sandbox).await;
    sandbox.put("/sandbox/faults", json!({"receipt_delay_ms": 600_000})).await;
    sandbox.send(&token, note(&openid, &json!({}))).await;
    sandbox.put("/sandbox/faults", json!({})).await;
    let second = msgid(&sandbox.send(&token, note(&openid, &json!({}))).await);
    assert_eq!(receipt(&mut events).await.0, second, "the sooner one overtakes");
    assert_eq!(sandbox.get_json("/sandbox/stats").await["receipts"]["waiting"], 1);
    sandbox.post("/sandbox/reset", json!({})).await;
    let stats = sandbox.get_json("/sandbox/stats").await;
    assert_eq!(stats["receipts"], json!({"pushed": 0, "waiting": 0, "lost": 0}));
    assert_eq!((&stats["sends"]["calls"], &stats["messages"]["total"]), (&json!(0), &json!(0)));
}
