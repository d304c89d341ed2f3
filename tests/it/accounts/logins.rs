//! Logins of platform accounts: how long they last, listed, ended.

use serde_json::json;

use super::{member, own};
use crate::support::{PASSWORD, Registrant, TestServer};

#[actix_web::test]
async fn a_login_ends_without_use_and_in_any_case() {
    let server = TestServer::start().await;
    let (person, _) = member(&server, &own(&server), "Li Lei").await;
    for _ in 0..28 {
        server.advance(25 * 60);
        person.get("/accounts/me").await.expect(200);
    }
    // Twelve hours after its beginning it is over, however busy.
    server.advance(21 * 60);
    person.get("/accounts/me").await.expect_problem(401, "not_signed_in");
    person.sign_in().await;
    server.advance(31 * 60);
    person.get("/accounts/me").await.expect_problem(401, "not_signed_in");
}

#[actix_web::test]
async fn logins_are_listed_and_ended() {
    let server = TestServer::start().await;
    let (person, _) = member(&server, &own(&server), "Li Lei").await;
    let other = Registrant::with_number(&server, "Li Lei", &person.number);
    other.sign_in().await;
    let listed = person.get("/accounts/me/logins").await.expect(200).json();
    let items = listed["items"].as_array().unwrap();
    assert_eq!((items.len(), &listed["next"]), (2, &json!(null)));
    assert!(items.iter().all(|login| login["client"] == "app"));
    let current: Vec<_> = items.iter().filter(|login| login["current"] == json!(true)).collect();
    assert_eq!(current.len(), 1);
    let ending = items.iter().find(|login| login["current"] == json!(false)).unwrap();
    let place = format!("/accounts/me/logins/{}", ending["id"].as_str().unwrap());
    let (stranger, _) = member(&server, &own(&server), "Stranger").await;
    stranger.delete(&place).await.expect_problem(404, "not_found");
    other.get("/accounts/me").await.expect(200);
    person.delete(&place).await.expect(204);
    person.delete(&place).await.expect_problem(404, "not_found");
    person.delete("/accounts/me/logins/lgn_x").await.expect_problem(404, "not_found");
    other.get("/accounts/me").await.expect_problem(401, "not_signed_in");
    person.post("/accounts/sign-out", json!({})).await.expect(204);
    person.get("/accounts/me").await.expect_problem(401, "not_signed_in");
}

#[actix_web::test]
async fn the_eleventh_login_ends_the_first() {
    let server = TestServer::start().await;
    let (person, _) = member(&server, &own(&server), "Li Lei").await;
    let other = Registrant::with_number(&server, "Li Lei", &person.number);
    for _ in 0..9 {
        server.advance(1);
        other.try_sign_in(PASSWORD).await.expect(200);
    }
    person.get("/accounts/me").await.expect(200);
    other.try_sign_in(PASSWORD).await.expect(200);
    person.get("/accounts/me").await.expect_problem(401, "not_signed_in");
}

#[actix_web::test]
async fn what_is_no_login_is_none() {
    let server = TestServer::start().await;
    let person = Registrant::new(&server, "Nobody");
    for token in ["", "mfa_", "mfa_nonsense", &format!("mfa_{}", "A".repeat(43)), &server.api_key] {
        person.hold(Some(token));
        for path in ["/accounts/me", "/accounts/me/apps", "/accounts/me/logins"] {
            person.get(path).await.expect_problem(401, "not_signed_in");
        }
    }
    // And a login is no key.
    let (member, _) = member(&server, &own(&server), "Li Lei").await;
    member.get(&format!("/organizations/{}", server.organization)).await.expect_problem(401, "unauthorized");
    member.get("/capabilities").await.expect_problem(401, "unauthorized");
}
