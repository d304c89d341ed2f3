//! Signing in on web and app; whatever is wrong, the answer is the same.

use reqwest::Method;
use serde_json::{Value, json};

use super::{invite, member, own, token};
use crate::sign_in::first_time::sign_in_new;
use crate::support::{PASSWORD, Registrant, TestServer};

fn without_id(body: Value) -> Value {
    let mut body = body;
    body["request_id"] = json!(null);
    body
}

#[actix_web::test]
async fn the_app_gets_a_token_and_a_browser_a_cookie() {
    let server = TestServer::start().await;
    let (person, _) = member(&server, &own(&server), "Li Lei").await;
    let browser = server.browser();
    let place = server.at("/api/v1/accounts/sign-in");
    let body = json!({"phone": person.number, "password": PASSWORD, "client": "web"});
    let request = browser.web.request(Method::POST, &place).header("origin", &server.url).json(&body);
    let answer = browser.web.send(request).await.expect(200);
    assert_eq!(answer.json(), json!({"redirect_to": "/account"}));
    let cookie = answer.header("set-cookie").to_owned();
    for part in ["menfang_account=mfa_", "HttpOnly", "SameSite=Strict", "Path=/"] {
        assert!(cookie.contains(part), "{cookie}");
    }
    let me = server.at("/api/v1/accounts/me");
    assert_eq!(browser.web.get_json(&me).await.expect(200).json()["name"], "Li Lei");

    // A cookie is no token, and a token is no cookie.
    let value = browser.web.cookie(&server.url, "menfang_account").unwrap();
    let thief = Registrant::new(&server, "Thief");
    thief.hold(Some(&value));
    thief.get("/accounts/me").await.expect_problem(401, "not_signed_in");
    thief.hold(None);
    let own_token = person.try_sign_in(PASSWORD).await.expect(200).json();
    thief.web.set_cookie(&server.url, "menfang_account", own_token["token"].as_str().unwrap());
    thief.get("/accounts/me").await.expect_problem(401, "not_signed_in");
}

#[actix_web::test]
async fn a_cookie_without_our_origin_counts_for_nothing_unsafe() {
    let server = TestServer::start().await;
    let (person, _) = member(&server, &own(&server), "Li Lei").await;
    let browser = server.browser();
    let body = json!({"phone": person.number, "password": PASSWORD, "client": "web"});
    let sign_in = server.at("/api/v1/accounts/sign-in");
    browser.web.send(browser.web.request(Method::POST, &sign_in).json(&body)).await.expect(200);
    let out = server.at("/api/v1/accounts/sign-out");
    let bare = browser.web.request(Method::POST, &out);
    browser.web.send(bare).await.expect_problem(401, "not_signed_in");
    let foreign = browser.web.request(Method::POST, &out).header("origin", "https://evil.example");
    browser.web.send(foreign).await.expect_problem(403, "origin_not_allowed");
    let own = browser.web.request(Method::POST, &out).header("origin", &server.url);
    let answer = browser.web.send(own).await.expect(204);
    assert!(answer.header("set-cookie").contains("Max-Age=0"));
    assert_eq!(browser.web.cookie(&server.url, "menfang_account"), None);
}

#[actix_web::test]
async fn whatever_is_wrong_the_answer_is_the_same() {
    let server = TestServer::start().await;
    let (person, _) = member(&server, &own(&server), "Li Lei").await;
    let stranger = Registrant::new(&server, "Nobody");
    let sign_in = async |phone: &str, proof: (&str, &str)| {
        let mut body = json!({"phone": phone, "client": "app"});
        body[proof.0] = json!(proof.1);
        let answer = stranger.post("/accounts/sign-in", body).await;
        without_id(answer.expect_problem(401, "sign_in_failed").json())
    };
    let wrong = sign_in(&person.number, ("password", "not the password")).await;
    for (phone, proof) in [
        (person.number.as_str(), ("code", "123456")),
        (person.number.as_str(), ("code", "x")),
        (stranger.number.as_str(), ("password", PASSWORD)),
        (stranger.number.as_str(), ("code", "123456")),
        ("12345", ("password", PASSWORD)),
    ] {
        assert_eq!(sign_in(phone, proof).await, wrong, "{phone} {proof:?}");
    }
    for body in [
        json!({"phone": person.number, "client": "app"}),
        json!({"phone": person.number, "password": PASSWORD, "code": "123456", "client": "app"}),
        json!({"phone": person.number, "password": PASSWORD, "client": "desktop"}),
    ] {
        stranger.post("/accounts/sign-in", body).await.expect_problem(422, "invalid_field");
    }
}

#[actix_web::test]
async fn a_code_that_was_sent_to_an_invited_person_signs_in_once() {
    let server = TestServer::start().await;
    let org = own(&server);
    let (person, _) = member(&server, &org, "Li Lei").await;
    let other = super::another_organization(&server, "Other Ltd", "free").await;
    let invited = invite(&other, "collaborators", &person.number).await;
    server.advance(61);
    person.ask_code(token(&invited)).await.expect(202);
    let code = server.last_code(&person.number).await;
    let body = json!({"phone": person.number, "code": code, "client": "app"});
    let fresh = Registrant::with_number(&server, "Li Lei", &person.number);
    let signed_in = fresh.post("/accounts/sign-in", body.clone()).await.expect(200).json();
    fresh.hold(signed_in["token"].as_str());
    let accepted = json!({"invitation": token(&invited)});
    fresh.post("/accounts/me/invitations", accepted).await.expect(201);
    fresh.hold(None);
    fresh.post("/accounts/sign-in", body).await.expect_problem(401, "sign_in_failed");
}

#[actix_web::test]
async fn a_code_signs_in_only_while_its_invitation_counts() {
    let server = TestServer::start().await;
    let (person, _) = member(&server, &own(&server), "Li Lei").await;
    let other = super::another_organization(&server, "Other Ltd", "free").await;
    let place = format!("/organizations/{}/collaborators", other.0);
    for ending in ["removed", "invited anew", "over"] {
        server.advance(61);
        let invited = invite(&other, "collaborators", &person.number).await;
        person.ask_code(token(&invited)).await.expect(202);
        let code = server.last_code(&person.number).await;
        let one = format!("{place}/{}", invited["id"].as_str().unwrap());
        match ending {
            "removed" => other.1.delete(&one).await.expect(204),
            "invited anew" => other.1.post(&format!("{one}/invitation"), json!({})).await.expect(201),
            _ => {
                let off = json!({"enabled": false});
                let org = format!("/organizations/{}", other.0);
                server.platform_backend().patch(&org, off).await.expect(200)
            }
        };
        let body = json!({"phone": person.number, "code": code, "client": "app"});
        let fresh = Registrant::with_number(&server, "Li Lei", &person.number);
        fresh.post("/accounts/sign-in", body).await.expect_problem(401, "sign_in_failed");
        other.1.delete(&one).await;
    }
}

#[actix_web::test]
async fn an_external_user_with_a_right_code_is_told_web_only_and_the_code_stays_good() {
    let server = TestServer::start().await;
    let phone = server.person("Alice").await;
    sign_in_new(&server, &phone, "suppliers").await;
    // The same person comes to another portal, and a code is on its way.
    let qr = server.browser().start_qr("customers").await;
    phone.scan_qr("customers", &qr).await;
    server.advance(61);
    phone.ask_code("customers").await.expect(202);
    let code = server.last_code(&phone.number).await;
    let somebody = Registrant::with_number(&server, "Alice", &phone.number);
    let wrong = if code == "000000" { "000001" } else { "000000" };
    let attempt = |code: &str, client: &str| {
        let body = json!({"phone": phone.number, "code": code, "client": client});
        somebody.post("/accounts/sign-in", body)
    };
    attempt(wrong, "app").await.expect_problem(401, "sign_in_failed");
    let told = attempt(&code, "app").await.expect_problem(403, "web_only").json();
    assert_eq!(told["rule"], "web_only");
    assert!(told["detail"].as_str().unwrap().starts_with("an external user signs in on the web only"));
    // On the web it is no news that the web is the place.
    attempt(&code, "web").await.expect_problem(401, "sign_in_failed");
    let by_password = json!({"phone": phone.number, "password": PASSWORD, "client": "app"});
    somebody.post("/accounts/sign-in", by_password).await.expect_problem(401, "sign_in_failed");
    phone.bind_with("customers", &code).await.expect(200);
    attempt(&code, "app").await.expect_problem(401, "sign_in_failed");
}

#[actix_web::test]
async fn the_code_of_a_portal_never_signs_into_an_account() {
    let server = TestServer::start().await;
    let phone = server.person("Alice").await;
    let org = own(&server);
    let person = Registrant::with_number(&server, "Alice", &phone.number);
    let invited = invite(&org, "members", &person.number).await;
    person.register(&server, token(&invited)).await.expect(201);
    let qr = server.browser().start_qr("suppliers").await;
    phone.scan_qr("suppliers", &qr).await;
    phone.ask_code("suppliers").await.expect(202);
    let code = server.last_code(&phone.number).await;
    let body = json!({"phone": phone.number, "code": code, "client": "app"});
    for _ in 0..6 {
        person.post("/accounts/sign-in", body.clone()).await.expect_problem(401, "sign_in_failed");
    }
    // Nor is it guessed at here, where an account is meant.
    phone.bind_with("suppliers", &code).await.expect(200);
}

#[actix_web::test]
async fn too_many_tries_wait() {
    let server = TestServer::start().await;
    let (person, _) = member(&server, &own(&server), "Li Lei").await;
    server.advance(16 * 60);
    for _ in 0..20 {
        person.try_sign_in("not the password").await.expect_problem(401, "sign_in_failed");
    }
    let limited = person.try_sign_in(PASSWORD).await.expect_problem(429, "too_many_requests");
    assert_eq!(limited.header("retry-after"), "900");
    server.advance(901);
    person.try_sign_in(PASSWORD).await.expect(200);
}
