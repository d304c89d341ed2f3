//! Messages to ten thousand followers: each arrives exactly once, whatever is killed.

use std::time::Duration;

use serde_json::{Value, json};

use super::process::{Process, Stage};

const SEND: &str = "/cgi-bin/message/template/send";
const FOLLOWERS: u32 = 10_000;
const KILLS: u64 = 20;

/// Kills the server again and again, a little later each time, and gives how the notification stands in the end.
async fn kill_again_and_again(stage: &Stage, mut server: Process, notification: &str) -> Value {
    for number in 0..KILLS {
        // The moment is chosen anew each time: between taking and sending, sending and writing down, in the middle of spreading.
        tokio::time::sleep(Duration::from_millis(60 + 37 * number % 400)).await;
        drop(server);
        server = stage.start().await;
    }
    server.until(notification, |one| one["state"] == "done").await
}

#[actix_web::test]
async fn twenty_kills_lose_nothing_and_double_nothing() {
    let stage = Stage::set(&[("wechat.sends_per_second", "1500")]).await;
    let server = stage.start().await;
    stage.with_followers(&server, FOLLOWERS).await;
    let notification = server.notify_all().await;
    let done = kill_again_and_again(&stage, server, &notification).await;
    let messages = stage.messages().await;
    assert_eq!((&messages["min"], &messages["max"]), (&json!(1), &json!(1)), "{messages}");
    assert_eq!(messages["total"], FOLLOWERS);
    let counts = &done["counts"];
    let arrived = counts["sent"].as_u64().unwrap() + counts["delivered"].as_u64().unwrap();
    assert_eq!(arrived, u64::from(FOLLOWERS), "every row is final: {done}");
}

#[actix_web::test]
async fn lost_answers_between_kills_lose_nothing_and_double_nothing() {
    let stage =
        Stage::set(&[("wechat.sends_per_second", "1500"), ("notifications.retry_first_ms", "300")]).await;
    let server = stage.start().await;
    stage.with_followers(&server, FOLLOWERS).await;
    stage.sandbox("PUT", "/sandbox/faults", json!({"paths": [SEND], "drop_after_rate": 0.2})).await;
    let notification = server.notify_all().await;
    let done = kill_again_and_again(&stage, server, &notification).await;
    let messages = stage.messages().await;
    assert_eq!((&messages["min"], &messages["max"]), (&json!(1), &json!(1)), "{messages}");
    assert!(messages["duplicates_dropped"].as_u64() > Some(1_000), "answers were lost: {messages}");
    assert_eq!(done["counts"]["failed"], 0, "{done}");
}

#[actix_web::test]
async fn when_the_window_is_over_what_may_have_been_sent_is_uncertain_and_never_sent_again() {
    let settings = [("wechat.sends_per_second", "1500"), ("wechat.dedupe_window_seconds", "1")];
    let stage = Stage::set(&settings).await;
    let server = stage.start().await;
    stage.with_followers(&server, 2_000).await;
    let faults = json!({"paths": [SEND], "latency_ms": 100, "dedupe_window_s": 1});
    stage.sandbox("PUT", "/sandbox/faults", faults).await;
    let notification = server.notify_all().await;
    server.until(&notification, |one| one["counts"]["sent"].as_u64() > Some(0)).await;
    drop(server);
    let server = stage.start().await;
    let done = server.until(&notification, |one| one["state"] == "done").await;
    let counts = &done["counts"];
    assert!(counts["uncertain"].as_u64() > Some(0), "{done}");
    let messages = stage.messages().await;
    assert_eq!(messages["max"], 1, "{messages}");
    let certain = counts["sent"].as_u64().unwrap() + counts["delivered"].as_u64().unwrap();
    assert_eq!(certain + counts["uncertain"].as_u64().unwrap(), 2_000);
    assert!(messages["total"].as_u64().unwrap() >= certain, "{messages} {done}");
}
