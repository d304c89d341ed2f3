//! A number that a carrier has given to somebody else, and a WeChat identity that is no longer its owner's.

use serde_json::json;

use super::first_time::sign_in_new;
use crate::support::{Phone, TestServer};

/// The address of a person's account in the API.
async fn account(server: &TestServer, phone: &Phone) -> String {
    let user = server.account("suppliers", phone).await;
    format!("/apps/{}/external-users/{}", user.app, user.id)
}

async fn free(server: &TestServer, phone: &Phone) {
    let path = format!("{}/free-phone", account(server, phone).await);
    server.own_backend().post(&path, json!({})).await.expect(204);
}

async fn unbind(server: &TestServer, phone: &Phone) {
    let path = format!("{}/wechat", account(server, phone).await);
    server.own_backend().delete(&path).await.expect(204);
}

#[actix_web::test]
async fn a_freed_number_makes_a_new_account_and_the_old_one_takes_a_new_number() {
    let server = TestServer::start().await;
    let mut alice = server.person("Alice").await;
    let pc = sign_in_new(&server, &alice, "suppliers").await;
    alice.scan(&alice.at("/p/suppliers")).await.expect(303);
    let id = pc.me("suppliers").await.expect(200).json()["id"].clone();
    let path = account(&server, &alice).await;
    free(&server, &alice).await;
    pc.me("suppliers").await.expect_problem(401, "not_signed_in");
    alice.web.get_json(&alice.at("/p/suppliers/me")).await.expect(401);
    let backend = server.own_backend();
    backend.post(&format!("{path}/free-phone"), json!({})).await.expect_problem(409, "wrong_status");
    assert_eq!(server.audited("phone_freed").await[0]["subject"], id);

    // Whoever has the number now signs up with it.
    let mut bob = server.person("Bob").await;
    bob.number.clone_from(&alice.number);
    server.advance(61);
    let of_bob = sign_in_new(&server, &bob, "suppliers").await.me("suppliers").await.expect(200).json();
    assert_ne!(of_bob["id"], id);
    assert_eq!(server.seats_taken().await, 2);

    // The number is Bob's: Alice proves another one, and is who she was.
    server.advance(61);
    let qr = server.browser().start_qr("suppliers").await;
    assert_eq!(alice.scan_qr("suppliers", &qr).await["step"], "bind");
    alice.prove(&server, "suppliers").await.expect_problem(409, "phone_in_use");
    alice.number = server.fresh_number();
    let me = sign_in_new(&server, &alice, "suppliers").await.me("suppliers").await.expect(200).json();
    assert_eq!((&me["id"], &me["phone_masked"]), (&id, &json!(format!("138****{}", &alice.number[7..]))));
    assert_eq!((server.seats_taken().await, server.count("external_users").await), (2, 2));
    // From then on a scan is enough again, and the number can be freed again.
    let qr = server.browser().start_qr("suppliers").await;
    assert_eq!(alice.scan_qr("suppliers", &qr).await["step"], "approve");
    free(&server, &alice).await;
}

#[actix_web::test]
async fn the_menu_link_asks_for_the_new_number_too() {
    let server = TestServer::start().await;
    let mut alice = server.person("Alice").await;
    sign_in_new(&server, &alice, "suppliers").await;
    let id = server.account("suppliers", &alice).await.id;
    let callback = alice.authorize(&alice.at("/p/suppliers")).await;
    free(&server, &alice).await;
    assert_eq!(alice.web.get(&callback).await.expect(303).location(), "/p/suppliers/phone");
    assert_eq!(alice.view("suppliers").await["step"], "bind");
    alice.number = server.fresh_number();
    let view = alice.prove(&server, "suppliers").await.expect(200).json();
    assert_eq!(view["step"], "done");
    let me = alice.web.get_json(&alice.at("/p/suppliers/me")).await.expect(200).json();
    assert_eq!(me["id"], json!(id));
}

#[actix_web::test]
async fn a_sign_in_under_way_begins_anew_when_the_account_changes() {
    let server = TestServer::start().await;
    let mut alice = server.person("Alice").await;
    sign_in_new(&server, &alice, "suppliers").await;
    // One that is approved and not claimed, and one that is not decided.
    let pc = server.browser();
    let qr = pc.start_qr("suppliers").await;
    let mut socket = pc.watch(&qr).await;
    socket.expect("waiting").await;
    alice.scan_qr("suppliers", &qr).await;
    let number = socket.expect("scanned").await["match"].as_str().unwrap().to_owned();
    alice.approve("suppliers", Some(&number)).await.expect(200);
    socket.expect("authorized").await;
    let other = server.browser();
    let other_qr = other.start_qr("suppliers").await;
    let mut other_socket = other.watch(&other_qr).await;
    other_socket.expect("waiting").await;
    let csrf = alice.scan_qr("suppliers", &other_qr).await["csrf"].as_str().unwrap().to_owned();
    let number = other_socket.expect("scanned").await["match"].as_str().unwrap().to_owned();

    free(&server, &alice).await;
    pc.claim(&qr).await.expect_problem(410, "expired");
    let late = alice.post_with("suppliers", "approve", &csrf, &[("match", &number)]).await.json();
    assert_eq!(late["step"], "expired");
    other.claim(&other_qr).await.expect_problem(410, "expired");
    socket.expect("authorized").await;
    other_socket.expect("scanned").await;
    server.advance(4);
    for mut socket in [socket, other_socket] {
        socket.expect("expired").await;
        socket.expect_close(4410).await;
    }
    alice.number = server.fresh_number();
    sign_in_new(&server, &alice, "suppliers").await.me("suppliers").await.expect(200);
}

#[actix_web::test]
async fn whoever_proves_the_phone_takes_the_place_of_an_unbound_wechat_identity() {
    let server = TestServer::start().await;
    let alice = server.person("Alice").await;
    let pc = sign_in_new(&server, &alice, "suppliers").await;
    let id = pc.me("suppliers").await.expect(200).json()["id"].clone();
    server.set_terms("suppliers", Some("1")).await;
    alice.scan(&alice.at("/p/suppliers")).await.expect(303);
    alice.post("suppliers", "approve", &[("terms", "1")]).await.expect(200);
    let path = account(&server, &alice).await;
    unbind(&server, &alice).await;
    pc.me("suppliers").await.expect_problem(401, "not_signed_in");
    let backend = server.own_backend();
    backend.delete(&format!("{path}/wechat")).await.expect_problem(409, "wrong_status");
    backend.post(&format!("{path}/free-phone"), json!({})).await.expect_problem(409, "wrong_status");
    assert_eq!(server.audited("wechat_unbound").await[0]["subject"], id);

    // A new WeChat account of the same person; who it is shows only with the code, so the terms are asked for again.
    let mut again = server.person("Alice again").await;
    again.number.clone_from(&alice.number);
    server.advance(61);
    again.scan(&again.at("/p/suppliers")).await.expect(303);
    again.ask_code("suppliers").await.expect(202);
    let code = server.last_code(&again.number).await;
    again.bind_with("suppliers", &code).await.expect_problem(422, "terms_required");
    let fields = [("phone", again.number.as_str()), ("code", &code), ("terms", "1")];
    assert_eq!(again.post("suppliers", "bind", &fields).await.expect(200).json()["step"], "done");
    let me = again.web.get_json(&again.at("/p/suppliers/me")).await.expect(200).json();
    assert_eq!((&me["id"], server.count("consents").await), (&id, 1));
    assert_eq!((server.seats_taken().await, server.count("external_users").await), (1, 1));
    // The old one is a stranger now, and the number is not free.
    server.advance(61);
    let qr = server.browser().start_qr("suppliers").await;
    assert_eq!(alice.scan_qr("suppliers", &qr).await["step"], "bind");
    alice.ask_code("suppliers").await.expect(202);
    let code = server.last_code(&alice.number).await;
    let fields = [("phone", alice.number.as_str()), ("code", &code), ("terms", "1")];
    alice.post("suppliers", "bind", &fields).await.expect_problem(409, "phone_in_use");
    again.web.get_json(&again.at("/p/suppliers/me")).await.expect(200);
}

#[actix_web::test]
async fn no_account_loses_all_that_it_is_found_by() {
    let server = TestServer::start().await;
    let backend = server.own_backend();
    let alice = server.person("Alice").await;
    sign_in_new(&server, &alice, "suppliers").await;
    let path = account(&server, &alice).await;
    free(&server, &alice).await;
    backend.delete(&format!("{path}/wechat")).await.expect_problem(409, "wrong_status");

    let app = server.app("suppliers").await;
    let invitation = json!({"phone": "13700000000"});
    let invited =
        backend.post(&format!("{app}/external-users/invitations"), invitation).await.expect(201).json();
    let path = format!("{app}/external-users/{}", invited["id"].as_str().unwrap());
    backend.post(&format!("{path}/free-phone"), json!({})).await.expect_problem(409, "wrong_status");
    backend.delete(&format!("{path}/wechat")).await.expect_problem(409, "wrong_status");

    // Both at once: one of them counts.
    for n in 0..5 {
        let phone = server.person(&format!("P{n}")).await;
        sign_in_new(&server, &phone, "suppliers").await;
        let path = account(&server, &phone).await;
        let (free, wechat) = (format!("{path}/free-phone"), format!("{path}/wechat"));
        let (one, two) = tokio::join!(backend.post(&free, json!({})), backend.delete(&wechat));
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [204, 409]);
    }
}

#[actix_web::test]
async fn an_account_of_elsewhere_is_like_none() {
    let server = TestServer::start().await;
    let alice = server.person("Alice").await;
    let pc = sign_in_new(&server, &alice, "suppliers").await;
    let path = account(&server, &alice).await;
    let backend = server.own_backend();
    let other_app = server.portal("customers").await.app.to_string();
    let in_other_app = path.replace(&server.portal("suppliers").await.app.to_string(), &other_app);
    let unknown = format!("{}usr_00000000000000000000000000", path.split("usr_").next().unwrap());
    for path in [in_other_app, unknown, format!("{path}x")] {
        backend.post(&format!("{path}/free-phone"), json!({})).await.expect_problem(404, "not_found");
        backend.delete(&format!("{path}/wechat")).await.expect_problem(404, "not_found");
    }
    let new = json!({"name": "Other", "edition": "free"});
    let other = server.platform_backend().post("/organizations", new).await.expect(201).json();
    let stranger = server.backend(other["api_key"].as_str());
    stranger.post(&format!("{path}/free-phone"), json!({})).await.expect_problem(404, "not_found");
    stranger.delete(&format!("{path}/wechat")).await.expect_problem(404, "not_found");
    pc.me("suppliers").await.expect(200);
}

#[actix_web::test]
async fn a_switched_off_account_gives_its_number_back_too() {
    let server = TestServer::start().await;
    let alice = server.person("Alice").await;
    sign_in_new(&server, &alice, "suppliers").await;
    server.disable("suppliers", &alice).await;
    free(&server, &alice).await;
    let mut bob = server.person("Bob").await;
    bob.number.clone_from(&alice.number);
    server.advance(61);
    sign_in_new(&server, &bob, "suppliers").await.me("suppliers").await.expect(200);
    // And stays switched off.
    let qr = server.browser().start_qr("suppliers").await;
    let view = alice.scan_qr("suppliers", &qr).await;
    assert_eq!((&view["step"], &view["reason"]), (&"refused".into(), &"account_disabled".into()));
}
