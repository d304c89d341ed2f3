//! The gate that every way in passes: a closed portal, and people who are switched off on the way.

use std::time::Duration;

use menfang::store::portals::PortalSettings;
use serde_json::json;
use tokio::time::Instant;

use super::first_time::sign_in_new;
use crate::support::{Browser, Phone, Qr, Socket, TestServer};

async fn switch_portal(server: &TestServer, on: bool) {
    server.set_portal("suppliers", PortalSettings { enabled: Some(on), ..PortalSettings::default() }).await;
}

/// Within which everybody who waits must know.
const AT_ONCE: Duration = Duration::from_secs(2);

/// What can close a portal.
#[derive(Clone, Copy, Debug)]
enum Switch {
    Portal,
    App,
    Organization,
}

impl Switch {
    async fn set(self, server: &TestServer, on: bool) {
        match self {
            Self::Portal => switch_portal(server, on).await,
            Self::App => {
                let app = server.app("suppliers").await;
                server.own_backend().patch(&app, json!({"enabled": on})).await.expect(200);
            }
            Self::Organization => {
                let path = format!("/organizations/{}", server.organization);
                server.platform_backend().patch(&path, json!({"enabled": on})).await.expect(200);
            }
        }
    }
}

/// A browser of a portal that waits for a scan.
async fn waiting(server: &TestServer, slug: &str) -> (Browser, Qr, Socket) {
    let pc = server.browser();
    let qr = pc.start_qr(slug).await;
    let mut socket = pc.watch(&qr).await;
    socket.expect("waiting").await;
    (pc, qr, socket)
}

/// Somebody who is known here and has approved a new browser, which has yet to claim.
async fn approved(server: &TestServer) -> (Phone, Browser, Qr) {
    let phone = server.person("Alice").await;
    sign_in_new(server, &phone, "suppliers").await;
    let (pc, qr, mut socket) = waiting(server, "suppliers").await;
    phone.scan_qr("suppliers", &qr).await;
    let number = socket.expect("scanned").await["match"].as_str().unwrap().to_owned();
    phone.approve("suppliers", Some(&number)).await.expect(200);
    socket.expect("authorized").await;
    (phone, pc, qr)
}

#[actix_web::test]
async fn whoever_waits_at_a_portal_that_is_closed_learns_it_at_once() {
    let server = TestServer::start().await;
    let (alice, bob) = (server.person("Alice").await, server.person("Bob").await);
    for switch in [Switch::Portal, Switch::App, Switch::Organization] {
        let (unscanned, other) = (waiting(&server, "suppliers").await, waiting(&server, "customers").await);
        let (_, _, mut socket) = unscanned;
        let (pc, qr, mut scanned) = waiting(&server, "suppliers").await;
        alice.scan_qr("suppliers", &qr).await;
        scanned.expect("scanned").await;
        let poller = server.browser();
        let polled = poller.start_qr("suppliers").await;
        let csrf = alice.view("suppliers").await["csrf"].as_str().unwrap().to_owned();

        let begun = Instant::now();
        let (seen, ()) = tokio::join!(poller.poll(&polled, "?wait=25&after=1"), switch.set(&server, false));
        for socket in [&mut socket, &mut scanned] {
            let frame = socket.expect("refused").await;
            assert_eq!(frame["reason"], "portal_closed", "{switch:?}");
            assert_eq!(frame.get("person"), None);
            socket.expect_close(1000).await;
        }
        let seen = seen.expect(200).json();
        assert_eq!((&seen["state"], &seen["reason"]), (&"refused".into(), &"portal_closed".into()));
        assert!(begun.elapsed() < AT_ONCE, "{:?}", begun.elapsed());

        let view = alice.view("suppliers").await;
        assert_eq!((&view["step"], &view["reason"]), (&"refused".into(), &"portal_closed".into()));
        let late = alice.post_with("suppliers", "code", &csrf, &[("phone", &alice.number)]).await.json();
        assert_eq!(late["step"], "refused");
        pc.claim(&qr).await.expect_problem(403, "portal_closed");
        // Whoever comes to watch now is told as well.
        let mut again = poller.watch(&polled).await;
        assert_eq!(again.expect("refused").await["reason"], "portal_closed");
        again.expect_close(1000).await;

        switch.set(&server, true).await;
        let (pc, qr, mut socket) = waiting(&server, "suppliers").await;
        bob.scan_qr("suppliers", &qr).await;
        socket.expect("scanned").await;
        // The other portal of the organization was closed with it, but not with this one.
        let (other_pc, other_qr, mut other) = other;
        let open = matches!(switch, Switch::Portal | Switch::App);
        if open {
            bob.scan_qr("customers", &other_qr).await;
        }
        other.expect(if open { "scanned" } else { "refused" }).await;
        drop((pc, other_pc));
    }
}

#[actix_web::test]
async fn a_portal_that_was_closed_for_a_moment_refuses_nobody_afterwards() {
    let server = TestServer::start().await;
    for on in [false, true, false, true] {
        switch_portal(&server, on).await;
    }
    let phone = server.person("Alice").await;
    sign_in_new(&server, &phone, "suppliers").await.me("suppliers").await.expect(200);
}

#[actix_web::test]
async fn a_server_that_starts_knows_which_portals_are_closed() {
    let mut server = TestServer::start().await;
    let (pc, qr, mut socket) = waiting(&server, "suppliers").await;
    server.stop().await;
    socket.expect_close(1012).await;
    // As when another node had closed it meanwhile.
    server.set_app_enabled("suppliers", false).await;
    server.start_again().await;
    let mut socket = pc.watch(&qr).await;
    let mut frame = socket.any().await;
    if frame["state"] == "waiting" {
        frame = socket.any().await;
    }
    assert_eq!((&frame["state"], &frame["reason"]), (&"refused".into(), &"portal_closed".into()));
}

#[actix_web::test]
async fn a_closed_portal_says_so_on_every_way_in() {
    let server = TestServer::start().await;
    let phone = server.person("Alice").await;
    let pc = sign_in_new(&server, &phone, "suppliers").await;
    for switch in [Switch::Portal, Switch::App, Switch::Organization] {
        let waiting = server.browser();
        let qr = waiting.start_qr("suppliers").await;
        // On the way through WeChat while it closes: by a code, and by the menu.
        let (by_code, by_menu) = (server.person("Carol").await, server.person("Dave").await);
        let carol = by_code.authorize(&qr.scan_url).await;
        let dave = by_menu.authorize(&by_menu.at("/p/suppliers")).await;
        switch.set(&server, false).await;

        for (lang, words) in
            [("en", "This app’s entrance is not open"), ("zh-CN", "这个应用的入口目前没有开放")]
        {
            for web in [&waiting.web, &phone.web] {
                for link in [&pc.at("/p/suppliers"), &qr.scan_url] {
                    let request = web.request(reqwest::Method::GET, link).header("accept", "text/html");
                    let page = web.send(request.header("accept-language", lang)).await.expect(403);
                    assert!(page.body.contains(words), "{switch:?} {link}");
                }
            }
        }
        let place = waiting.at("/p/suppliers/qr");
        waiting.web.post(&place, &[]).await.expect_problem(403, "portal_closed");
        for person in [(&by_code, &carol), (&by_menu, &dave)] {
            let (person, callback) = person;
            assert_eq!(person.web.get(callback).await.expect(303).location(), "/p/suppliers/phone");
            let view = person.view("suppliers").await;
            assert_eq!((&view["step"], &view["reason"]), (&"refused".into(), &"portal_closed".into()));
            person.web.get_json(&person.at("/p/suppliers/me")).await.expect(401);
        }
        // A login that is there counts for nothing meanwhile, and is there again afterwards.
        pc.me("suppliers").await.expect_problem(401, "not_signed_in");
        let home = pc.web.get(&pc.at("/p/suppliers/home")).await.expect(303);
        assert_eq!(home.location(), "/p/suppliers");
        switch.set(&server, true).await;
        pc.me("suppliers").await.expect(200);
    }
    assert_eq!(server.seats_taken().await, 1);
}

#[actix_web::test]
async fn a_portal_that_is_closed_after_the_approval_gives_no_login() {
    let server = TestServer::start().await;
    let (_, pc, qr) = approved(&server).await;
    switch_portal(&server, false).await;
    pc.claim(&qr).await.expect_problem(403, "portal_closed");
    switch_portal(&server, true).await;
    pc.claim(&qr).await.expect_problem(403, "portal_closed");
    pc.me("suppliers").await.expect_problem(401, "not_signed_in");
}

#[actix_web::test]
async fn a_portal_whose_app_goes_while_the_phone_is_at_it_stops_each_step() {
    let server = TestServer::start().await;
    let (alice, bob) = (server.person("Alice").await, server.person("Bob").await);
    sign_in_new(&server, &alice, "suppliers").await;
    let (_pc, qr, mut socket) = waiting(&server, "suppliers").await;
    alice.scan_qr("suppliers", &qr).await;
    let number = socket.expect("scanned").await["match"].as_str().unwrap().to_owned();
    let (_pc, qr, mut of_bob) = waiting(&server, "suppliers").await;
    bob.scan_qr("suppliers", &qr).await;
    of_bob.expect("scanned").await;
    bob.ask_code("suppliers").await.expect(202);
    of_bob.expect("verifying").await;
    let code = server.last_code(&bob.number).await;
    // Nobody is told, as when a page is posted at the very moment: the step itself asks the gate.
    server.set_app_enabled("suppliers", false).await;
    alice.approve("suppliers", Some(&number)).await.expect_problem(403, "portal_closed");
    assert_eq!(socket.expect("refused").await["reason"], "portal_closed");
    bob.bind_with("suppliers", &code).await.expect_problem(403, "portal_closed");
    assert_eq!(of_bob.expect("refused").await["reason"], "portal_closed");
    assert_eq!(server.count("external_users").await, 1);
}

#[actix_web::test]
async fn whoever_is_switched_off_on_the_way_does_not_get_in() {
    let server = TestServer::start().await;
    let (phone, pc, qr) = approved(&server).await;
    let (_pc, other, mut socket) = waiting(&server, "suppliers").await;
    let page = phone.scan_qr("suppliers", &other).await;
    let number = socket.expect("scanned").await["match"].as_str().unwrap().to_owned();
    server.disable("suppliers", &phone).await;
    assert_eq!(socket.expect("refused").await["reason"], "account_disabled");
    // After the approval, before it, and by the menu.
    pc.claim(&qr).await.expect_problem(403, "account_disabled");
    pc.me("suppliers").await.expect_problem(401, "not_signed_in");
    let (csrf, number) = (page["csrf"].as_str().unwrap(), [("match", number.as_str())]);
    let told = phone.post_with("suppliers", "approve", csrf, &number).await.expect(200).json();
    assert_eq!((&told["step"], &told["reason"]), (&"refused".into(), &"account_disabled".into()));
    phone.scan(&phone.at("/p/suppliers")).await.expect(303);
    let view = phone.view("suppliers").await;
    assert_eq!((&view["step"], &view["reason"]), (&"refused".into(), &"account_disabled".into()));
    phone.web.get_json(&phone.at("/p/suppliers/me")).await.expect(401);
}
