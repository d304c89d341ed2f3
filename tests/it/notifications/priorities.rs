//! Lanes, shares and limits: what goes first, and how fast.

use serde_json::{Value, json};

use crate::support::TestServer;

async fn server_with(followers: u32, settings: &[(&'static str, &str)]) -> TestServer {
    TestServer::start_with(settings).await.with_templates().await.with_followers(followers).await
}

#[actix_web::test]
async fn an_urgent_message_of_one_app_passes_a_bulk_order_of_another() {
    let server = server_with(3_000, &[("wechat.sends_per_second", "200")]).await;
    // Two hundred receipts a second would keep an unoptimised server from answering the test.
    server.sandbox_faults(&json!({"receipt_loss_rate": 1.0})).await;
    let bulk = server.order_of("suppliers", json!({"priority": "bulk"})).await;
    let sent = |bulk: &Value| bulk["counts"]["sent"].as_u64().unwrap();
    let before = server.notification_until(&bulk, |one| sent(one) > 50).await;
    let one = server.openids(&["per_1_7"]).await;
    let urgent =
        server.order_of("customers", json!({"priority": "urgent", "audience": {"openids": one}})).await;
    server.all_sent(&urgent).await;
    let bulk = server.notification(&bulk).await;
    assert_eq!(bulk["state"], "sending", "{bulk}");
    // Not by the clock, for the tests share the machine: two seconds' worth of what may be sent, where all of it takes fifteen.
    let meanwhile = sent(&bulk) - sent(&before);
    assert!(meanwhile < 400, "{meanwhile} messages went first");
}

#[actix_web::test]
async fn two_apps_in_one_lane_take_turns() {
    let server = server_with(1_000, &[("wechat.sends_per_second", "100")]).await;
    let large = server.order_of("suppliers", json!({})).await;
    server.notification_until(&large, |one| one["counts"]["sent"].as_u64() > Some(0)).await;
    let some: Vec<String> = (1..=40).map(|number| format!("per_1_{number}")).collect();
    let some: Vec<&str> = some.iter().map(String::as_str).collect();
    let openids = server.openids(&some).await;
    let small = server.order_of("customers", json!({"audience": {"openids": openids}})).await;
    server.all_sent(&small).await;
    let large = server.notification(&large).await;
    assert_eq!(large["state"], "sending", "the small one did not wait for the large one: {large}");
}

#[actix_web::test]
async fn nobody_gets_more_than_the_limit_of_a_day() {
    let server = server_with(3, &[("notifications.per_person_per_day", "1")]).await;
    let first = server.order(json!({})).await;
    server.all_sent(&first).await;
    let second = server.order(json!({})).await;
    server.dispatch().await;
    assert_eq!(server.notification(&second).await["counts"]["pending"], 3);
    assert_eq!(server.messages().await["max"], 1);
    server.advance(86_400);
    server.dispatch().await;
    server.all_sent(&second).await;
    assert_eq!(server.messages().await["max"], 2);
}
