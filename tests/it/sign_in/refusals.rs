//! What is turned away at the door.

use tokio_tungstenite::tungstenite::Message;

use crate::support::TestServer;

#[actix_web::test]
async fn a_foreign_origin_is_refused() {
    let server = TestServer::start().await;
    let pc = server.browser();
    let place = pc.at("/p/suppliers/qr");
    for origin in [None, Some("null"), Some("https://evil.example")] {
        let mut request = pc.web.request(reqwest::Method::POST, &place);
        if let Some(origin) = origin {
            request = request.header("origin", origin);
        }
        pc.web.send(request).await.expect_problem(403, "origin_not_allowed");
    }
    let qr = pc.start_qr("suppliers").await;
    assert_eq!(pc.try_watch(&qr.id, "https://evil.example").await.unwrap_err(), 403);
    assert_eq!(pc.try_watch(&qr.id, "null").await.unwrap_err(), 403);
}

#[actix_web::test]
async fn only_the_browser_that_shows_the_code_may_watch() {
    let server = TestServer::start().await;
    let (pc, other) = (server.browser(), server.browser());
    let qr = pc.start_qr("suppliers").await;
    assert_eq!(other.try_watch(&qr.id, &server.url).await.unwrap_err(), 403);
    other.poll(&qr, "").await.expect_problem(403, "not_this_browser");
    other.start_qr("suppliers").await;
    assert_eq!(other.try_watch(&qr.id, &server.url).await.unwrap_err(), 403);
    other.poll(&qr, "").await.expect_problem(403, "not_this_browser");
    other.poll(&qr, "/events").await.expect_problem(403, "not_this_browser");
}

#[actix_web::test]
async fn an_unknown_session_is_4404() {
    let server = TestServer::start().await;
    let pc = server.browser();
    let mut qr = pc.start_qr("suppliers").await;
    let flipped = if qr.id.starts_with('A') { "B" } else { "A" };
    qr.id.replace_range(0..1, flipped);
    let mut socket = pc.watch(&qr).await;
    socket.expect_close(4404).await;
    pc.poll(&qr, "").await.expect_problem(404, "not_found");
    qr.id = "nonsense".into();
    pc.poll(&qr, "").await.expect_problem(404, "not_found");
}

#[actix_web::test]
async fn a_socket_that_speaks_is_closed() {
    let server = TestServer::start().await;
    let pc = server.browser();
    for (message, code) in [
        (Message::text("hello"), 1008),
        (Message::binary(vec![0; 10]), 1008),
        (Message::text("x".repeat(4_096)), 1008),
        (Message::text("x".repeat(4_097)), 1009),
        (Message::binary(vec![0; 4_097]), 1009),
    ] {
        // A browser of its own each time: one may have three codes at once.
        let pc = if code == 1008 { &pc } else { &server.browser() };
        let qr = pc.start_qr("suppliers").await;
        let mut socket = pc.watch(&qr).await;
        socket.expect("waiting").await;
        socket.say(message).await;
        socket.expect_close(code).await;
    }
}

#[actix_web::test]
async fn a_replayed_callback_exchanges_nothing() {
    let server = TestServer::start().await;
    let (pc, phone) = (server.browser(), server.person("Alice").await);
    let qr = pc.start_qr("suppliers").await;
    let callback = phone.authorize(&qr.scan_url).await;
    phone.web.get(&callback).await.expect(303);
    let exchanges = server.exchanges().await;
    assert_eq!(exchanges, 1);
    for _ in 0..3 {
        assert_eq!(phone.web.get(&callback).await.expect(303).location(), "/p/suppliers/phone");
    }
    assert_eq!(server.exchanges().await, exchanges);
}

#[actix_web::test]
async fn a_callback_belongs_to_one_phone_and_one_state() {
    let server = TestServer::start().await;
    let pc = server.browser();
    let (alice, mallory) = (server.person("Alice").await, server.person("Mallory").await);
    let qr = pc.start_qr("suppliers").await;
    let callback = alice.authorize(&qr.scan_url).await;
    // Without a cookie, with another phone's, and with a changed state.
    mallory.web.get(&callback).await.expect(400);
    mallory.authorize(&qr.scan_url).await;
    mallory.web.get(&callback).await.expect(400);
    let (head, _) = callback.split_once("state=").unwrap();
    alice.web.get(&format!("{head}state=0123456789")).await.expect(400);
    alice.web.get(head.trim_end_matches(['&', '?'])).await.expect(400);
    assert_eq!(server.exchanges().await, 0);
    alice.web.get(&callback).await.expect(303);
}

#[actix_web::test]
async fn a_code_that_is_taken_answers_409_to_the_next() {
    let server = TestServer::start().await;
    let pc = server.browser();
    let (alice, bob) = (server.person("Alice").await, server.person("Bob").await);
    let qr = pc.start_qr("suppliers").await;
    alice.scan(&qr.scan_url).await.expect(303);
    bob.scan(&qr.scan_url).await.expect(409);
    alice.scan(&qr.scan_url).await.expect(303);
}

#[actix_web::test]
async fn a_form_of_another_page_is_refused() {
    let server = TestServer::start().await;
    let (pc, phone) = (server.browser(), server.person("Alice").await);
    let qr = pc.start_qr("suppliers").await;
    phone.scan_qr("suppliers", &qr).await;
    for csrf in ["", "x"] {
        let answer = phone.post_with("suppliers", "code", csrf, &[("phone", &phone.number)]).await;
        answer.expect_problem(403, "csrf_invalid");
    }
    // No cookie, no step.
    phone.web.drop_cookie(&server.url, "menfang_phone");
    phone.web.get_json(&phone.at("/p/suppliers/phone")).await.expect_problem(403, "no_transaction");
}

#[actix_web::test]
async fn the_host_must_be_ours() {
    let server = TestServer::start().await;
    let pc = server.browser();
    let port = server.url.rsplit_once(':').unwrap().1;
    let request = pc.web.request(reqwest::Method::GET, &pc.at("/p/suppliers")).header("host", "evil.example");
    pc.web.send(request).await.expect_problem(421, "unknown_host");
    let by_name = format!("localhost:{port}");
    let request = pc.web.request(reqwest::Method::GET, &pc.at("/p/suppliers?a=b")).header("host", &by_name);
    assert_eq!(pc.web.send(request).await.expect(302).location(), pc.at("/p/suppliers?a=b"));
    let request = pc.web.request(reqwest::Method::POST, &pc.at("/p/suppliers/qr")).header("host", by_name);
    pc.web.send(request).await.expect_problem(421, "unknown_host");
}

#[actix_web::test]
async fn an_unknown_portal_is_404_everywhere() {
    let server = TestServer::start().await;
    let pc = server.browser();
    for path in ["/p/nowhere", "/p/nowhere/code.svg", "/p/nowhere/home", "/p/nowhere/me", "/nowhere"] {
        pc.web.get_json(&pc.at(path)).await.expect_problem(404, "not_found");
    }
    pc.web.post(&pc.at("/p/nowhere/qr"), &[]).await.expect_problem(404, "not_found");
}
