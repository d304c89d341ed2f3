//! People who are gone: nothing more is sent to them, and the outbox does not know them any more.

use std::time::Duration;

use menfang::store::receipts::NewReceipt;
use menfang::store::retention::Retention;
use serde_json::{Value, json};

use super::for_tomorrow;
use super::inbox_audience::keeping_all;
use super::{id, ordered};
use crate::api::followers::tap;
use crate::api::personal_data::{plain, push};
use crate::sign_in::first_time::sign_in_new;
use crate::support::{Phone, TestServer};

const SEND: &str = "/cgi-bin/message/template/send";
const DAY: Duration = Duration::from_hours(24);

/// Somebody who follows and has an account in the app.
async fn follower(server: &TestServer, name: &str) -> Phone {
    let phone = server.person(name).await;
    tap(server, &phone, "follow").await;
    sign_in_new(server, &phone, "suppliers").await;
    phone
}

async fn place_of(server: &TestServer, phone: &Phone) -> (String, String) {
    let user = server.account("suppliers", phone).await;
    (format!("/apps/{}/external-users/{}", user.app, user.id), user.id.to_string())
}

/// An order of which nothing can be sent for now, so that it waits.
async fn waiting(server: &TestServer, audience: Value) -> String {
    server.sandbox_faults(&json!({"paths": [SEND], "errcode": -1})).await;
    let made = server.send(json!({"audience": audience})).await;
    server.sandbox_faults(&json!({})).await;
    id(&made).to_owned()
}

/// Lets WeChat have told of a message, and hold one back.
async fn leave_receipt_and_hold(server: &TestServer, openid: &str) {
    let store = &server.running().store;
    let account = store.service_account_of(server.organization).await.unwrap().unwrap();
    let unit = store.begin().await.unwrap();
    let receipt = NewReceipt {
        organization: server.organization,
        account: account.id,
        dedup_key: "a push".into(),
        openid: openid.to_owned(),
        msgid: 77,
        status: "delivered",
        happened_at: server.now(),
    };
    unit.keep_receipts(&[receipt]).await.unwrap();
    unit.hold_back((server.organization, account.id), openid, Some("OTHER"), DAY).await.unwrap();
    unit.commit().await.unwrap();
}

async fn deliveries(server: &TestServer, notification: &str) -> Vec<(Value, Value, Value)> {
    let place = format!("/notifications/{notification}/deliveries");
    let listed = server.own_backend().get(&place).await.expect(200).json();
    let items = listed["items"].as_array().unwrap().clone();
    items.iter().map(|one| (one["state"].clone(), one["reason"].clone(), one["openid"].clone())).collect()
}

async fn messages(server: &TestServer, person: &Phone) -> usize {
    let got = server.sandbox_get(&format!("/sandbox/messages?person={}", person.id)).await;
    got["items"].as_array().unwrap().len()
}

#[actix_web::test]
async fn what_waits_for_somebody_who_is_deleted_is_not_sent_and_nothing_says_who_it_was() {
    let server = TestServer::start().await.with_templates().await;
    let (alice, bob) = (follower(&server, "Alice").await, follower(&server, "Bob").await);
    let (place, alice_id) = place_of(&server, &alice).await;
    let (_, bob_id) = place_of(&server, &bob).await;
    let sent = server.order(json!({"audience": {"users": [alice_id]}})).await;
    server.all_sent(&sent).await;
    let waits = waiting(&server, json!({"users": [alice_id, bob_id]})).await;
    assert_eq!(server.notification(&waits).await["counts"]["pending"], 2);
    // Named as a follower, too.
    let by_openid = waiting(&server, json!({"openids": [alice.openid]})).await;
    leave_receipt_and_hold(&server, &alice.openid).await;
    let known = server.outbox_rows_of(&alice.openid).await;
    assert_eq!((known[0], known[1].min(1), known[2]), (3, 1, 1));

    server.own_backend().delete(&place).await.expect(204);
    assert_eq!(server.outbox_rows_of(&alice.openid).await, [0, 0, 0]);
    let counts = server.notification(&waits).await["counts"].clone();
    assert_eq!((&counts["pending"], &counts["skipped"]), (&json!(1), &json!(1)));
    let named = server.notification(&by_openid).await;
    assert_eq!((&named["state"], &named["counts"]["skipped"]), (&json!("done"), &json!(1)));
    let ended = (json!("skipped"), json!("no_wechat"), json!(null));
    assert_eq!(deliveries(&server, &by_openid).await, std::slice::from_ref(&ended));

    server.advance(3_600);
    server.dispatch().await;
    let done = server.all_sent(&waits).await;
    assert_eq!((&done["state"], &done["counts"]["skipped"]), (&json!("done"), &json!(1)));
    assert!(deliveries(&server, &waits).await.contains(&ended));
    assert_eq!((messages(&server, &alice).await, messages(&server, &bob).await), (1, 1));
}

#[actix_web::test]
async fn another_app_goes_on_sending_to_its_own_user_of_the_same_person() {
    let server = TestServer::start().await.with_templates().await;
    let alice = follower(&server, "Alice").await;
    sign_in_new(&server, &alice, "customers").await;
    let (place, _) = place_of(&server, &alice).await;
    let customer = server.account("customers", &alice).await.id.to_string();
    server.sandbox_faults(&json!({"paths": [SEND], "errcode": -1})).await;
    let theirs = server.order_of("customers", json!({"audience": {"users": [customer]}})).await;
    server.dispatch().await;
    server.sandbox_faults(&json!({})).await;
    leave_receipt_and_hold(&server, &alice.openid).await;
    server.own_backend().delete(&place).await.expect(204);
    let [deliveries, _, holds] = server.outbox_rows_of(&alice.openid).await;
    assert_eq!((deliveries, holds), (1, 1));
    server.advance(3_600);
    server.dispatch().await;
    server.all_sent(&theirs).await;
    assert_eq!(messages(&server, &alice).await, 1);
}

#[actix_web::test]
async fn what_waits_for_a_closed_wechat_account_is_not_sent_and_nothing_says_who_it_was() {
    let server = TestServer::start().await.with_templates().await;
    let (alice, bob) = (follower(&server, "Alice").await, follower(&server, "Bob").await);
    let waits = waiting(&server, json!({"openids": [alice.openid, bob.openid]})).await;
    let app = server.app("suppliers").await;
    let tomorrow = for_tomorrow(&server, TestServer::wechat_order(json!({"openids": [alice.openid]})));
    let tomorrow = ordered(&server, &app, tomorrow).await;
    let failed = server.leave_delivery(id(&tomorrow), &alice.openid, "failed").await;
    leave_receipt_and_hold(&server, &alice.openid).await;
    plain(&server).await;
    push(&server, &alice.openid, "user_authorization_cancellation", server.now()).await;
    assert_eq!(server.outbox_rows_of(&alice.openid).await, [0, 0, 0]);
    assert_eq!(server.outbox_rows_of(&bob.openid).await, [1, 0, 0]);
    let counts = server.notification(&waits).await["counts"].clone();
    assert_eq!((&counts["pending"], &counts["skipped"]), (&json!(1), &json!(1)));
    // There is nobody any more to send it to once more.
    let resend = format!("/deliveries/{failed}/resend");
    server.own_backend().post(&resend, json!({})).await.expect_problem(409, "wrong_status");
    assert_eq!(deliveries(&server, id(&tomorrow)).await, [(json!("failed"), json!("refused"), json!(null))]);
}

#[actix_web::test]
async fn nobody_stands_twice_in_a_notification_also_under_another_name() {
    let server = TestServer::start().await.with_templates().await;
    let alice = follower(&server, "Alice").await;
    let app = server.app("suppliers").await;
    let tomorrow = for_tomorrow(&server, TestServer::wechat_order(json!({"openids": [alice.openid]})));
    let tomorrow = ordered(&server, &app, tomorrow).await;
    let failed = server.leave_delivery(id(&tomorrow), &alice.openid, "failed").await;
    let resend = format!("/deliveries/{failed}/resend");
    let again = server.own_backend().post(&resend, json!({})).await.expect(202).json();
    plain(&server).await;
    push(&server, &alice.openid, "user_authorization_cancellation", server.now()).await;
    let place = format!("/notifications/{}/deliveries", id(&tomorrow));
    let listed = server.own_backend().get(&place).await.expect(200).json();
    let old = listed["items"].as_array().unwrap().iter().find(|one| one["id"] == json!(failed)).unwrap();
    assert_eq!(old["resent_as"], again["id"], "which one stands for which is known still");
    assert_eq!(server.notification(id(&tomorrow)).await["counts"]["skipped"], 1);
}

#[actix_web::test]
async fn switching_somebody_off_forgets_nobody() {
    let server = TestServer::start().await.with_templates().await;
    let alice = follower(&server, "Alice").await;
    let (place, alice_id) = place_of(&server, &alice).await;
    let waits = waiting(&server, json!({"users": [alice_id]})).await;
    server.own_backend().patch(&place, json!({"status": "disabled"})).await.expect(200);
    assert_eq!(server.notification(&waits).await["counts"]["pending"], 1);
    assert_eq!(server.outbox_rows_of(&alice.openid).await[0], 1);
}

#[actix_web::test]
async fn named_openids_are_taken_out_of_what_ended_long_ago() {
    let server = TestServer::start().await.with_templates().await;
    let (alice, bob) = (follower(&server, "Alice").await, follower(&server, "Bob").await);
    let audience = json!({"openids": [alice.openid, bob.openid]});
    let over = server.order(json!({"audience": audience})).await;
    server.all_sent(&over).await;
    let keep = Retention { audiences: DAY * 30, ..keeping_all() };
    let store = &server.running().store;
    server.advance(29 * 24 * 3_600);
    let open = waiting(&server, audience.clone()).await;
    let everybody = server.order(json!({})).await;
    server.all_sent(&everybody).await;
    store.sweep(&keep).await.unwrap();
    assert_eq!(server.notification(&over).await["audience"], audience);
    server.advance(2 * 24 * 3_600);
    store.sweep(&keep).await.unwrap();
    assert_eq!(server.notification(&over).await["audience"], json!({"openids": []}));
    assert_ne!(server.notification(&open).await["audience"], json!({"openids": []}));
    assert_eq!(server.notification(&everybody).await["audience"], json!({"followers": "all"}));
    assert_eq!(deliveries(&server, &over).await.len(), 2);
}
