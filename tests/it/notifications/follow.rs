//! Coming to follow: how people are shown it, and what waited for them.

use std::time::Duration;

use futures_util::future::join_all;
use reqwest::Method;
use serde_json::{Value, json};

use crate::api::followers::tap;
use crate::api::personal_data::{plain, push};
use crate::api::templates::{ORDER, order, set_templates};
use crate::sign_in::first_time::sign_in_new;
use crate::support::server::APPID;
use crate::support::{Browser, Phone, TestServer};

const CREATE: &str = "/cgi-bin/qrcode/create";
const DRAWN: &str = "<svg aria-hidden=\"true\"";

/// Signs somebody in of whom WeChat has said that they do not follow.
async fn away(server: &TestServer, name: &str) -> (Phone, Browser) {
    let phone = server.person(name).await;
    let account = server.running().store.service_account_of(server.organization).await.unwrap().unwrap();
    let unit = server.running().store.begin().await.unwrap();
    let at = server.now().minus(Duration::from_secs(5));
    unit.set_follower(server.organization, account.id, &phone.openid, false, at).await.unwrap();
    unit.commit().await.unwrap();
    let pc = sign_in_new(server, &phone, "suppliers").await;
    (phone, pc)
}

async fn home(pc: &Browser, slug: &str) -> String {
    pc.web.get(&pc.at(&format!("/p/{slug}/home"))).await.expect(200).body
}

/// Tells people of an order, and gives the notification once nothing of it is left to do.
async fn tell(server: &TestServer, people: &[&Phone], more: Value) -> String {
    let id = order_for(server, people, more).await;
    settled(server, &id).await;
    id
}

async fn order_for(server: &TestServer, people: &[&Phone], more: Value) -> String {
    let mut users = Vec::new();
    for person in people {
        users.push(server.account("suppliers", person).await.id.to_string());
    }
    let mut wanted = json!({
        "channel": "wechat", "template": ORDER, "audience": {"users": users},
        "data": {"character_string1": "PO-42", "time2": "2026-11-22 18:00"},
    });
    for (name, value) in more.as_object().unwrap() {
        wanted[name] = value.clone();
    }
    let path = format!("{}/notifications", server.app("suppliers").await);
    let made = server.own_backend().post(&path, wanted).await.expect(202).json();
    made["id"].as_str().unwrap().to_owned()
}

/// Waits until the events of a notification say this.
async fn spread(server: &TestServer, id: &str, words: &str) {
    let request = server.own_backend().request(Method::GET, &format!("/notifications/{id}/events"));
    let (mut events, mut text) = (request.send().await.unwrap(), String::new());
    while !text.contains(words) {
        let piece = events.chunk().await.unwrap().unwrap_or_else(|| panic!("{text}"));
        text.push_str(std::str::from_utf8(&piece).unwrap());
    }
}

/// Waits for the end of a notification's events.
async fn settled(server: &TestServer, id: &str) -> Value {
    server.own_backend().get(&format!("/notifications/{id}/events")).await.expect(200);
    server.own_backend().get(&format!("/notifications/{id}")).await.expect(200).json()
}

/// State and reason of a person's delivery.
async fn delivery(server: &TestServer, id: &str, person: &Phone) -> (String, Value) {
    let user = server.account("suppliers", person).await.id.to_string();
    let list = server.own_backend().get(&format!("/notifications/{id}/deliveries")).await.expect(200).json();
    let mut of_person = list["items"].as_array().unwrap().iter().filter(|item| item["user"] == user.as_str());
    let found = of_person.next().unwrap();
    assert!(of_person.next().is_none(), "{list}");
    (found["state"].as_str().unwrap().to_owned(), found["reason"].clone())
}

/// Lets somebody follow or leave at an instant of the test's clock, which is ahead of the sandbox's.
async fn later(server: &TestServer, phone: &Phone, verb: &str) {
    server.sandbox_post(&format!("/sandbox/people/{}/{verb}", phone.id), &json!({"appid": APPID})).await;
    let event = if verb == "follow" { "subscribe" } else { "unsubscribe" };
    push(server, &phone.openid, event, server.now()).await;
}

async fn messages(server: &TestServer, person: &Phone) -> usize {
    let got = server.sandbox_get(&format!("/sandbox/messages?person={}", person.id)).await;
    got["items"].as_array().unwrap().len()
}

#[actix_web::test]
async fn who_does_not_follow_is_shown_how_to_and_nobody_else() {
    let server = TestServer::start().await;
    let (alice, pc) = away(&server, "Alice").await;
    let loads = join_all((0..8).map(|_| home(&pc, "suppliers"))).await;
    for page in &loads {
        assert!(page.contains(DRAWN) && page.contains("role=\"img\""), "{page}");
    }
    assert_eq!(server.calls(CREATE).await, 1, "one code for all who look");
    // Of the other app it is another code: so it shows where people came from.
    let other = sign_in_new(&server, &alice, "customers").await;
    assert!(home(&other, "customers").await.contains(DRAWN));
    assert_eq!(server.calls(CREATE).await, 2);

    tap(&server, &alice, "follow").await;
    let page = home(&pc, "suppliers").await;
    assert!(!page.contains(DRAWN) && !page.contains("follow.png"));
    assert_eq!(pc.me("suppliers").await.expect(200).json()["follows"], true);
    assert_eq!(server.calls(CREATE).await, 2);
}

#[actix_web::test]
async fn a_code_is_made_anew_a_day_before_its_end() {
    let server = TestServer::start().await;
    let (alice, _) = away(&server, "Alice").await;
    let day = 24 * 3_600;
    for (days, calls) in [(0, 1), (28, 1), (1, 2), (27, 2)] {
        server.advance(days * day);
        // A login does not live so long.
        let pc = server.browser();
        let qr = pc.start_qr("suppliers").await;
        alice.scan_qr("suppliers", &qr).await;
        let number = pc.poll(&qr, "").await.expect(200).json()["match"].as_str().map(ToOwned::to_owned);
        alice.approve("suppliers", number.as_deref()).await.expect(200);
        pc.claim(&qr).await.expect(200);
        assert!(home(&pc, "suppliers").await.contains(DRAWN));
        assert_eq!(server.calls(CREATE).await, calls, "{days} days later");
    }
}

#[actix_web::test]
async fn without_wechat_the_page_is_shown_without_the_code() {
    let server = TestServer::start().await;
    let (_, pc) = away(&server, "Alice").await;
    let picture = pc.at("/p/suppliers/follow.png");
    for faults in [json!({"http_status": 500}), json!({"errcode": 45_009}), json!({"hang_rate": 1.0})] {
        let mut faults = faults;
        faults["paths"] = json!([CREATE]);
        server.sandbox_faults(&faults).await;
        let page = home(&pc, "suppliers").await;
        assert!(!page.contains(DRAWN) && page.contains("Alice") || page.contains("138****"), "{page}");
        // And it is not asked again at once.
        let calls = server.calls(CREATE).await;
        home(&pc, "suppliers").await;
        assert_eq!(server.calls(CREATE).await, calls);
        server.advance(60);
    }
    pc.web.get_json(&picture).await.expect_problem(404, "not_found");
    server.sandbox_faults(&json!({})).await;
    assert!(home(&pc, "suppliers").await.contains(DRAWN));
    let drawn = pc.web.get(&picture).await.expect(200);
    assert_eq!(drawn.header("content-type"), "image/png");
    pc.web.get_json(&pc.at("/p/nobody/follow.png")).await.expect_problem(404, "not_found");
}

#[actix_web::test]
async fn on_the_phone_the_code_is_a_picture() {
    let server = TestServer::start().await;
    let (alice, _) = away(&server, "Alice").await;
    let entered = alice.scan(&alice.at("/p/suppliers")).await.expect(303);
    assert_eq!(entered.location(), "/p/suppliers/home");
    let page = alice.web.get(&alice.at("/p/suppliers/home")).await.expect(200).body;
    assert!(page.contains("<img src=\"/p/suppliers/follow.png\"") && !page.contains(DRAWN), "{page}");
    alice.web.get(&alice.at("/p/suppliers/follow.png")).await.expect(200);
}

#[actix_web::test]
async fn what_waited_is_sent_to_who_comes_to_follow_once() {
    let server = TestServer::start().await;
    set_templates(&server, &[order()]).await;
    let (alice, _) = away(&server, "Alice").await;
    let (bob, _) = away(&server, "Bob").await;
    let first = tell(&server, &[&alice, &bob], json!({})).await;
    let second = tell(&server, &[&alice], json!({})).await;
    assert_eq!(delivery(&server, &first, &alice).await, ("skipped".into(), json!("not_following")));
    assert_eq!(messages(&server, &alice).await, 0);

    plain(&server).await;
    server.advance(23 * 3_600);
    later(&server, &alice, "follow").await;
    for id in [&first, &second] {
        let done = settled(&server, id).await;
        assert_eq!((&done["state"], &done["counts"]["pending"]), (&json!("done"), &json!(0)), "{done}");
        let (state, reason) = delivery(&server, id, &alice).await;
        assert!(["sent", "delivered"].contains(&state.as_str()) && reason.is_null(), "{state} {reason}");
    }
    assert_eq!(messages(&server, &alice).await, 2);
    assert_eq!(delivery(&server, &first, &bob).await, ("skipped".into(), json!("not_following")));
    assert_eq!(settled(&server, &first).await["counts"]["skipped"], 1);
    // Leaving and coming back brings nothing twice.
    for verb in ["unfollow", "follow"] {
        server.advance(1);
        later(&server, &alice, verb).await;
    }
    settled(&server, &first).await;
    assert_eq!(messages(&server, &alice).await, 2);
}

#[actix_web::test]
async fn what_is_too_old_expired_or_called_off_stays_unsent() {
    let server = TestServer::start().await;
    set_templates(&server, &[order()]).await;
    let (alice, _) = away(&server, "Alice").await;
    let carol = server.person("Carol").await;
    tap(&server, &carol, "follow").await;
    sign_in_new(&server, &carol, "suppliers").await;
    let old = tell(&server, &[&alice], json!({})).await;
    server.advance(2 * 3_600);
    let soon = server.now().plus(Duration::from_hours(1)).rfc3339();
    let expired = tell(&server, &[&alice], json!({"expires_at": soon})).await;
    // Carol's message is to be tried again when this is called off.
    server.sandbox_faults(&json!({"paths": ["/cgi-bin/message/template/send"], "errcode": -1})).await;
    let called_off = order_for(&server, &[&alice, &carol], json!({})).await;
    spread(&server, &called_off, "\"skipped\":1").await;
    let backend = server.own_backend();
    backend.post(&format!("/notifications/{called_off}/cancel"), json!({})).await.expect(200);
    settled(&server, &called_off).await;
    server.sandbox_faults(&json!({})).await;

    plain(&server).await;
    server.advance(22 * 3_600 + 1);
    let fresh = tell(&server, &[&alice], json!({})).await;
    later(&server, &alice, "follow").await;
    settled(&server, &fresh).await;
    assert_eq!(messages(&server, &alice).await, 1, "only what is fresh");
    for id in [&old, &expired, &called_off] {
        assert_eq!(delivery(&server, id, &alice).await.0, "skipped", "{id}");
        let stays = settled(&server, id).await;
        assert_eq!(stays["counts"]["pending"], 0, "{stays}");
    }
    assert_eq!(settled(&server, &called_off).await["state"], "cancelled");
}

#[actix_web::test]
async fn a_list_that_shows_who_came_to_follow_sends_what_waited_for_them() {
    let server = TestServer::start().await;
    set_templates(&server, &[order()]).await;
    let (bob, _) = away(&server, "Bob").await;
    let alice = server.person("Alice").await;
    tap(&server, &alice, "follow").await;
    sign_in_new(&server, &alice, "suppliers").await;
    server.advance(60);
    // Here it is known of both that they do not follow; WeChat's list has one of them.
    let account = server.running().store.service_account_of(server.organization).await.unwrap().unwrap();
    let unit = server.running().store.begin().await.unwrap();
    unit.set_follower(server.organization, account.id, &alice.openid, false, server.now()).await.unwrap();
    unit.commit().await.unwrap();
    let old = tell(&server, &[&alice], json!({})).await;
    server.advance(23 * 3_600);
    let missed = tell(&server, &[&alice, &bob], json!({})).await;
    server.advance(2 * 3_600);
    assert_eq!(delivery(&server, &missed, &alice).await, ("skipped".into(), json!("not_following")));
    server.own_backend().post(&format!("{}/followers/sync", server.org()), json!({})).await.expect(202);
    server.import_followers().await;
    settled(&server, &missed).await;
    let (state, _) = delivery(&server, &missed, &alice).await;
    assert!(["sent", "delivered"].contains(&state.as_str()), "{state}");
    assert_eq!(delivery(&server, &missed, &bob).await, ("skipped".into(), json!("not_following")));
    assert_eq!(delivery(&server, &old, &alice).await.0, "skipped", "too old");
    assert_eq!(messages(&server, &alice).await, 1);
}
