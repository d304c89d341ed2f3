//! Verification codes: five guesses, and not too often.

use crate::support::{Phone, TestServer};

async fn at_the_code(server: &TestServer) -> Phone {
    let phone = server.person("Alice").await;
    let qr = server.browser().start_qr("suppliers").await;
    phone.scan_qr("suppliers", &qr).await;
    phone
}

#[actix_web::test]
async fn after_five_wrong_guesses_the_right_one_is_refused() {
    let server = TestServer::start().await;
    let phone = at_the_code(&server).await;
    phone.ask_code("suppliers").await.expect(202);
    let right = server.last_code(&phone.number).await;
    let wrong = if right == "000000" { "000001" } else { "000000" };
    for _ in 0..5 {
        phone.bind_with("suppliers", wrong).await.expect_problem(422, "code_wrong");
    }
    phone.bind_with("suppliers", &right).await.expect_problem(422, "code_wrong");
    assert_eq!(server.seats_taken().await, 0);
}

#[actix_web::test]
async fn a_second_code_within_a_minute_must_wait() {
    let server = TestServer::start().await;
    let phone = at_the_code(&server).await;
    phone.ask_code("suppliers").await.expect(202);
    server.advance(20);
    let limited = phone.ask_code("suppliers").await.expect_problem(429, "too_many_requests");
    assert_eq!(limited.header("retry-after"), "40");
    server.advance(41);
    phone.ask_code("suppliers").await.expect(202);
}

#[actix_web::test]
async fn a_late_code_and_a_used_code_are_refused() {
    let server = TestServer::start().await;
    let phone = at_the_code(&server).await;
    phone.ask_code("suppliers").await.expect(202);
    let code = server.last_code(&phone.number).await;
    server.advance(301);
    phone.bind_with("suppliers", &code).await.expect_problem(422, "code_wrong");
    phone.prove(&server, "suppliers").await.expect(200);
}

#[actix_web::test]
async fn what_is_no_mobile_number_gets_no_code() {
    let server = TestServer::start().await;
    let phone = at_the_code(&server).await;
    for typed in ["", "12345", "+14155550100"] {
        let answer = phone.post("suppliers", "code", &[("phone", typed)]).await;
        answer.expect_problem(422, "phone_invalid");
    }
    let stranger = server.person("Nobody").await;
    let answer =
        stranger.web.post(&stranger.at("/p/suppliers/phone/code"), &[("phone", "13800000000")]).await;
    answer.expect_problem(403, "no_transaction");
}

#[actix_web::test]
async fn the_rows_that_are_held_tell_nobodys_openid_address_or_phone() {
    let server = TestServer::start().await;
    let (phone, pc) = (server.person("Alice").await, server.browser());
    let qr = pc.start_qr("suppliers").await;
    phone.scan_qr("suppliers", &qr).await;
    phone.ask_code("suppliers").await.expect(202);
    let names = server.lock_names().await;
    assert_eq!(names.len(), 4, "phone, openid, address, organization");
    for name in names {
        assert!(name.len() == 64 && name.bytes().all(|b| b.is_ascii_hexdigit()), "{name}");
    }
}
