//! Codes are sent to invited phones only, not too often, and guessed five times at most.

use serde_json::json;

use super::{another_organization, invite, own, token};
use crate::support::{Registrant, TestServer};

#[actix_web::test]
async fn after_five_wrong_guesses_the_right_one_is_refused() {
    let server = TestServer::start().await;
    let person = Registrant::new(&server, "Li Lei");
    let invited = invite(&own(&server), "members", &person.number).await;
    person.ask_code(token(&invited)).await.expect(202);
    let right = server.last_code(&person.number).await;
    let wrong = if right == "000000" { "000001" } else { "000000" };
    for _ in 0..5 {
        person.register_with(token(&invited), wrong).await.expect_problem(422, "code_wrong");
    }
    person.register_with(token(&invited), &right).await.expect_problem(422, "code_wrong");
    let by_code = json!({"phone": person.number, "code": right, "client": "app"});
    person.post("/accounts/sign-in", by_code).await.expect_problem(401, "sign_in_failed");
    // A new code is a new chance.
    server.advance(61);
    person.register(&server, token(&invited)).await.expect(201);
}

#[actix_web::test]
async fn twenty_guesses_at_once_are_five() {
    let server = TestServer::start().await;
    let person = Registrant::new(&server, "Li Lei");
    let invited = invite(&own(&server), "members", &person.number).await;
    person.ask_code(token(&invited)).await.expect(202);
    let right = server.last_code(&person.number).await;
    let wrong = if right == "000000" { "000001" } else { "000000" };
    let all = (0..20).map(|_| person.register_with(token(&invited), wrong));
    for answer in futures_util::future::join_all(all).await {
        assert!(matches!(answer.status, 422 | 429), "{}", answer.body);
    }
    person.register_with(token(&invited), &right).await.expect_problem(422, "code_wrong");
}

#[actix_web::test]
async fn a_second_code_within_a_minute_must_wait_and_kills_the_first() {
    let server = TestServer::start().await;
    let person = Registrant::new(&server, "Li Lei");
    let invited = invite(&own(&server), "members", &person.number).await;
    person.ask_code(token(&invited)).await.expect(202);
    let first = server.last_code(&person.number).await;
    server.advance(20);
    let limited = person.ask_code(token(&invited)).await.expect_problem(429, "too_many_requests");
    assert_eq!(limited.header("retry-after"), "40");
    server.advance(41);
    person.ask_code(token(&invited)).await.expect(202);
    let second = server.last_code(&person.number).await;
    if first != second {
        person.register_with(token(&invited), &first).await.expect_problem(422, "code_wrong");
    }
    person.register_with(token(&invited), &second).await.expect(201);
}

#[actix_web::test]
async fn nobody_without_an_invitation_for_the_phone_has_a_code_sent() {
    let server = TestServer::start().await;
    let org = own(&server);
    let (invited, stranger) = (Registrant::new(&server, "Li Lei"), Registrant::new(&server, "Nobody"));
    let invitation = invite(&org, "members", &invited.number).await;
    let unknown = "A".repeat(43);
    let mut answers = Vec::new();
    for (person, invitation) in
        [(&stranger, token(&invitation)), (&invited, unknown.as_str()), (&invited, "")]
    {
        let mut body = person.ask_code(invitation).await.expect_problem(422, "invitation_invalid").json();
        body["request_id"] = json!(null);
        answers.push(body);
    }
    assert!(answers.iter().all(|body| body == &answers[0]), "every wrong reason is answered alike");
    for number in ["", "12345", "+14155550100"] {
        let typo = Registrant::with_number(&server, "Li Lei", number);
        typo.ask_code(token(&invitation)).await.expect_problem(422, "phone_invalid");
    }
    assert_eq!(server.sandbox_get("/sandbox/stats").await["sms"], 0);
}

#[actix_web::test]
async fn a_code_of_one_invitation_is_good_for_no_other() {
    let server = TestServer::start().await;
    let person = Registrant::new(&server, "Li Lei");
    let here = invite(&own(&server), "members", &person.number).await;
    let other = another_organization(&server, "Other Ltd", "free").await;
    let there = invite(&other, "members", &person.number).await;
    person.ask_code(token(&here)).await.expect(202);
    let code = server.last_code(&person.number).await;
    person.register_with(token(&there), &code).await.expect_problem(422, "code_wrong");
    person.register_with(token(&here), &code).await.expect(201);
}

#[actix_web::test]
async fn a_late_code_is_refused() {
    let server = TestServer::start().await;
    let person = Registrant::new(&server, "Li Lei");
    let invited = invite(&own(&server), "collaborators", &person.number).await;
    person.ask_code(token(&invited)).await.expect(202);
    let code = server.last_code(&person.number).await;
    server.advance(301);
    person.register_with(token(&invited), &code).await.expect_problem(422, "code_wrong");
}

#[actix_web::test]
async fn what_one_organization_has_sent_to_a_phone_does_not_stop_another() {
    let server = TestServer::start().await;
    let person = Registrant::new(&server, "Li Lei");
    let here = invite(&own(&server), "members", &person.number).await;
    let other = another_organization(&server, "Other Ltd", "standard").await;
    let there = invite(&other, "members", &person.number).await;
    person.ask_code(token(&here)).await.expect(202);
    let first = server.last_code(&person.number).await;
    // At once, and the code of the other one stays good.
    person.ask_code(token(&there)).await.expect(202);
    person.ask_code(token(&there)).await.expect_problem(429, "too_many_requests");
    person.register_with(token(&here), &first).await.expect(201);

    // Whoever is closed for wrong guesses at one is not at another.
    let person = Registrant::new(&server, "Han Mei");
    let here = invite(&own(&server), "members", &person.number).await;
    let there = invite(&other, "members", &person.number).await;
    for _ in 0..3 {
        server.advance(61);
        person.ask_code(token(&there)).await.expect(202);
        let right = server.last_code(&person.number).await;
        let wrong = if right == "000000" { "000001" } else { "000000" };
        for _ in 0..5 {
            person.register_with(token(&there), wrong).await.expect_problem(422, "code_wrong");
        }
    }
    server.advance(61);
    person.ask_code(token(&there)).await.expect_problem(429, "too_many_requests");
    person.register(&server, token(&here)).await.expect(201);
}
