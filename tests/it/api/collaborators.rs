//! External collaborators, by backends.

use serde_json::json;

use crate::accounts::{another_organization, token};
use crate::support::{Registrant, TestServer};

#[actix_web::test]
async fn a_collaborator_is_invited_into_modules_and_takes_no_seat() {
    let server = TestServer::start().await;
    let org = another_organization(&server, "Other Ltd", "free").await;
    let place = format!("/organizations/{}/collaborators", org.0);
    let module = json!({"kind": "project", "name": "New plant"});
    let made = org.1.post(&format!("/organizations/{}/modules", org.0), module).await.expect(201).json();
    let person = Registrant::new(&server, "Han Meimei");
    let new = json!({"phone": person.number, "modules": [made["id"], {"kind": "group", "name": "Friends"}]});
    let invited = org.1.post(&place, new).await.expect(201).json();
    assert!(invited["id"].as_str().unwrap().starts_with("col_"));
    let names: Vec<_> = invited["modules"].as_array().unwrap().iter().map(|module| &module["name"]).collect();
    assert_eq!(names, ["Friends", "New plant"]);
    assert!(invited.get("department").is_none() && invited.get("manager").is_none());

    person.register(&server, token(&invited)).await.expect(201);
    assert_eq!(server.member_seats_taken(org.0.parse().unwrap()).await, 0);
    let at = format!("{place}/{}", invited["id"].as_str().unwrap());
    for (status, organizations) in [("disabled", 0), ("active", 1)] {
        assert_eq!(org.1.patch(&at, json!({"status": status})).await.expect(200).json()["status"], status);
        person.sign_in().await;
        assert_eq!(person.joined().await.len(), organizations);
    }
    assert_eq!(server.member_seats_taken(org.0.parse().unwrap()).await, 0);
    assert_eq!(org.1.get(&place).await.expect(200).json()["items"].as_array().unwrap().len(), 1);
    org.1.delete(&at).await.expect(204);
    org.1.get(&at).await.expect_problem(404, "not_found");
}

#[actix_web::test]
async fn collaborators_are_invited_while_no_member_seat_is_free() {
    let server = TestServer::start().await;
    let org = another_organization(&server, "Small Ltd", "free").await;
    for number in 0..10 {
        crate::accounts::member(&server, &org, &format!("Member {number}")).await;
    }
    let person = Registrant::new(&server, "Han Meimei");
    let place = format!("/organizations/{}/collaborators", org.0);
    let invited = org.1.post(&place, json!({"phone": person.number})).await.expect(201).json();
    person.register(&server, token(&invited)).await.expect(201);
}

#[actix_web::test]
async fn department_and_manager_are_not_for_collaborators() {
    let server = TestServer::start().await;
    let place = format!("/organizations/{}/collaborators", server.organization);
    let backend = server.own_backend();
    let invited = backend.post(&place, json!({"phone": server.fresh_number()})).await.expect(201).json();
    let at = format!("{place}/{}", invited["id"].as_str().unwrap());
    for (field, rule) in [("department", "no_department"), ("manager", "no_reporting_relationship")] {
        let mut new = json!({"phone": server.fresh_number()});
        new[field] = json!("Sales");
        let refused = backend.post(&place, new).await.expect_problem(422, "not_for_kind").json();
        assert_eq!(refused["rule"], rule);
        assert!(refused["detail"].as_str().unwrap().starts_with("an external collaborator has no"));
        let mut change = json!({});
        change[field] = json!("Sales");
        backend.patch(&at, change.clone()).await.expect_problem(422, "not_for_kind");
        change[field] = json!(null);
        backend.patch(&at, change).await.expect(200);
    }
    let apps = json!({"phone": server.fresh_number(), "apps": []});
    assert_eq!(backend.post(&place, apps).await.expect_problem(422, "unknown_field").json()["field"], "apps");
}
