//! Portals whose people are let in one by one.

use menfang::domain::portal::SignUp;
use menfang::store::portals::PortalSettings;
use serde_json::json;

use crate::support::TestServer;

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

    let (admin, app) = (server.own_backend(), server.app("suppliers").await);
    let user = admin.user_of(&app, &phone.number).await;
    let approve = format!("{app}/external-users/{}/approve", user["id"].as_str().unwrap());
    admin.post(&approve, json!({})).await.expect(200);
    socket.expect("authorized").await;
    assert_eq!(server.seats_taken().await, 1);
    pc.claim(&qr).await.expect(200);
    pc.me("suppliers").await.expect(200);
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
