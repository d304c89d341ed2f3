//! External users, by what sets some of them apart: who waits, who is below a department; and the names they are given.

use serde_json::{Value, json};

use crate::support::TestServer;

async fn ids(server: &TestServer, app: &str, query: &str) -> Vec<Value> {
    let listed = server.own_backend().get(&format!("{app}/external-users?{query}")).await.expect(200).json();
    listed["items"].as_array().unwrap().iter().map(|user| user["id"].clone()).collect()
}

async fn invite(server: &TestServer, app: &str, body: Value) -> Value {
    let place = format!("{app}/external-users/invitations");
    server.own_backend().post(&place, body).await.expect(201).json()
}

#[actix_web::test]
async fn among_the_pending_those_who_wait_are_told_from_the_invited() {
    let server = TestServer::start().await;
    let (admin, app) = (server.own_backend(), server.app("suppliers").await);
    admin.patch(&format!("{app}/portal"), json!({"sign_up": "approval"})).await.expect(200);
    let alice = server.person("Alice").await;
    alice.scan(&alice.at("/p/suppliers")).await.expect(303);
    alice.prove(&server, "suppliers").await.expect(200);
    server.advance(1);
    let bob = invite(&server, &app, json!({"phone": server.fresh_number()})).await["id"].clone();
    let waits = admin.user_of(&app, &alice.number).await["id"].clone();

    assert_eq!(ids(&server, &app, "status=pending").await, [waits.clone(), bob.clone()]);
    let (waiting, invited) = (std::slice::from_ref(&waits), std::slice::from_ref(&bob));
    assert_eq!(ids(&server, &app, "waiting=true").await, waiting);
    assert_eq!(ids(&server, &app, "status=pending&waiting=false").await, invited);
    // Let in, nobody waits.
    admin
        .post(&format!("{app}/external-users/{}/approve", waits.as_str().unwrap()), json!({}))
        .await
        .expect(200);
    assert!(ids(&server, &app, "waiting=true").await.is_empty());
    assert_eq!(ids(&server, &app, "waiting=false").await, [waits, bob]);
}

#[actix_web::test]
async fn a_department_is_listed_alone_or_with_all_that_is_part_of_it() {
    let server = TestServer::start().await;
    let (admin, app) = (server.own_backend(), server.app("suppliers").await);
    let departments = format!("{}/departments", server.org());
    for (name, parent) in
        [("Sales", None), ("North", Some("Sales")), ("City", Some("North")), ("Legal", None)]
    {
        admin.post(&departments, json!({"name": name, "parent": parent})).await.expect(201);
    }
    let mut people = Vec::new();
    for department in ["Sales", "City", "Legal"] {
        let body = json!({"phone": server.fresh_number(), "department": department});
        people.push(invite(&server, &app, body).await["id"].clone());
        server.advance(1);
    }
    for (query, wanted) in [
        ("department=Sales", &people[..1]),
        ("department=Sales&subdepartments=false", &people[..1]),
        ("department=Sales&subdepartments=true", &people[..2]),
        ("department=North&subdepartments=true", &people[1..2]),
        ("department=Nowhere&subdepartments=true", &[]),
        ("subdepartments=true", &people[..]),
    ] {
        assert_eq!(ids(&server, &app, query).await, wanted, "{query}");
    }
}

#[actix_web::test]
async fn a_name_is_given_changed_and_taken_away() {
    let server = TestServer::start().await;
    let (admin, app) = (server.own_backend(), server.app("suppliers").await);
    let user = invite(&server, &app, json!({"phone": server.fresh_number(), "name": "Bob"})).await;
    let place = format!("{app}/external-users/{}", user["id"].as_str().unwrap());
    for (sent, shown) in [(json!(" Robert "), json!("Robert")), (json!(null), json!(null))] {
        let changed = admin.patch(&place, json!({"nickname": sent})).await.expect(200).json();
        assert_eq!((&changed["nickname"], &changed["role"]), (&shown, &user["role"]));
    }
    for wrong in [json!(""), json!("x".repeat(61)), json!("a\nb"), json!(7)] {
        let refused = admin.patch(&place, json!({"nickname": wrong})).await;
        assert_eq!(refused.expect_problem(422, "invalid_field").json()["field"], "nickname");
    }
    let unknown = format!("{app}/external-users/usr_00000000000000000000000000");
    admin.patch(&unknown, json!({"nickname": "X"})).await.expect_problem(404, "not_found");
    assert_eq!(server.audited("setting_changed").await.len(), 2);
}
