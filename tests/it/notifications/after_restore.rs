//! A backup is put back: whatever went on after it was taken is not done a second time.

use std::time::Duration;

use menfang::domain::audit::By;
use menfang::domain::ids::ServiceAccountId;
use menfang::store::restored::{Logins, Restored};
use serde_json::{Value, json};

use crate::accounts::{member, own};
use crate::sign_in::first_time::sign_in_new;
use crate::support::backup::Backup;
use crate::support::server::APPID;
use crate::support::{Browser, Phone, TestServer};

const SEND: &str = "/cgi-bin/message/template/send";

async fn server_with(followers: u32) -> TestServer {
    TestServer::start().await.with_templates().await.with_followers(followers).await
}

/// Runs it as the command does, after a look that has to foretell what is done; and once more, which does nothing.
async fn after_restore(server: &TestServer, logins: Logins) -> Restored {
    let shell = server.shell().await;
    let before = server.outbox_snapshot().await;
    let foretold = shell.look_at_backup(logins).await.unwrap();
    assert_eq!(server.outbox_snapshot().await, before, "a look changes nothing");
    let done = shell.settle_backup(logins, &By::operator()).await.unwrap();
    assert_eq!(done, foretold);
    let settled = server.outbox_snapshot().await;
    assert_eq!(shell.settle_backup(logins, &By::operator()).await.unwrap(), Restored::default());
    assert_eq!(server.outbox_snapshot().await, settled);
    shell.store().clone().close().await.unwrap();
    done
}

/// Holds the service account up, so that nothing is sent although it is due.
async fn hold_up(server: &TestServer, id: &str) {
    server.sandbox_faults(&json!({"paths": [SEND], "errcode": 48_001})).await;
    server.notification_until(id, |one| one["state"] == "paused").await;
}

/// Sends what waits for the end of a pause.
async fn let_go_on(server: &TestServer) {
    server.sandbox_faults(&json!({})).await;
    server.advance(601);
    server.dispatch().await;
}

async fn first_delivery(server: &TestServer, id: &str, state: &str) -> Value {
    let list = format!("/notifications/{id}/deliveries?state={state}&limit=1");
    server.own_backend().get(&list).await.expect(200).json()["items"][0].clone()
}

#[actix_web::test]
async fn what_was_sent_after_the_backup_is_not_sent_again() {
    let mut server = server_with(700).await;
    server.sandbox_faults(&json!({"paths": [SEND], "errcode": 48_001})).await;
    let id = server.order(json!({})).await;
    hold_up(&server, &id).await;
    server.stop().await;
    let backup = Backup::take(&server).await;
    server.start_again().await;
    let_go_on(&server).await;
    server.all_sent(&id).await;
    assert_eq!(server.messages().await["total"], 700);
    server.stop().await;

    backup.put_back(&server).await;
    let done = after_restore(&server, Logins::End).await;
    assert_eq!((done.uncertain, done.stopped), (700, 0));
    server.start_again().await;
    let_go_on(&server).await;
    let notification = server.notification(&id).await;
    assert_eq!((&notification["state"], &notification["counts"]["uncertain"]), (&json!("done"), &json!(700)));
    assert_eq!(
        (&notification["counts"]["pending"], &notification["counts"]["sending"]),
        (&json!(0), &json!(0))
    );
    let messages = server.messages().await;
    assert_eq!((&messages["max"], &messages["total"]), (&json!(1), &json!(700)), "{messages}");
    assert_eq!(server.audited("backup_restored").await.len(), 1, "twice is once");

    // A person decides.
    let doubtful = first_delivery(&server, &id, "uncertain").await;
    assert_eq!(doubtful["reason"], "restored");
    let resend = format!("/deliveries/{}/resend", doubtful["id"].as_str().unwrap());
    server.own_backend().post(&resend, json!({})).await.expect(202);
    server.dispatch().await;
    server.all_sent(&id).await;
    assert_eq!(server.messages().await["total"], 701);
}

#[actix_web::test]
async fn nobody_is_added_to_what_was_being_spread_and_what_is_to_come_goes_on() {
    let mut server = server_with(5).await;
    server.sandbox_faults(&json!({"paths": [SEND], "errcode": 48_001})).await;
    let half = server.order(json!({})).await;
    hold_up(&server, &half).await;
    let at = |hours: u64| server.now().plus(Duration::from_hours(hours)).rfc3339();
    let (soon, tomorrow) = (at(1), at(24));
    let soon = server.order(json!({"send_at": soon})).await;
    let tomorrow = server.order(json!({"send_at": tomorrow})).await;
    server.stop().await;
    let mut backup = Backup::take(&server).await;
    backup.half_spread(2);
    server.start_again().await;
    server.advance(3_600);
    let_go_on(&server).await;
    for id in [&half, &soon] {
        assert_eq!(server.all_sent(id).await["counts"]["failed"], 0);
    }
    assert_eq!(server.messages().await["max"], 2);
    server.stop().await;

    backup.put_back(&server).await;
    let done = after_restore(&server, Logins::End).await;
    assert_eq!((done.uncertain, done.stopped), (2, 2));
    server.start_again().await;
    let_go_on(&server).await;
    for (id, uncertain) in [(&half, 2), (&soon, 0)] {
        let one = server.notification(id).await;
        assert_eq!((&one["state"], &one["reason"]), (&json!("done"), &json!("restored")), "{one}");
        assert_eq!((&one["counts"]["uncertain"], &one["counts"]["pending"]), (&json!(uncertain), &json!(0)));
    }
    assert_eq!(server.messages().await["max"], 2, "nobody got one twice");
    // What was stopped can be sent to one person all the same, and to nobody else.
    let doubtful = first_delivery(&server, &half, "uncertain").await;
    let resend = format!("/deliveries/{}/resend", doubtful["id"].as_str().unwrap());
    server.own_backend().post(&resend, json!({})).await.expect(202);
    server.dispatch().await;
    server.all_sent(&half).await;
    assert_eq!(server.messages().await["total"], 11);
    server.advance(24 * 3_600);
    server.dispatch().await;
    assert_eq!(server.all_sent(&tomorrow).await["counts"]["uncertain"], 0);
    assert_eq!(server.messages().await["total"], 16);
}

#[actix_web::test]
async fn what_is_not_due_yet_is_sent_at_its_time_and_can_be_called_off() {
    let mut server = server_with(2).await;
    // WeChat says that these people are sent too much: they are left alone for an hour.
    server.sandbox_faults(&json!({"paths": [SEND], "errcode": 43_117})).await;
    let id = server.order(json!({})).await;
    let off = server.order(json!({})).await;
    server.dispatch().await;
    for id in [&id, &off] {
        let waits = |one: &Value| one["counts"]["pending"] == 2 && one["counts"]["sending"] == 0;
        server.notification_until(id, waits).await;
    }
    server.stop().await;
    assert_eq!(after_restore(&server, Logins::End).await.uncertain, 0);
    server.start_again().await;
    server.sandbox_faults(&json!({})).await;
    server.own_backend().post(&format!("/notifications/{off}/cancel"), json!({})).await.expect(200);
    server.advance(2 * 3_600);
    server.dispatch().await;
    assert_eq!(server.all_sent(&id).await["counts"]["uncertain"], 0);
    assert_eq!(server.all_sent(&off).await["counts"]["skipped"], 2);
    assert_eq!(server.messages().await["total"], 2);
}

/// Writes down whether somebody follows.
async fn knows(server: &TestServer, phone: &Phone, follows: bool) -> ServiceAccountId {
    server.advance(1);
    let account = server.running().store.service_account_of(server.organization).await.unwrap().unwrap().id;
    let unit = server.running().store.begin().await.unwrap();
    let now = server.now();
    unit.set_follower(server.organization, account, &phone.openid, follows, now).await.unwrap();
    unit.commit().await.unwrap();
    account
}

#[actix_web::test]
async fn who_came_to_follow_after_the_backup_is_not_told_again() {
    let mut server = server_with(2).await;
    // WeChat's events do not come: what we know of her is said here.
    server.register_with(&json!({"callback_url": "http://127.0.0.1:9/nowhere"})).await;
    let alice = server.person("Alice").await;
    knows(&server, &alice, false).await;
    let id = server.order(json!({"audience": {"openids": [alice.openid]}})).await;
    server.dispatch().await;
    assert_eq!(server.all_sent(&id).await["counts"]["skipped"], 1);
    server.stop().await;
    let backup = Backup::take(&server).await;
    server.start_again().await;
    let got = async |server: &TestServer| {
        let got = server.sandbox_get(&format!("/sandbox/messages?person={}", alice.id)).await;
        got["items"].as_array().unwrap().len()
    };
    let comes = async |server: &TestServer| {
        let account = knows(server, &alice, true).await;
        let unit = server.running().store.begin().await.unwrap();
        let (organization, since) = (server.organization, server.now().minus(Duration::from_hours(24)));
        let opened = unit.reopen_for_follower(organization, account, &alice.openid, since).await.unwrap();
        unit.commit().await.unwrap();
        server.dispatch().await;
        opened
    };
    server.sandbox_post(&format!("/sandbox/people/{}/follow", alice.id), &json!({"appid": APPID})).await;
    assert_eq!(comes(&server).await, 1);
    assert_eq!(server.all_sent(&id).await["counts"]["skipped"], 0);
    assert_eq!(got(&server).await, 1);
    server.stop().await;

    backup.put_back(&server).await;
    assert_eq!(after_restore(&server, Logins::End).await.closed_to_followers, 1);
    server.start_again().await;
    assert_eq!(comes(&server).await, 0);
    assert_eq!(got(&server).await, 1);
}

/// Somebody signed in, a member, and somebody who has only to claim.
async fn with_people(server: &TestServer) -> (Browser, crate::support::Registrant, Browser) {
    let alice = server.person("Alice").await;
    let pc = sign_in_new(server, &alice, "suppliers").await;
    let (person, _) = member(server, &own(server), "Li Lei").await;
    (pc, person, server.browser())
}

#[actix_web::test]
async fn nothing_that_ended_lives_again() {
    let mut server = TestServer::start().await;
    let (pc, person, waiting) = with_people(&server).await;
    let bob = server.person("Bob").await;
    let qr = waiting.start_qr("suppliers").await;
    bob.scan_qr("suppliers", &qr).await;
    server.stop().await;
    let done = after_restore(&server, Logins::Keep).await;
    assert_eq!((done.logins, done.account_logins), (0, 0));
    assert_eq!((done.qr_sessions, done.visits > 0), (1, true), "{done:?}");
    server.start_again().await;
    pc.me("suppliers").await.expect(200);
    person.get("/accounts/me").await.expect(200);
    server.advance(5);
    assert_eq!(waiting.poll(&qr, "").await.expect(200).json()["state"], "expired");
    bob.web.get_json(&bob.at("/p/suppliers/phone")).await.expect(403);

    server.stop().await;
    let done = after_restore(&server, Logins::End).await;
    assert_eq!((done.logins, done.account_logins), (1, 1));
    server.start_again().await;
    pc.me("suppliers").await.expect(401);
    person.get("/accounts/me").await.expect_problem(401, "not_signed_in");
    assert_eq!(server.audited("backup_restored").await.len(), 2);
}

#[actix_web::test]
async fn nothing_is_settled_beside_a_node_that_sends() {
    let mut server = server_with(1).await;
    server.send(json!({})).await;
    server.stop().await;
    // As a node of the same database server would hold it; a file has one process, which this one is now.
    server.write(format!("UPDATE outboxes SET until = {}", server.now().0 + 5_000)).await;
    let shell = server.shell().await;
    match shell.settle_backup(Logins::End, &By::operator()).await {
        Ok(_) => assert!(shell.store().is_for_one_process()),
        Err(refused) => assert!(refused.to_string().contains("stop every node"), "{refused}"),
    }
    server.advance_millis(5_001);
    shell.settle_backup(Logins::End, &By::operator()).await.unwrap();
    assert!(shell.look_at_backup(Logins::End).await.unwrap().is_settled());
    shell.store().clone().close().await.unwrap();
}
