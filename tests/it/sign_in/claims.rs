//! The claim: once, in time, by the browser that showed the code.

use super::first_time::socket_until_authorized;
use crate::support::{Browser, Qr, TestServer};

async fn authorized(server: &TestServer) -> (Browser, Qr) {
    let phone = server.person("Alice").await;
    let pc = server.browser();
    let qr = pc.start_qr("suppliers").await;
    let mut socket = pc.watch(&qr).await;
    socket.expect("waiting").await;
    phone.scan_qr("suppliers", &qr).await;
    let number = socket.expect("scanned").await["match"].as_str().unwrap().to_owned();
    phone.prove(server, "suppliers").await.expect(200);
    socket_until_authorized(&mut socket, &phone, "suppliers", &number).await;
    (pc, qr)
}

#[actix_web::test]
async fn a_second_claim_is_refused() {
    let server = TestServer::start().await;
    let (pc, qr) = authorized(&server).await;
    pc.claim(&qr).await.expect(200);
    pc.claim(&qr).await.expect_problem(409, "already_claimed");
}

#[actix_web::test]
async fn a_late_claim_is_refused() {
    let server = TestServer::start().await;
    let (pc, qr) = authorized(&server).await;
    server.advance(61);
    pc.claim(&qr).await.expect_problem(410, "expired");
    pc.me("suppliers").await.expect_problem(401, "not_signed_in");
}

#[actix_web::test]
async fn another_browser_cannot_claim() {
    let server = TestServer::start().await;
    let (pc, qr) = authorized(&server).await;
    let thief = server.browser();
    thief.claim(&qr).await.expect_problem(403, "not_this_browser");
    thief.start_qr("suppliers").await;
    thief.claim(&qr).await.expect_problem(403, "not_this_browser");
    assert_eq!(thief.web.cookie(&server.url, "menfang_login_suppliers"), None);
    pc.claim(&qr).await.expect(200);
}
