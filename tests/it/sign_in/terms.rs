//! Terms: accepted on every way in, once for each version.

use futures_util::future::join_all;
use serde_json::json;

use super::first_time::{sign_in_new, socket_until_authorized};
use crate::support::web::Answer;
use crate::support::{Browser, Phone, Qr, Socket, TestServer};

/// A person who is known here has scanned the code of a new browser; gives the number to match, too.
async fn scanned(server: &TestServer, phone: &Phone) -> (Browser, Qr, Socket, String) {
    let pc = server.browser();
    let qr = pc.start_qr("suppliers").await;
    let mut socket = pc.watch(&qr).await;
    socket.expect("waiting").await;
    phone.scan_qr("suppliers", &qr).await;
    let number = socket.expect("scanned").await["match"].as_str().unwrap().to_owned();
    (pc, qr, socket, number)
}

async fn ways_in(phone: &Phone) -> u16 {
    phone.web.get_json(&phone.at("/p/suppliers/me")).await.status
}

#[actix_web::test]
async fn the_first_sign_in_accepts_them_with_the_phone() {
    let server = TestServer::start().await;
    server.set_terms("suppliers", Some("2026-11")).await;
    let phone = server.person("Alice").await;
    let (pc, qr, mut socket, number) = scanned(&server, &phone).await;
    let terms = json!({"url": "https://example.com/terms/2026-11", "version": "2026-11"});
    let view = phone.view("suppliers").await;
    assert_eq!((&view["step"], &view["terms"]), (&"bind".into(), &terms));
    phone.ask_code("suppliers").await.expect(202);
    socket.expect("verifying").await;
    let code = server.last_code(&phone.number).await;

    // More often than a code may be guessed: no guess is counted, and the code stays good.
    let wrong = if code == "000000" { "000001" } else { "000000" };
    for typed in [wrong, wrong, wrong, wrong, wrong, &code] {
        phone.bind_with("suppliers", typed).await.expect_problem(422, "terms_required");
    }
    for tick in ["", "off", "2026-10"] {
        let fields = [("phone", phone.number.as_str()), ("code", &code), ("terms", tick)];
        phone.post("suppliers", "bind", &fields).await.expect_problem(422, "terms_required");
    }
    assert_eq!((server.count("external_users").await, server.count("consents").await), (0, 0));

    let csrf = phone.view("suppliers").await["csrf"].as_str().unwrap().to_owned();
    let fields = [("phone", phone.number.as_str()), ("code", &code), ("terms", "2026-11")];
    let view = phone.post_with("suppliers", "bind", &csrf, &fields).await.expect(200).json();
    assert_eq!((&view["step"], view.get("terms")), (&"approve".into(), None));
    let noted = server.audited("terms_accepted").await;
    assert_eq!(noted.len(), 1);
    let user = server.account("suppliers", &phone).await.id;
    assert_eq!((&noted[0]["actor"], &noted[0]["subject"]), (&json!(user), &json!("2026-11")));
    // The same form again finds the step after it.
    let again = phone.post_with("suppliers", "bind", &csrf, &fields).await.expect(200).json();
    assert_eq!(again["step"], "approve");

    socket_until_authorized(&mut socket, &phone, "suppliers", &number).await;
    pc.claim(&qr).await.expect(200);
    assert_eq!(server.count("consents").await, 1);
}

#[actix_web::test]
async fn who_comes_back_accepts_each_new_version_once_with_the_decision() {
    let server = TestServer::start().await;
    let phone = server.person("Alice").await;
    let first = sign_in_new(&server, &phone, "suppliers").await;
    for version in ["1", "2"] {
        server.set_terms("suppliers", Some(version)).await;
        first.me("suppliers").await.expect(200);
        let (pc, qr, mut socket, number) = scanned(&server, &phone).await;
        let view = phone.view("suppliers").await;
        assert_eq!((&view["step"], &view["terms"]["version"]), (&"approve".into(), &version.into()));
        // Neither the code on the screen nor the one try for its number is used up.
        phone.approve("suppliers", Some("00")).await.expect_problem(422, "terms_required");
        phone.approve("suppliers", Some(&number)).await.expect_problem(422, "terms_required");
        let tick = [("match", number.as_str()), ("terms", "on")];
        let view = phone.post("suppliers", "approve", &tick).await.expect(200).json();
        assert_eq!(view["step"], "done");
        socket.expect("authorized").await;
        pc.claim(&qr).await.expect(200);

        let (_pc, _, _, _) = scanned(&server, &phone).await;
        let view = phone.view("suppliers").await;
        assert_eq!((&view["step"], view.get("terms")), (&"approve".into(), None));
    }
    // A version that was accepted before is not asked for again.
    server.set_terms("suppliers", Some("1")).await;
    let (_pc, _, _, _) = scanned(&server, &phone).await;
    assert_eq!(phone.view("suppliers").await.get("terms"), None);
    assert_eq!((server.count("consents").await, server.audited("terms_accepted").await.len()), (2, 2));
}

#[actix_web::test]
async fn a_wrong_number_accepts_nothing_and_a_no_needs_no_tick() {
    let server = TestServer::start().await;
    let phone = server.person("Alice").await;
    sign_in_new(&server, &phone, "suppliers").await;
    server.set_terms("suppliers", Some("1")).await;
    let (_pc, _, _, number) = scanned(&server, &phone).await;
    let wrong = if number == "42" { "43" } else { "42" };
    let no = phone.post("suppliers", "approve", &[("match", wrong), ("terms", "1")]).await;
    no.expect_problem(409, "match_wrong");
    for no in ["deny", "report"] {
        let (_pc, _, mut socket, _) = scanned(&server, &phone).await;
        assert_eq!(phone.post("suppliers", no, &[]).await.expect(200).json()["step"], "denied");
        socket.expect("denied").await;
    }
    assert_eq!(server.count("consents").await, 0);
}

#[actix_web::test]
async fn a_menu_link_leads_to_the_terms_before_it_leads_in() {
    let server = TestServer::start().await;
    let phone = server.person("Alice").await;
    sign_in_new(&server, &phone, "suppliers").await;
    server.set_terms("suppliers", Some("1")).await;
    let callback = phone.authorize(&phone.at("/p/suppliers")).await;
    assert_eq!(phone.web.get(&callback).await.expect(303).location(), "/p/suppliers/phone");
    assert_eq!(ways_in(&phone).await, 401);
    let view = phone.view("suppliers").await;
    assert_eq!((&view["step"], &view["browser"]), (&"approve".into(), &json!(null)));
    assert_eq!((&view["terms"]["version"], &view["match_required"]), (&"1".into(), &false.into()));
    phone.approve("suppliers", None).await.expect_problem(422, "terms_required");
    assert_eq!(ways_in(&phone).await, 401);

    let csrf = view["csrf"].as_str().unwrap();
    let done = phone.post_with("suppliers", "approve", csrf, &[("terms", "true")]).await.expect(200).json();
    assert_eq!((&done["step"], &done["redirect_to"]), (&"done".into(), &"/p/suppliers/home".into()));
    assert_eq!(done.get("terms"), None);
    assert_eq!(ways_in(&phone).await, 200);
    // The same post again, the same callback again, the menu again.
    phone.post_with("suppliers", "approve", csrf, &[("terms", "true")]).await.expect(200);
    assert_eq!(phone.web.get(&callback).await.expect(303).location(), "/p/suppliers/home");
    phone.web.drop_cookie(&server.url, "menfang_login_suppliers");
    let again = phone.scan(&phone.at("/p/suppliers")).await.expect(303);
    assert_eq!(again.location(), "/p/suppliers/home");
}

#[actix_web::test]
async fn a_new_version_while_signed_in_is_asked_for_at_the_next_way_in() {
    let server = TestServer::start().await;
    let phone = server.person("Alice").await;
    sign_in_new(&server, &phone, "suppliers").await;
    phone.scan(&phone.at("/p/suppliers")).await.expect(303);
    assert_eq!(ways_in(&phone).await, 200);
    server.set_terms("suppliers", Some("1")).await;
    assert_eq!(ways_in(&phone).await, 200, "logins stay");
    // The visit of the menu link is still there, and asks now.
    assert_eq!(phone.view("suppliers").await["step"], "approve");
    phone.post("suppliers", "approve", &[("terms", "1")]).await.expect(200);
    assert_eq!(ways_in(&phone).await, 200);
    let live = server.audited("session_created").await.len();
    phone.web.post(&phone.at("/p/suppliers/logout"), &[]).await.expect(200);
    assert_eq!(ways_in(&phone).await, 401);
    let answer = phone.scan(&phone.at("/p/suppliers")).await.expect(303);
    assert_eq!(answer.location(), "/p/suppliers/home");
    assert_eq!(server.audited("session_created").await.len(), live + 1);
}

#[actix_web::test]
async fn whoever_declines_the_terms_stays_out_until_the_next_visit() {
    let server = TestServer::start().await;
    let phone = server.person("Alice").await;
    sign_in_new(&server, &phone, "suppliers").await;
    server.set_terms("suppliers", Some("1")).await;
    let callback = phone.authorize(&phone.at("/p/suppliers")).await;
    phone.web.get(&callback).await.expect(303);
    let csrf = phone.view("suppliers").await["csrf"].as_str().unwrap().to_owned();
    let denied = phone.post_with("suppliers", "deny", &csrf, &[]).await.expect(200).json();
    assert_eq!(denied["step"], "denied");
    // Too late to change one's mind on this page, and coming back by the Back button is no way in.
    let late = phone.post_with("suppliers", "approve", &csrf, &[("terms", "1")]).await.expect(200).json();
    assert_eq!(late["step"], "denied");
    assert_eq!(phone.web.get(&callback).await.expect(303).location(), "/p/suppliers/phone");
    assert_eq!(ways_in(&phone).await, 401);
    assert_eq!((server.count("consents").await, server.audited("qr_declined").await.len()), (0, 1));

    phone.scan(&phone.at("/p/suppliers")).await.expect(303);
    let view = phone.post("suppliers", "approve", &[("terms", "1")]).await.expect(200).json();
    assert_eq!(view["step"], "done");
    assert_eq!(ways_in(&phone).await, 200);
}

#[actix_web::test]
async fn of_a_yes_and_a_no_to_the_terms_at_once_one_counts() {
    let server = TestServer::start().await;
    let phone = server.person("Alice").await;
    sign_in_new(&server, &phone, "suppliers").await;
    for round in 1..=5 {
        server.set_terms("suppliers", Some(&round.to_string())).await;
        let before = server.audited("session_created").await.len();
        phone.web.drop_cookie(&server.url, "menfang_login_suppliers");
        phone.scan(&phone.at("/p/suppliers")).await.expect(303);
        let csrf = phone.view("suppliers").await["csrf"].as_str().unwrap().to_owned();
        let post = |action: &'static str| phone.post_with("suppliers", action, &csrf, &[("terms", "on")]);
        let posts = ["approve", "deny", "approve", "deny", "approve"].map(post);
        let answers: Vec<Answer> = join_all(posts).await;
        let step = phone.view("suppliers").await["step"].as_str().unwrap().to_owned();
        let logins = server.audited("session_created").await.len() - before;
        let expected = usize::from(step == "done");
        assert!(["done", "denied"].contains(&step.as_str()), "{step}");
        assert_eq!(logins, expected, "{step}");
        assert_eq!(ways_in(&phone).await, if step == "done" { 200 } else { 401 });
        for answer in answers {
            assert_eq!(answer.expect(200).json()["step"], step.as_str());
        }
    }
}

#[actix_web::test]
async fn a_page_of_an_older_version_is_reloaded() {
    let server = TestServer::start().await;
    let (alice, bob) = (server.person("Alice").await, server.person("Bob").await);
    sign_in_new(&server, &bob, "suppliers").await;
    let csrf = async |phone: &Phone| phone.view("suppliers").await["csrf"].as_str().unwrap().to_owned();
    scanned(&server, &alice).await;
    let (_pc, _, _, number) = scanned(&server, &bob).await;
    alice.ask_code("suppliers").await.expect(202);
    let code = server.last_code(&alice.number).await;
    for version in [Some("1"), Some("2"), None] {
        let (of_alice, of_bob) = (csrf(&alice).await, csrf(&bob).await);
        server.set_terms("suppliers", version).await;
        let fields = [("phone", alice.number.as_str()), ("code", &code), ("terms", "on")];
        let old = alice.post_with("suppliers", "bind", &of_alice, &fields).await;
        old.expect_problem(403, "csrf_invalid");
        let fields = [("match", number.as_str()), ("terms", "on")];
        bob.post_with("suppliers", "approve", &of_bob, &fields).await.expect_problem(403, "csrf_invalid");
    }
    alice.bind_with("suppliers", &code).await.expect(200);
    bob.approve("suppliers", Some(&number)).await.expect(200);
}

#[actix_web::test]
async fn an_approval_that_was_given_counts_although_the_terms_change() {
    let server = TestServer::start().await;
    let phone = server.person("Alice").await;
    sign_in_new(&server, &phone, "suppliers").await;
    server.set_terms("suppliers", Some("1")).await;
    let (pc, qr, mut socket, number) = scanned(&server, &phone).await;
    phone.post("suppliers", "approve", &[("match", &number), ("terms", "1")]).await.expect(200);
    socket.expect("authorized").await;
    server.set_terms("suppliers", Some("2")).await;
    pc.claim(&qr).await.expect(200);
    pc.me("suppliers").await.expect(200);
}

#[actix_web::test]
async fn the_forms_ask_without_script_in_both_languages() {
    let server = TestServer::start().await;
    server.set_terms("suppliers", Some("1")).await;
    let phone = server.person("Alice").await;
    let qr = server.browser().start_qr("suppliers").await;
    phone.scan_qr("suppliers", &qr).await;
    phone.ask_code("suppliers").await.expect(202);
    let code = server.last_code(&phone.number).await;
    let csrf = phone.view("suppliers").await["csrf"].as_str().unwrap().to_owned();
    for (lang, link, missing) in [
        ("en", "terms of Test Ltd</a>", "Please read and accept the terms first."),
        ("zh-CN", "Test Ltd的服务条款</a>", "请先阅读并同意服务条款。"),
    ] {
        let request = phone.web.request(reqwest::Method::GET, &phone.at("/p/suppliers/phone"));
        let page =
            phone.web.send(request.header("accept", "text/html").header("accept-language", lang)).await;
        let tag = "target=\"_blank\" rel=\"noopener noreferrer\">";
        assert!(
            page.body.contains(&format!("href=\"https://example.com/terms/1\" {tag}{link}")),
            "{}",
            page.body
        );
        assert!(page.body.contains("type=\"checkbox\"") && !page.body.contains(" checked"));
        let request = phone.web.request(reqwest::Method::POST, &phone.at("/p/suppliers/phone/bind"));
        let request = request.header("origin", &server.url).header("accept", "text/html");
        let form = [("csrf", csrf.as_str()), ("phone", &phone.number), ("code", &code)];
        let page = phone.web.send(request.header("accept-language", lang).form(&form)).await.expect(422);
        assert!(page.body.contains(&format!("data-terms-error>{missing}")), "{}", page.body);
        for typed in [&phone.number, &code] {
            assert!(page.body.contains(&format!("value=\"{typed}\"")), "what was typed is still there");
        }
    }
    let request = phone.web.request(reqwest::Method::POST, &phone.at("/p/suppliers/phone/bind"));
    let request = request.header("origin", &server.url).header("accept", "text/html");
    let form = [("csrf", csrf.as_str()), ("phone", &phone.number), ("code", &code), ("terms", "1")];
    assert_eq!(phone.web.send(request.form(&form)).await.expect(303).location(), "/p/suppliers/phone");
    assert_eq!(phone.view("suppliers").await["step"], "approve");
}
