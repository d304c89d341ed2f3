//! How many there may be, what cookies are like, and accounts that are switched off.

use super::first_time::sign_in_new;
use crate::support::TestServer;

#[actix_web::test]
async fn a_browser_has_three_codes_at_once() {
    let server = TestServer::start().await;
    let pc = server.browser();
    for _ in 0..3 {
        pc.start_qr("suppliers").await;
    }
    let place = pc.at("/p/suppliers/qr");
    let limited = pc.web.post(&place, &[]).await.expect_problem(429, "too_many_requests");
    assert!((1..=120).contains(&limited.header("retry-after").parse::<u64>().unwrap()));
    server.browser().start_qr("suppliers").await;
    server.advance(121);
    pc.start_qr("suppliers").await;
}

#[actix_web::test]
async fn the_sixth_watcher_of_one_session_is_sent_away() {
    let server = TestServer::start().await;
    let pc = server.browser();
    let qr = pc.start_qr("suppliers").await;
    let mut sockets = Vec::new();
    for _ in 0..5 {
        let mut socket = pc.watch(&qr).await;
        socket.expect("waiting").await;
        sockets.push(socket);
    }
    pc.watch(&qr).await.expect_close(1013).await;
}

#[actix_web::test]
async fn cookies_are_out_of_reach_of_scripts() {
    let server = TestServer::start().await;
    let pc = server.browser();
    let answer = pc.web.post(&pc.at("/p/suppliers/qr"), &[]).await.expect(201);
    let cookies: Vec<_> =
        answer.headers.get_all("set-cookie").iter().map(|line| line.to_str().unwrap().to_owned()).collect();
    for (name, age) in [("menfang_browser", "2100"), ("menfang_device", "34560000")] {
        let cookie = cookies.iter().find(|line| line.starts_with(&format!("{name}="))).unwrap();
        for part in ["HttpOnly", "SameSite=Strict", "Path=/", &format!("Max-Age={age}")] {
            assert!(cookie.contains(part), "{cookie}");
        }
    }
    assert_eq!(answer.header("cache-control"), "no-store");
}

#[actix_web::test]
async fn a_disabled_account_is_out_at_once_and_stays_out() {
    let server = TestServer::start().await;
    let phone = server.person("Alice").await;
    let pc = sign_in_new(&server, &phone, "suppliers").await;
    server.disable("suppliers", &phone).await;
    pc.me("suppliers").await.expect_problem(401, "not_signed_in");
    assert_eq!(server.seats_taken().await, 0);

    let other = server.browser();
    let qr = other.start_qr("suppliers").await;
    assert_eq!(phone.scan_qr("suppliers", &qr).await["step"], "refused");
    let seen = other.poll(&qr, "").await.expect(200).json();
    assert_eq!((&seen["state"], &seen["reason"]), (&"refused".into(), &"account_disabled".into()));
}

#[actix_web::test]
async fn forms_work_without_script() {
    let server = TestServer::start().await;
    let phone = server.person("Alice").await;
    let qr = server.browser().start_qr("suppliers").await;
    let csrf = phone.scan_qr("suppliers", &qr).await["csrf"].as_str().unwrap().to_owned();
    let post = |action: &str, form: &[(&str, &str)]| {
        let place = phone.at(&format!("/p/suppliers/phone/{action}"));
        let request = phone.web.request(reqwest::Method::POST, &place);
        phone.web.send(request.header("origin", &server.url).header("accept", "text/html").form(form))
    };
    let sent = post("code", &[("csrf", &csrf), ("phone", &phone.number)]).await.expect(303);
    assert_eq!(sent.location(), "/p/suppliers/phone");
    let wrong = [("csrf", csrf.as_str()), ("phone", &phone.number), ("code", "12")];
    let page = post("bind", &wrong).await.expect(422);
    assert!(page.header("content-type").starts_with("text/html"));
    assert!(page.header("content-security-policy").contains("frame-ancestors 'none'"));
    assert!(page.body.contains(&phone.number));
    let code = server.last_code(&phone.number).await;
    let right = [("csrf", csrf.as_str()), ("phone", &phone.number), ("code", &code)];
    assert_eq!(post("bind", &right).await.expect(303).location(), "/p/suppliers/phone");
    assert_eq!(phone.view("suppliers").await["step"], "approve");
}

#[actix_web::test]
async fn a_code_that_wechat_does_not_take_is_tried_once_more() {
    let server = TestServer::start().await;
    let (pc, phone) = (server.browser(), server.person("Alice").await);
    let qr = pc.start_qr("suppliers").await;
    let callback = phone.authorize(&qr.scan_url).await;
    // WeChat does not know this code (40029): the phone is sent to WeChat once more, and then no more.
    let (head, rest) = callback.split_once("code=").unwrap();
    let state = rest.split_once('&').unwrap().1;
    let again = phone.web.get(&format!("{head}code=unknown&{state}")).await.expect(302).location().to_owned();
    assert!(again.starts_with(server.sandbox_url()));
    let back = phone.web.get(&again).await.expect(302).location().to_owned();
    let (head, rest) = back.split_once("code=").unwrap();
    let state = rest.split_once('&').unwrap().1;
    phone.web.get(&format!("{head}code=unknown&{state}")).await.expect(502);
    assert_eq!(pc.poll(&qr, "").await.expect(200).json()["state"], "waiting");
}
