//! All the ways not to be signed in.

use serde_json::Value;

use super::first_time::sign_in_new;
use crate::support::{Browser, Phone, Qr, Socket, TestServer};

/// A person who is known here has scanned the code of a new browser.
async fn scanned(server: &TestServer, phone: &Phone) -> (Browser, Qr, Socket, Value) {
    let pc = server.browser();
    let qr = pc.start_qr("suppliers").await;
    let mut socket = pc.watch(&qr).await;
    socket.expect("waiting").await;
    phone.scan_qr("suppliers", &qr).await;
    let frame = socket.expect("scanned").await;
    (pc, qr, socket, frame)
}

#[actix_web::test]
async fn whoever_declines_or_reports_ends_it() {
    let server = TestServer::start().await;
    let phone = server.person("Alice").await;
    for action in ["deny", "report"] {
        let (pc, qr, mut socket, _) = scanned(&server, &phone).await;
        let view = phone.post("suppliers", action, &[]).await.expect(200).json();
        assert_eq!(view["step"], "denied", "{action}");
        socket.expect("denied").await;
        socket.expect_close(1000).await;
        pc.claim(&qr).await.expect_problem(409, "not_authorized");
    }
}

#[actix_web::test]
async fn a_wrong_number_is_one_too_many() {
    let server = TestServer::start().await;
    let phone = server.person("Alice").await;
    sign_in_new(&server, &phone, "suppliers").await;
    let (_pc, _, mut socket, frame) = scanned(&server, &phone).await;
    let right = frame["match"].as_str().unwrap().to_owned();
    let wrong = if right == "42" { "43" } else { "42" };
    let csrf = phone.view("suppliers").await["csrf"].as_str().unwrap().to_owned();
    let no = phone.post_with("suppliers", "approve", &csrf, &[("match", wrong)]).await;
    no.expect_problem(409, "match_wrong");
    socket.expect("denied").await;
    socket.expect_close(1000).await;
    let view = phone.post_with("suppliers", "approve", &csrf, &[("match", &right)]).await.json();
    assert_eq!(view["step"], "denied");
}

#[actix_web::test]
async fn the_hundred_and_first_is_refused_and_leaves_nothing_behind() {
    let server = TestServer::start().await;
    let known = server.person("Alice").await;
    let pc = sign_in_new(&server, &known, "suppliers").await;
    pc.logout("suppliers").await.expect(200);
    server.take_seats(99).await;

    let stranger = server.person("Zoe").await;
    let (_pc, _, mut socket, _) = scanned(&server, &stranger).await;
    stranger.prove(&server, "suppliers").await.expect_problem(409, "seats_full");
    socket.expect("verifying").await;
    assert_eq!(socket.expect("refused").await["reason"], "seats_full");
    socket.expect_close(1000).await;
    let view = stranger.view("suppliers").await;
    assert_eq!((&view["step"], &view["reason"]), (&"refused".into(), &"seats_full".into()));
    assert_eq!(server.seats_taken().await, 100);
    let rows = server.rows().await;
    let count = |table: &str| rows.iter().find(|(name, _)| name == table).map(|(_, count)| *count);
    assert_eq!(count("external_users"), Some(1), "{rows:?}");
    assert_eq!(count("wechat_bindings"), Some(1), "{rows:?}");

    // Who has a seat still gets in.
    let (pc, qr, mut socket, frame) = scanned(&server, &known).await;
    known.approve("suppliers", frame["match"].as_str()).await.expect(200);
    socket.expect("authorized").await;
    pc.claim(&qr).await.expect(200);
}

#[actix_web::test]
async fn a_number_of_another_wechat_account_is_refused() {
    let server = TestServer::start().await;
    let alice = server.person("Alice").await;
    sign_in_new(&server, &alice, "suppliers").await;
    let mut mallory = server.person("Mallory").await;
    mallory.number.clone_from(&alice.number);
    server.advance(61);
    let (_pc, _, mut socket, _) = scanned(&server, &mallory).await;
    mallory.prove(&server, "suppliers").await.expect_problem(409, "phone_in_use");
    socket.expect("verifying").await;
    assert_eq!(socket.expect("refused").await["reason"], "phone_in_use");
    socket.expect_close(1000).await;
}

#[actix_web::test]
async fn a_code_that_nobody_scans_expires() {
    let server = TestServer::start().await;
    let (pc, phone) = (server.browser(), server.person("Alice").await);
    let qr = pc.start_qr("suppliers").await;
    let mut socket = pc.watch(&qr).await;
    socket.expect("waiting").await;
    server.advance(124);
    socket.expect("expired").await;
    socket.expect_close(4410).await;
    phone.web.get(&qr.scan_url).await.expect(410);
    pc.claim(&qr).await.expect_problem(410, "expired");
}

#[actix_web::test]
async fn a_scanned_session_expires_when_nobody_decides() {
    let server = TestServer::start().await;
    let phone = server.person("Alice").await;
    sign_in_new(&server, &phone, "suppliers").await;
    let (_pc, _, mut socket, _) = scanned(&server, &phone).await;
    server.advance(124);
    socket.expect("expired").await;
    socket.expect_close(4410).await;
    assert_eq!(phone.view("suppliers").await["step"], "expired");
}

#[actix_web::test]
async fn a_changed_or_foreign_ticket_is_unknown() {
    let server = TestServer::start().await;
    let (pc, phone) = (server.browser(), server.person("Alice").await);
    let qr = pc.start_qr("suppliers").await;
    let (place, ticket) = qr.scan_url.rsplit_once('/').unwrap();
    let mut bytes = ticket.as_bytes().to_vec();
    for at in [0, 20, 40, bytes.len() - 1] {
        let was = bytes[at];
        bytes[at] = if was == b'A' { b'B' } else { b'A' };
        let changed = String::from_utf8(bytes.clone()).unwrap();
        phone.web.get(&format!("{place}/{changed}")).await.expect(404);
        bytes[at] = was;
    }
    phone.web.get(&format!("{place}/short")).await.expect(404);
    phone.web.get(&qr.scan_url.replace("/p/suppliers/", "/p/customers/")).await.expect(404);
    phone.web.get(&qr.scan_url).await.expect(302);
    // A browser that is not WeChat's is told to open it there, and changes nothing.
    pc.web.get(&qr.scan_url).await.expect(200);
}
