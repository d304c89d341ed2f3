//! Portals whose people are let in one by one.

use menfang::domain::portal::SignUp;
use menfang::store::portals::PortalSettings;

use crate::support::{Phone, TestServer};

#[actix_web::test]
async fn a_new_account_waits_until_the_organization_lets_it_in() {
    let server = TestServer::start().await;
    let settings = PortalSettings { sign_up: Some(SignUp::Approval), ..PortalSettings::default() };
    server.set_portal("suppliers", settings).await;
    let (pc, phone) = (server.browser(), server.person("Alice").await);
    let qr = pc.start_qr("suppliers").await;
    let mut socket = pc.watch(&qr).await;
    socket.expect("waiting").await;
    phone.scan_qr("suppliers", &qr).await;
    let number = socket.expect("scanned").await["match"].as_str().unwrap().to_owned();
    phone.ask_code("suppliers").await.expect(202);
    let verifying = socket.expect("verifying").await;
    let code = server.last_code(&phone.number).await;
    phone.bind_with("suppliers", &code).await.expect(200);
    assert!(socket.expect("verifying").await["seq"].as_u64() > verifying["seq"].as_u64());
    let view = phone.approve("suppliers", Some(&number)).await.expect(200).json();
    assert_eq!(view["step"], "held");
    assert_eq!(socket.expect("held").await["reason"], "approval_pending");
    assert_eq!(server.seats_taken().await, 0);
    pc.claim(&qr).await.expect_problem(409, "not_authorized");

    assert_eq!(phone.view("suppliers").await["reason"], "approval_pending");
    server.admit("suppliers", &phone).await;
    socket.expect("authorized").await;
    assert_eq!(server.seats_taken().await, 1);
    pc.claim(&qr).await.expect(200);
    pc.me("suppliers").await.expect(200);
}

/// A server whose supplier portal lets people in one by one, and somebody who waits there inside WeChat.
async fn waiting_on_the_phone() -> (TestServer, Phone) {
    let server = TestServer::start().await;
    let settings = PortalSettings { sign_up: Some(SignUp::Approval), ..PortalSettings::default() };
    server.set_portal("suppliers", settings).await;
    let phone = server.person("Alice").await;
    phone.scan(&phone.at("/p/suppliers")).await.expect(303);
    let view = phone.prove(&server, "suppliers").await.expect(200).json();
    assert_eq!((&view["step"], &view["reason"]), (&"held".into(), &"approval_pending".into()));
    assert_eq!(view.get("redirect_to"), None);
    (server, phone)
}

#[actix_web::test]
async fn whoever_waits_on_the_phone_is_let_in_by_the_page_at_that_moment() {
    let (server, phone) = waiting_on_the_phone().await;
    let page = phone.web.get(&phone.at("/p/suppliers/phone")).await.expect(200);
    assert!(page.body.contains("http-equiv=\"refresh\""), "without script it looks again by itself");
    phone.web.get_json(&phone.at("/p/suppliers/me")).await.expect(401);
    // Nothing to post while nobody has decided.
    let view = phone.post("suppliers", "approve", &[]).await.expect_problem(403, "csrf_invalid");
    assert_eq!(view.header("set-cookie"), "");

    server.admit("suppliers", &phone).await;
    let rows = server.rows().await;
    let view = phone.view("suppliers").await;
    assert_eq!((&view["step"], &view["redirect_to"]), (&"done".into(), &"/p/suppliers/home".into()));
    assert_eq!(server.rows().await, rows, "looking changes nothing");
    let csrf = view["csrf"].as_str().unwrap();
    let entered = phone.post_with("suppliers", "approve", csrf, &[]).await.expect(200).json();
    assert_eq!((&entered["step"], &entered["redirect_to"]), (&view["step"], &view["redirect_to"]));
    phone.web.get_json(&phone.at("/p/suppliers/me")).await.expect(200);
    // The same post again is the same login, and one that was ended is not brought back.
    phone.post_with("suppliers", "approve", csrf, &[]).await.expect(200);
    assert_eq!(server.audited("session_created").await.len(), 1);
    phone.web.post(&phone.at("/p/suppliers/logout"), &[]).await.expect(200);
    phone.post_with("suppliers", "approve", csrf, &[]).await.expect(200);
    phone.web.get_json(&phone.at("/p/suppliers/me")).await.expect(401);
}

#[actix_web::test]
async fn the_way_on_after_an_approval_leads_in_by_wechat_too() {
    let (server, phone) = waiting_on_the_phone().await;
    server.admit("suppliers", &phone).await;
    let mut place = phone.at(phone.view("suppliers").await["redirect_to"].as_str().unwrap());
    let mut hops = Vec::new();
    let home = loop {
        let answer = phone.web.get(&place).await;
        if answer.status == 200 {
            break answer;
        }
        hops.push(answer.status);
        let next = answer.location();
        place = if next.starts_with('/') { phone.at(next) } else { next.to_owned() };
    };
    // Home, entrance, WeChat, callback.
    assert_eq!(hops, [303, 302, 302, 303]);
    assert!(place.ends_with("/p/suppliers/home") && home.body.contains("138****"));
    phone.web.get_json(&phone.at("/p/suppliers/me")).await.expect(200);
}

#[actix_web::test]
async fn of_many_posts_at_once_one_makes_the_login() {
    let (server, phone) = waiting_on_the_phone().await;
    server.admit("suppliers", &phone).await;
    let csrf = phone.view("suppliers").await["csrf"].as_str().unwrap().to_owned();
    let posts = (0..8).map(|_| phone.post_with("suppliers", "approve", &csrf, &[]));
    for answer in futures_util::future::join_all(posts).await {
        assert_eq!(answer.expect(200).json()["step"], "done");
    }
    assert_eq!(server.audited("session_created").await.len(), 1);
}

#[actix_web::test]
async fn the_page_without_script_has_a_button_for_it() {
    let (server, phone) = waiting_on_the_phone().await;
    server.admit("suppliers", &phone).await;
    let page = phone.web.get(&phone.at("/p/suppliers/phone")).await.expect(200);
    let form = page.body.split("<form").nth(1).unwrap();
    assert!(form.contains("method=\"post\" action=\"/p/suppliers/phone/approve\""), "{form}");
    let csrf = form.split("name=\"csrf\" value=\"").nth(1).unwrap().split('"').next().unwrap();
    let request = phone.web.request(reqwest::Method::POST, &phone.at("/p/suppliers/phone/approve"));
    let request = request.header("origin", &server.url).header("accept", "text/html");
    let answer = phone.web.send(request.form(&[("csrf", csrf)])).await.expect(303);
    assert_eq!(answer.location(), "/p/suppliers/home");
    phone.web.get(&phone.at("/p/suppliers/home")).await.expect(200);
}

#[actix_web::test]
async fn a_portal_for_invited_people_refuses_others_and_a_closed_one_all() {
    let server = TestServer::start().await;
    let settings = PortalSettings { sign_up: Some(SignUp::Invitation), ..PortalSettings::default() };
    server.set_portal("suppliers", settings.clone()).await;
    let (pc, phone) = (server.browser(), server.person("Alice").await);
    let qr = pc.start_qr("suppliers").await;
    phone.scan_qr("suppliers", &qr).await;
    phone.prove(&server, "suppliers").await.expect_problem(403, "invitation_required");
    let seen = pc.poll(&qr, "").await.expect(200).json();
    assert_eq!((&seen["state"], &seen["reason"]), (&"refused".into(), &"invitation_required".into()));

    server.set_portal("suppliers", PortalSettings { enabled: Some(false), ..settings }).await;
    let refused = pc.web.post(&pc.at("/p/suppliers/qr"), &[]).await;
    refused.expect_problem(403, "portal_closed");
}
