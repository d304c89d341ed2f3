//! Unbinding a service account: whoever came by it is signed out, whoever is on the way in is told.

use futures_util::future::join;
use menfang::domain::ids::ServiceAccountId;
use menfang::domain::scope::OrgScope;
use serde_json::{Value, json};

use crate::sign_in::first_time::sign_in_new;
use crate::support::server::{AES_KEY, APPID, SECRET, TOKEN};
use crate::support::{Phone, TestServer};

async fn unbind(server: &TestServer) {
    let path = format!("{}/service-account?confirm=true", server.org());
    server.own_backend().delete(&path).await.expect(204);
}

async fn bind_again(server: &TestServer) {
    let account = json!({"appid": APPID, "secret": SECRET, "token": TOKEN, "encoding_aes_key": AES_KEY});
    server.own_backend().put(&format!("{}/service-account", server.org()), account).await.expect(200);
}

#[actix_web::test]
async fn browsers_that_wait_are_told_and_the_open_visits_of_the_account_are_refused() {
    let server = TestServer::start().await;
    let [new, scanned, done] = [server.browser(), server.browser(), server.browser()];
    let [bob, carol, dora] =
        [server.person("Bob").await, server.person("Carol").await, server.person("Dora").await];
    let fresh = new.start_qr("suppliers").await;
    let mut waits = new.watch(&fresh).await;
    waits.expect("waiting").await;
    let qr = scanned.start_qr("suppliers").await;
    bob.scan_qr("suppliers", &qr).await;
    let mut sees = scanned.watch(&qr).await;
    sees.expect("scanned").await;
    // Approved, and not claimed yet.
    let approved = done.start_qr("suppliers").await;
    dora.scan_qr("suppliers", &approved).await;
    let mut last = done.watch(&approved).await;
    let number = last.expect("scanned").await["match"].as_str().unwrap().to_owned();
    dora.prove(&server, "suppliers").await.expect(200);
    dora.approve("suppliers", Some(&number)).await.expect(200);
    // On the phone alone, with a code in hand.
    carol.scan(&carol.at("/p/suppliers")).await.expect(303);
    carol.ask_code("suppliers").await.expect(202);
    let before = carol.view("suppliers").await["csrf"].as_str().unwrap().to_owned();

    unbind(&server).await;
    for socket in [&mut waits, &mut sees] {
        assert_eq!(socket.expect("refused").await["reason"], "portal_closed");
        socket.expect_close(1000).await;
    }
    done.claim(&approved).await.expect(403);
    for phone in [&bob, &carol, &dora] {
        let view = phone.view("suppliers").await;
        assert_eq!((&view["step"], &view["reason"]), (&json!("refused"), &json!("portal_closed")));
    }
    // What the phone had on its screen is of no use, also under the next account.
    bind_again(&server).await;
    let code = server.last_code(&carol.number).await;
    let typed = [("phone", carol.number.as_str()), ("code", code.as_str())];
    let late = carol.post_with("suppliers", "bind", &before, &typed).await.expect(200).json();
    assert_eq!(late["step"], "refused");
    assert_eq!((server.count("wechat_bindings").await, server.count("external_users").await), (0, 1));

    // A browser that comes now finds the portal as it was.
    let qr = new.start_qr("suppliers").await;
    new.watch(&qr).await.expect("waiting").await;
    server.advance(61);
    sign_in_new(&server, &dora, "suppliers").await.me("suppliers").await.expect(200);
}

#[actix_web::test]
async fn a_browser_that_comes_while_there_is_no_account_is_told() {
    let server = TestServer::start().await;
    unbind(&server).await;
    let pc = server.browser();
    let qr = pc.start_qr("suppliers").await;
    let mut socket = pc.watch(&qr).await;
    // The feed may have yet to tell this node.
    let mut frame = socket.any().await;
    if frame["state"] == "waiting" {
        frame = socket.any().await;
    }
    assert_eq!((&frame["state"], &frame["reason"]), (&json!("refused"), &json!("portal_closed")));
}

#[actix_web::test]
async fn an_authorization_of_the_account_that_comes_back_while_it_is_unbound_counts_for_nothing() {
    let server = TestServer::start().await;
    let exchange = json!({"paths": ["/sns/oauth2/access_token"], "latency_ms": 300});
    server.sandbox_faults(&exchange).await;
    let (pc, phone) = (server.browser(), server.person("Alice").await);
    let qr = pc.start_qr("suppliers").await;
    for link in [phone.at("/p/suppliers"), qr.scan_url] {
        let callback = phone.authorize(&link).await;
        let (answer, ()) = join(phone.web.get(&callback), unbind(&server)).await;
        bind_again(&server).await;
        let view = phone.web.get_json(&phone.at("/p/suppliers/phone")).await;
        match answer.status {
            // It came after the unbinding, or before it.
            400 => assert_eq!(view.status, 403),
            _ => assert_eq!(view.expect(200).json()["step"], "refused"),
        }
    }
    assert_eq!(server.people_in_qr_sessions().await.1, 0, "nobody has scanned");
}

#[actix_web::test]
async fn a_visit_that_was_refused_takes_no_openid_and_binds_nobody() {
    let server = TestServer::start().await;
    let phone = server.person("Alice").await;
    phone.scan(&phone.at("/p/suppliers")).await.expect(303);
    let visit = server.only_visit().await;
    let (store, scope) = (&server.running().store, OrgScope::of_row(server.organization));
    let unit = store.begin().await.unwrap();
    let (id, appid): (ServiceAccountId, _) = unit.bound_account(scope).await.unwrap().unwrap();
    assert_eq!(appid, APPID);
    assert!(unit.hold_visit(visit, scope).await.unwrap());
    drop(unit);
    unbind(&server).await;
    bind_again(&server).await;
    let unit = store.begin().await.unwrap();
    assert_ne!(unit.bound_account(scope).await.unwrap().unwrap().0, id);
    assert!(!unit.hold_visit(visit, scope).await.unwrap());
    assert!(!unit.arrive(visit, "somebody", None).await.unwrap());
}

/// The address of a person's account in the API.
async fn account(server: &TestServer, phone: &Phone) -> String {
    let user = server.account("suppliers", phone).await;
    format!("/apps/{}/external-users/{}", user.app, user.id)
}

#[actix_web::test]
async fn accounts_that_nobody_comes_into_again_are_counted_before_and_listed_after() {
    let server = TestServer::start().await;
    let (backend, app) = (server.own_backend(), server.app("suppliers").await);
    let (alice, bob) = (server.person("Alice").await, server.person("Bob").await);
    for phone in [&alice, &bob] {
        sign_in_new(&server, phone, "suppliers").await;
    }
    let place = account(&server, &alice).await;
    backend.post(&format!("{place}/free-phone"), json!({})).await.expect(204);
    let listed = |filter: &'static str| {
        let (backend, app) = (&backend, &app);
        async move {
            let list = backend.get(&format!("{app}/external-users?{filter}")).await.expect(200).json();
            list["items"].as_array().unwrap().iter().map(|user| user["id"].clone()).collect::<Vec<Value>>()
        }
    };
    assert!(listed("unreachable=true").await.is_empty(), "WeChat says who it is");
    let path = format!("{}/service-account", server.org());
    let asked = backend.delete(&path).await.expect_problem(409, "confirmation_required").json();
    assert_eq!((&asked["bindings"], &asked["unreachable"]), (&json!(2), &json!(1)));
    assert!(asked["detail"].as_str().unwrap().contains("keep their seats"), "{asked}");

    unbind(&server).await;
    let lost = listed("unreachable=true").await;
    assert_eq!(lost.len(), 1);
    assert!(place.ends_with(lost[0].as_str().unwrap()));
    assert_eq!((listed("unreachable=false").await.len(), listed("").await.len()), (1, 2));
    assert_eq!(server.seats_taken().await, 2);
    backend.delete(&place).await.expect(204);
    assert_eq!(server.seats_taken().await, 1);
}
