//! Spreading and sending: who gets what, and what becomes of everybody else.

use serde_json::{Value, json};

use crate::support::TestServer;
use crate::support::outbox::{SECOND_TEMPLATE, TEMPLATE};
use crate::support::server::APPID;

const SEND: &str = "/cgi-bin/message/template/send";

async fn server_with(followers: u32) -> TestServer {
    TestServer::start().await.with_templates().await.with_followers(followers).await
}

#[actix_web::test]
async fn every_follower_gets_one_message_and_its_receipt_is_entered() {
    let server = server_with(2_500).await;
    let id = server.order(json!({})).await;
    let done = server.receipts_of(&id).await;
    assert_eq!(done["counts"]["delivered"], 2_500, "{done}");
    let messages = server.messages().await;
    assert_eq!((&messages["min"], &messages["max"]), (&json!(1), &json!(1)), "{messages}");
    assert_eq!(server.outbox_snapshot().await, "1 wechat done\n  2500 delivered, tries 1, numbered\n");
}

#[actix_web::test]
async fn who_is_known_not_to_follow_is_skipped_before_any_call() {
    let server = server_with(3).await;
    server.sandbox_post("/sandbox/people/per_1_2/unfollow", &json!({"appid": APPID})).await;
    let openids = server.openids(&["per_1_1", "per_1_2"]).await;
    let sent = server.send(json!({"audience": {"openids": openids}})).await;
    assert_eq!((&sent["counts"]["pending"], &sent["counts"]["skipped"]), (&json!(0), &json!(1)), "{sent}");
    assert_eq!(server.calls(SEND).await, 1);
}

#[actix_web::test]
async fn a_stale_follower_is_corrected_by_wechats_answer() {
    let server = server_with(2).await;
    // The event of her leaving is lost: nobody calls us back.
    let deaf = json!({"callback_url": "http://127.0.0.1:9/nowhere"});
    server.register_with(&deaf).await;
    server.sandbox_post("/sandbox/people/per_1_2/unfollow", &json!({"appid": APPID})).await;
    server.send(json!({})).await;
    server.send(json!({})).await;
    assert_eq!(
        server.outbox_snapshot().await,
        "1 wechat done\n  1 sent, tries 1, numbered\n  1 skipped (not_following) errcode 43004, tries 1\n\
         2 wechat done\n  1 sent, tries 1, numbered\n"
    );
    assert_eq!(server.calls(SEND).await, 3);
}

#[actix_web::test]
async fn a_template_that_a_person_refuses_is_not_tried_with_that_person_again() {
    let server = server_with(2).await;
    let refuse = json!({"appid": APPID, "template_id": TEMPLATE});
    server.sandbox_post("/sandbox/people/per_1_1/block", &refuse).await;
    for change in [json!({}), json!({}), json!({"template": SECOND_TEMPLATE})] {
        let id = server.order(change).await;
        server.receipts_of(&id).await;
    }
    assert_eq!(
        server.outbox_snapshot().await,
        "1 wechat done\n  1 delivered, tries 1, numbered\n  1 failed (template_refused) errcode 43101, tries 1\n\
         2 wechat done\n  1 delivered, tries 1, numbered\n  1 failed (template_refused) errcode 43101, tries 0\n\
         3 wechat done\n  2 delivered, tries 1, numbered\n"
    );
    assert_eq!(server.calls(SEND).await, 5);
    server.advance(7 * 86_400 + 60);
    server.sandbox_post("/sandbox/people/per_1_1/unblock", &refuse).await;
    let id = server.order(json!({})).await;
    assert_eq!(server.all_sent(&id).await["counts"]["sent"], 2, "a week later it is tried again");
}

#[actix_web::test]
async fn who_blocks_the_account_is_told_of_by_the_receipt() {
    let server = server_with(2).await;
    server.sandbox_post("/sandbox/people/per_1_1/block", &json!({"appid": APPID})).await;
    let id = server.order(json!({})).await;
    server.receipts_of(&id).await;
    assert_eq!(
        server.outbox_snapshot().await,
        "1 wechat done\n  1 delivered, tries 1, numbered\n  1 rejected (user_block), tries 1, numbered\n"
    );
}

#[actix_web::test]
async fn a_template_that_is_gone_is_reported_and_not_tried_for_everybody() {
    let server = server_with(2_000).await;
    server.register_with(&json!({"templates": []})).await;
    let sent = server.send(json!({})).await;
    assert_eq!((&sent["state"], &sent["counts"]["failed"]), (&json!("done"), &json!(2_000)), "{sent}");
    assert_eq!(sent["reason"], "template_gone", "{sent}");
    assert!(server.calls(SEND).await <= 700, "{}", server.calls(SEND).await);
    let place = format!("{}/notifications", server.app("suppliers").await);
    let again = server.own_backend().post(&place, TestServer::draft(&json!({}))).await.expect(422).json();
    assert_eq!(again["field"], "template");
}

#[actix_web::test]
async fn what_is_called_off_is_not_sent() {
    let server = server_with(1_000).await;
    let slow = json!({"paths": [SEND], "latency_ms": 600});
    server.sandbox_faults(&slow).await;
    let id = server.order(json!({})).await;
    server.notification_until(&id, |one| one["counts"]["sent"].as_u64() > Some(0)).await;
    server.own_backend().post(&format!("/notifications/{id}/cancel"), json!({})).await.expect(200);
    let cancelled = server.all_sent(&id).await;
    assert_eq!(cancelled["state"], "cancelled");
    let skipped = cancelled["counts"]["skipped"].as_u64().unwrap();
    assert!(skipped > 0, "{cancelled}");
    assert_eq!(server.messages().await["total"].as_u64().unwrap() + skipped, 1_000);
}

#[actix_web::test]
async fn what_is_late_is_not_sent() {
    let server = server_with(3).await;
    let now = server.now();
    let later = |seconds: u64| now.plus(std::time::Duration::from_secs(seconds)).rfc3339();
    let id = server.order(json!({"send_at": later(60), "expires_at": later(120)})).await;
    assert_eq!(server.dispatch().await.sent, 0);
    assert_eq!(server.notification(&id).await["state"], "queued");
    server.advance(200);
    server.dispatch().await;
    let late = server.all_sent(&id).await;
    assert_eq!(late["counts"]["sent"], 0, "{late}");
    let id = server
        .order(json!({"send_at": server.now().plus(std::time::Duration::from_mins(1)).rfc3339()}))
        .await;
    server.advance(61);
    server.dispatch().await;
    let sent = server.all_sent(&id).await;
    assert_eq!(sent["counts"]["sent"].as_u64().unwrap() + sent["counts"]["delivered"].as_u64().unwrap(), 3);
}

#[actix_web::test]
async fn users_without_wechat_are_skipped_by_name() {
    let server = server_with(1).await;
    let invited = json!({"phone": server.fresh_number()});
    let app = server.app("suppliers").await;
    let user = server.own_backend().post(&format!("{app}/external-users/invitations"), invited).await;
    let user: Value = user.expect(201).json();
    let sent = server.send(json!({"audience": {"users": [user["id"]]}})).await;
    assert_eq!(sent["counts"]["skipped"], 1, "{sent}");
    assert_eq!(server.outbox_snapshot().await, "1 wechat done\n  1 skipped (no_wechat), tries 0\n");
}

#[actix_web::test]
async fn a_message_that_certainly_failed_is_tried_again_with_pauses_and_given_up_at_the_tenth() {
    let server = server_with(1).await;
    server.sandbox_faults(&json!({"paths": [SEND], "errcode": -1})).await;
    let id = server.order(json!({})).await;
    for _ in 0..9 {
        server.dispatch().await;
        assert_eq!(server.notification(&id).await["counts"]["pending"], 1);
        server.advance(2 * 3_600);
    }
    server.dispatch().await;
    assert_eq!(server.outbox_snapshot().await, "1 wechat done\n  1 failed (gave_up) errcode -1, tries 10\n");
    assert_eq!(server.calls(SEND).await, 10);
    let failed = server.own_backend().get(&format!("/notifications/{id}/deliveries?state=failed")).await;
    let delivery = failed.expect(200).json()["items"][0]["id"].as_str().unwrap().to_owned();
    server.sandbox_faults(&json!({})).await;
    server.own_backend().post(&format!("/deliveries/{delivery}/resend"), json!({})).await.expect(202);
    server.all_sent(&id).await;
    assert_eq!(
        server.outbox_snapshot().await,
        "1 wechat done\n  1 failed (gave_up) errcode -1, tries 10\n  1 sent, tries 1, numbered, again 1\n"
    );
}
