//! Member seats: ten in the free edition, taken by joining, freed by leaving.

use serde_json::json;

use super::{another_organization, invite, member, token};
use crate::support::{Registrant, TestServer};

#[actix_web::test]
async fn members_take_a_seat_by_joining_and_the_eleventh_of_a_free_organization_is_refused() {
    let server = TestServer::start().await;
    let org = another_organization(&server, "Small Ltd", "free").await;
    let id = org.0.parse().unwrap();
    let (late, place) = (Registrant::new(&server, "Late"), format!("/organizations/{}/members", org.0));
    let invited = invite(&org, "members", &late.number).await;
    let mut members = Vec::new();
    for number in 0..10 {
        members.push(member(&server, &org, &format!("Member {number}")).await);
    }
    assert_eq!(server.member_seats_taken(id).await, 10);
    // Nobody is invited any more, nor anew; who was invited before finds no seat, and loses neither code nor invitation.
    org.1.post(&place, json!({"phone": server.fresh_number()})).await.expect_problem(409, "seats_full");
    let again = format!("{place}/{}/invitation", invited["id"].as_str().unwrap());
    org.1.post(&again, json!({})).await.expect_problem(409, "seats_full");
    late.ask_code(token(&invited)).await.expect(202);
    let code = server.last_code(&late.number).await;
    for _ in 0..6 {
        late.register_with(token(&invited), &code).await.expect_problem(409, "seats_full");
    }
    assert_eq!(late.try_sign_in(crate::support::PASSWORD).await.status, 401, "no account was left behind");
    org.1.delete(&format!("{place}/{}", members[0].1)).await.expect(204);
    late.register_with(token(&invited), &code).await.expect(201);
    assert_eq!(server.member_seats_taken(id).await, 10);
}

#[actix_web::test]
async fn fifteen_at_once_for_the_last_seats_are_exactly_as_many_as_there_are() {
    let server = TestServer::start().await;
    let org = another_organization(&server, "Small Ltd", "free").await;
    let mut people = Vec::new();
    for number in 0..15 {
        let person = Registrant::new(&server, &format!("Member {number}"));
        let invited = invite(&org, "members", &person.number).await;
        person.ask_code(token(&invited)).await.expect(202);
        let code = server.last_code(&person.number).await;
        people.push((person, token(&invited).to_owned(), code));
    }
    let all = people.iter().map(|(person, invitation, code)| person.register_with(invitation, code));
    let answers = futures_util::future::join_all(all).await;
    let with = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((with(201), with(409)), (10, 5));
    assert_eq!(server.member_seats_taken(org.0.parse().unwrap()).await, 10);
    for (answer, (person, ..)) in answers.iter().zip(&people) {
        let signed_in = person.try_sign_in(crate::support::PASSWORD).await;
        assert_eq!(signed_in.status, if answer.status == 201 { 200 } else { 401 });
    }
}

#[actix_web::test]
async fn disabling_frees_the_seat_and_enabling_takes_one_if_there_is_one() {
    let server = TestServer::start().await;
    let org = another_organization(&server, "Small Ltd", "free").await;
    let id = org.0.parse().unwrap();
    let place = |member: &str| format!("/organizations/{}/members/{member}", org.0);
    let mut members = Vec::new();
    for number in 0..10 {
        members.push(member(&server, &org, &format!("Member {number}")).await.1);
    }
    for member in &members[..2] {
        org.1.patch(&place(member), json!({"status": "disabled"})).await.expect(200);
        org.1.patch(&place(member), json!({"status": "disabled"})).await.expect(200);
    }
    assert_eq!(server.member_seats_taken(id).await, 8, "twice is once");
    let (_, extra) = member(&server, &org, "New").await;
    // One seat is left for two.
    let all = members[..2].iter().map(|member| {
        let place = place(member);
        let backend = &org.1;
        async move { backend.patch(&place, json!({"status": "active"})).await }
    });
    let mut statuses: Vec<_> =
        futures_util::future::join_all(all).await.into_iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [200, 409]);
    assert_eq!(server.member_seats_taken(id).await, 10);
    org.1.delete(&place(&extra)).await.expect(204);
    assert_eq!(server.member_seats_taken(id).await, 9);
}

#[actix_web::test]
async fn a_member_who_is_disabled_sees_nothing_there_at_once_and_keeps_the_account() {
    let server = TestServer::start().await;
    let org = another_organization(&server, "Other Ltd", "free").await;
    let (person, id) = member(&server, &org, "Li Lei").await;
    assert_eq!(person.joined().await.len(), 1);
    let place = format!("/organizations/{}/members/{id}", org.0);
    org.1.patch(&place, json!({"status": "disabled"})).await.expect(200);
    assert_eq!(person.joined().await.len(), 0);
    let me = person.get("/accounts/me").await.expect(200).json();
    assert_eq!(me["affiliations"][0]["status"], "disabled");
    org.1.patch(&place, json!({"status": "active"})).await.expect(200);
    assert_eq!(person.joined().await.len(), 1);
    org.1.delete(&place).await.expect(204);
    let me = person.get("/accounts/me").await.expect(200).json();
    assert_eq!(me["affiliations"], json!([]));
}
