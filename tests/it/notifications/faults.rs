//! Lost answers, dead tokens, quotas, receipts that misbehave: nothing is lost, and nobody gets anything twice.

use serde_json::{Value, json};

use crate::support::TestServer;
use crate::support::outbox::TEMPLATE;

const SEND: &str = "/cgi-bin/message/template/send";

async fn server_with(followers: u32) -> TestServer {
    TestServer::start().await.with_templates().await.with_followers(followers).await
}

/// Sends with the time moving on, until nothing is left.
async fn all_sent_in_time(server: &TestServer, id: &str) -> Value {
    for _ in 0..50 {
        server.dispatch().await;
        let one = server.notification(id).await;
        if one["state"] == "done" {
            return one;
        }
        server.advance(10);
    }
    panic!("{}", server.outbox_snapshot().await);
}

#[actix_web::test]
async fn a_lost_answer_is_asked_for_again_and_arrives_once() {
    let server = server_with(500).await;
    server.sandbox_faults(&json!({"paths": [SEND], "drop_after_rate": 0.3})).await;
    let id = server.order(json!({})).await;
    let done = all_sent_in_time(&server, &id).await;
    let counts = &done["counts"];
    let arrived = counts["sent"].as_u64().unwrap() + counts["delivered"].as_u64().unwrap();
    assert!(arrived >= 495, "a few may have lost their answer six times: {done}");
    assert_eq!(arrived + counts["uncertain"].as_u64().unwrap(), 500);
    let messages = server.messages().await;
    assert_eq!((&messages["min"], &messages["max"]), (&json!(1), &json!(1)), "{messages}");
    assert!(messages["duplicates_dropped"].as_u64() > Some(0), "{messages}");
}

#[actix_web::test]
async fn when_repeats_are_no_longer_dropped_nothing_is_repeated() {
    let server = server_with(15).await;
    server.sandbox_faults(&json!({"paths": [SEND], "drop_after_rate": 1.0, "dedupe_window_s": 1})).await;
    let id = server.order(json!({})).await;
    server.dispatch().await;
    assert_eq!(server.notification(&id).await["counts"]["pending"], 15, "WeChat is asked again first");
    // Nobody asks for ten minutes.
    server.advance(600);
    server.sandbox_faults(&json!({"dedupe_window_s": 1})).await;
    server.dispatch().await;
    assert_eq!(
        server.outbox_snapshot().await,
        "1 wechat done\n  15 uncertain, tries 1, outcome unknown\n15 receipts wait\n"
    );
    assert_eq!(server.messages().await["total"], 15, "they arrived, and none a second time");
    assert_eq!(server.audited("message_uncertain").await.len(), 15);

    // An operator decides: it is sent once more, as a new delivery.
    let list = format!("/notifications/{id}/deliveries?state=uncertain&limit=1");
    let delivery = server.own_backend().get(&list).await.expect(200).json()["items"][0]["id"].clone();
    let resend = format!("/deliveries/{}/resend", delivery.as_str().unwrap());
    server.own_backend().post(&resend, json!({})).await.expect(202);
    server.own_backend().post(&resend, json!({})).await.expect(409);
    server.dispatch().await;
    server.all_sent(&id).await;
    assert_eq!(server.messages().await["max"], 2);
}

#[actix_web::test]
async fn a_dead_token_is_renewed_once_for_everybody() {
    let server = server_with(2_000).await;
    server.sandbox_faults(&json!({"paths": [SEND], "latency_ms": 30})).await;
    let before = server.sandbox_get("/sandbox/stats").await["token_calls"].as_u64().unwrap();
    let id = server.order(json!({})).await;
    server.notification_until(&id, |one| one["counts"]["sent"].as_u64() > Some(100)).await;
    let expire = format!("/sandbox/accounts/{}/token/expire", crate::support::server::APPID);
    server.sandbox_post(&expire, &json!({})).await;
    let done = server.all_sent(&id).await;
    assert_eq!(done["counts"]["failed"], 0, "{done}");
    let messages = server.messages().await;
    assert_eq!((&messages["min"], &messages["max"]), (&json!(1), &json!(1)), "{messages}");
    let after = server.sandbox_get("/sandbox/stats").await["token_calls"].as_u64().unwrap();
    assert!(after - before <= 2, "{} token calls", after - before);
}

#[actix_web::test]
async fn when_the_quota_is_used_up_messages_wait_and_go_on_by_themselves() {
    let server = server_with(300).await;
    server.sandbox_faults(&json!({"paths": [SEND], "quota": 100})).await;
    let id = server.order(json!({})).await;
    let paused = server.notification_until(&id, |one| one["state"] == "paused").await;
    assert!(["daily_quota", "daily_reserve"].contains(&paused["reason"].as_str().unwrap()), "{paused}");
    assert!(
        paused["resumes_at"].as_str().unwrap().ends_with("16:00:00.000Z"),
        "midnight in Beijing: {paused}"
    );
    assert_eq!(paused["counts"]["failed"], 0);
    // What is urgent has a share of its own.
    let urgent = server
        .order(json!({"priority": "urgent", "audience": {"openids": server.openids(&["per_1_300"]).await}}))
        .await;
    assert_eq!(server.all_sent(&urgent).await["counts"]["pending"], 0);
    server.sandbox_faults(&json!({})).await;
    server.advance(60);
    server.dispatch().await;
    let done = server.all_sent(&id).await;
    assert_eq!(done["counts"]["failed"], 0, "{done}");
    let messages = server.messages().await;
    assert_eq!((&messages["min"], &messages["max"], &messages["total"]), (&json!(1), &json!(2), &json!(301)));
}

#[actix_web::test]
async fn a_trouble_of_the_account_holds_it_up_and_nothing_fails() {
    let server = server_with(50).await;
    server.sandbox_faults(&json!({"paths": [SEND], "errcode": 48_001})).await;
    let id = server.order(json!({})).await;
    let back = |one: &Value| one["state"] == "paused" && one["counts"]["pending"] == 50;
    let paused = server.notification_until(&id, back).await;
    assert_eq!(paused["reason"], "not_permitted");
    assert!(server.calls(SEND).await <= 50);
    server.sandbox_faults(&json!({})).await;
    server.advance(61);
    server.dispatch().await;
    assert_eq!(server.all_sent(&id).await["counts"]["failed"], 0);
    assert_eq!(server.messages().await["total"], 50);
}

#[actix_web::test]
async fn receipts_that_are_doubled_early_or_nameless_change_nothing() {
    let server = server_with(60).await;
    server.sandbox_faults(&json!({"receipt_msgid_zero": true})).await;
    let id = server.order(json!({})).await;
    assert_eq!(server.receipts_of(&id).await["counts"]["delivered"], 60, "found by person and time");
    server.sandbox_faults(&json!({"receipt_double_rate": 1.0, "receipt_delay_ms": 0})).await;
    let id = server.order(json!({})).await;
    assert_eq!(server.receipts_of(&id).await["counts"]["delivered"], 60);
    server.sandbox_faults(&json!({"receipt_status": "failed: system failed"})).await;
    let id = server.order(json!({})).await;
    assert_eq!(server.receipts_of(&id).await["counts"]["rejected"], 60);
    server.sandbox_faults(&json!({"receipt_loss_rate": 1.0})).await;
    let id = server.order(json!({})).await;
    assert_eq!(server.all_sent(&id).await["counts"]["sent"], 60, "a lost receipt leaves `sent`");
    assert_eq!(
        server.outbox_snapshot().await,
        "1 wechat done\n  60 delivered, tries 1, numbered\n\
         2 wechat done\n  60 delivered, tries 1, numbered\n\
         3 wechat done\n  60 rejected (system_failed), tries 1, numbered\n\
         4 wechat done\n  60 sent, tries 1, numbered\n"
    );
}

#[actix_web::test]
async fn what_was_taken_and_not_answered_is_repeated_after_a_stop() {
    let mut server = server_with(1_500).await;
    server.sandbox_faults(&json!({"paths": [SEND], "latency_ms": 400})).await;
    let id = server.order(json!({})).await;
    server.notification_until(&id, |one| one["counts"]["sent"].as_u64() > Some(0)).await;
    server.stop().await;
    let total = server.messages().await["total"].as_u64().unwrap();
    assert!(total < 1_500, "it was stopped in the middle: {total}");
    server.sandbox_faults(&json!({})).await;
    server.start_again().await;
    let done = server.all_sent(&id).await;
    assert_eq!(done["counts"]["uncertain"], 0, "{done}");
    let messages = server.messages().await;
    assert_eq!((&messages["min"], &messages["max"]), (&json!(1), &json!(1)), "{messages}");
    assert_eq!(messages["duplicates_dropped"], 0, "a stop waits for what is on its way: {messages}");
}

#[actix_web::test]
async fn what_holds_up_one_organization_holds_up_no_other() {
    let server = server_with(100).await;
    server.register_with(&json!({"daily_quota": 20})).await;
    let (org, theirs) = crate::accounts::another_organization(&server, "Other Ltd", "standard").await;
    let org = format!("/organizations/{org}");
    let secrets = json!({
        "appid": "wxfedcba9876543210", "original_id": "gh_9876543210fe", "secret": "f".repeat(32),
        "token": "TokenOfTheOthers", "encoding_aes_key": "Z".repeat(43), "mode": "safe",
    });
    let mut registered = secrets.clone();
    registered["templates"] = json!([{
        "template_id": TEMPLATE, "title": "Order", "content": "{{thing1.DATA}}{{time2.DATA}}",
    }]);
    server.sandbox_post("/sandbox/accounts", &registered).await;
    let crowd = json!({"appid": "wxfedcba9876543210", "count": 50, "following": true});
    server.sandbox_post("/sandbox/people/bulk", &crowd).await;
    theirs.put(&format!("{org}/service-account"), secrets).await.expect(200);
    theirs.post(&format!("{org}/followers/sync"), json!({})).await.expect(202);
    server.import_followers().await;
    let app = json!({"name": "Drivers", "slug": "drivers"});
    let app = theirs.post(&format!("{org}/apps"), app).await.expect(201).json();

    let ours = server.order(json!({})).await;
    server.notification_until(&ours, |one| one["state"] == "paused").await;
    let place = format!("/apps/{}/notifications", app["id"].as_str().unwrap());
    let ordered = theirs.post(&place, TestServer::draft(&json!({}))).await.expect(202).json();
    let theirs_id = format!("/notifications/{}", ordered["id"].as_str().unwrap());
    for _ in 0..20 {
        server.dispatch().await;
        if theirs.get(&theirs_id).await.expect(200).json()["state"] == "done" {
            break;
        }
    }
    let done = theirs.get(&theirs_id).await.expect(200).json();
    assert_eq!((&done["state"], &done["counts"]["pending"]), (&json!("done"), &json!(0)), "{done}");
    assert_eq!(server.notification(&ours).await["state"], "paused");
}
