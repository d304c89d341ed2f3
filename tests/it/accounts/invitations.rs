//! An invitation counts once, for one phone, for a week, and not after it was taken back.

use serde_json::json;

use super::{another_organization, invite, member, own, token};
use crate::support::{Registrant, TestServer};

#[actix_web::test]
async fn an_old_invitation_counts_no_more_and_a_new_one_replaces_it() {
    let server = TestServer::start().await;
    let org = own(&server);
    let person = Registrant::new(&server, "Li Lei");
    let invited = invite(&org, "members", &person.number).await;
    let place = format!("/organizations/{}/members/{}/invitation", org.0, invited["id"].as_str().unwrap());
    server.advance(7 * 86_400 + 1);
    person.ask_code(token(&invited)).await.expect_problem(422, "invitation_invalid");

    let second = org.1.post(&place, json!({})).await.expect(201).json();
    let third = org.1.post(&place, json!({})).await.expect(201).json();
    assert!(third["link"].as_str().unwrap().ends_with(third["token"].as_str().unwrap()));
    let [second, third] = [&second, &third].map(|answer| answer["token"].as_str().unwrap());
    person.ask_code(second).await.expect_problem(422, "invitation_invalid");
    person.register(&server, third).await.expect(201);
    org.1.post(&place, json!({})).await.expect_problem(409, "wrong_status");
}

#[actix_web::test]
async fn a_code_does_not_outlive_its_invitation() {
    let server = TestServer::start().await;
    let org = own(&server);
    let person = Registrant::new(&server, "Li Lei");
    let invited = invite(&org, "members", &person.number).await;
    person.ask_code(token(&invited)).await.expect(202);
    let code = server.last_code(&person.number).await;
    let place = format!("/organizations/{}/members/{}", org.0, invited["id"].as_str().unwrap());
    org.1.delete(&place).await.expect(204);
    person.register_with(token(&invited), &code).await.expect_problem(422, "invitation_invalid");
    org.1.get(&place).await.expect_problem(404, "not_found");
    org.1.delete(&place).await.expect_problem(404, "not_found");
}

#[actix_web::test]
async fn of_many_who_take_up_one_invitation_at_once_one_does() {
    let server = TestServer::start().await;
    let org = own(&server);
    let person = Registrant::new(&server, "Li Lei");
    let invited = invite(&org, "members", &person.number).await;
    person.ask_code(token(&invited)).await.expect(202);
    let code = server.last_code(&person.number).await;
    let all = (0..4).map(|_| person.register_with(token(&invited), &code));
    let statuses: Vec<_> =
        futures_util::future::join_all(all).await.into_iter().map(|answer| answer.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert_eq!(server.member_seats_taken(server.organization).await, 1);
}

#[actix_web::test]
async fn an_account_takes_up_invitations_of_its_own_phone_only() {
    let server = TestServer::start().await;
    let (person, _) = member(&server, &own(&server), "Li Lei").await;
    let other = another_organization(&server, "Other Ltd", "free").await;
    let somebody = invite(&other, "members", &server.fresh_number()).await;
    let body = json!({"invitation": token(&somebody)});
    person.post("/accounts/me/invitations", body.clone()).await.expect_problem(422, "invitation_invalid");
    Registrant::new(&server, "Nobody")
        .post("/accounts/me/invitations", body)
        .await
        .expect_problem(401, "not_signed_in");
}

#[actix_web::test]
async fn of_many_acceptances_at_once_one_counts() {
    let server = TestServer::start().await;
    let (person, _) = member(&server, &own(&server), "Li Lei").await;
    let other = another_organization(&server, "Other Ltd", "free").await;
    let invited = invite(&other, "members", &person.number).await;
    let all =
        (0..10).map(|_| person.post("/accounts/me/invitations", json!({"invitation": token(&invited)})));
    let statuses: Vec<_> =
        futures_util::future::join_all(all).await.into_iter().map(|answer| answer.status).collect();
    assert_eq!(statuses.iter().filter(|status| **status == 201).count(), 1, "{statuses:?}");
    assert_eq!(server.member_seats_taken(other.0.parse().unwrap()).await, 1);
}

#[actix_web::test]
async fn a_disabled_organization_lets_nobody_in() {
    let server = TestServer::start().await;
    let other = another_organization(&server, "Other Ltd", "free").await;
    let person = Registrant::new(&server, "Li Lei");
    let invited = invite(&other, "members", &person.number).await;
    let place = format!("/organizations/{}", other.0);
    let platform = server.platform_backend();
    platform.patch(&place, json!({"enabled": false})).await.expect(200);
    person.ask_code(token(&invited)).await.expect_problem(422, "invitation_invalid");
    platform.patch(&place, json!({"enabled": true})).await.expect(200);
    person.register(&server, token(&invited)).await.expect(201);
    person.sign_in().await;
    assert_eq!(person.joined().await.len(), 1);
    platform.patch(&place, json!({"enabled": false})).await.expect(200);
    assert_eq!(person.joined().await.len(), 0);
}
