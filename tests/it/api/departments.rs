//! Departments, by backends.

use serde_json::json;

use crate::support::TestServer;

#[actix_web::test]
async fn departments_are_made_moved_and_taken_away() {
    let server = TestServer::start().await;
    let org = format!("/organizations/{}", server.organization);
    let (backend, place) = (server.own_backend(), format!("{org}/departments"));
    let make = async |name: &str, parent: Option<&str>| {
        let made = backend.post(&place, json!({"name": name, "parent": parent})).await.expect(201).json();
        made["id"].as_str().unwrap().to_owned()
    };
    let sales = make(" Sales ", None).await;
    let north = make("North", Some("Sales")).await;
    let city = make("City", Some(&north)).await;
    backend.post(&place, json!({"name": "Sales"})).await.expect_problem(409, "name_taken");
    let problem = backend.post(&place, json!({"name": "X", "parent": "Nowhere"})).await;
    assert_eq!(problem.expect_problem(422, "invalid_field").json()["field"], "parent");

    let at = |id: &str| format!("{place}/{id}");
    // A department is part of nothing that is part of it.
    for (id, parent) in [(&sales, &sales), (&sales, &city), (&north, &city)] {
        let refused = backend.patch(&at(id), json!({"parent": parent})).await;
        assert_eq!(refused.expect_problem(422, "invalid_field").json()["field"], "parent");
    }
    let renamed = backend.patch(&at(&city), json!({"name": "Town"})).await.expect(200).json();
    assert_eq!((&renamed["name"], &renamed["parent_id"]), (&json!("Town"), &json!(north)));
    backend.patch(&at(&city), json!({"name": "North"})).await.expect_problem(409, "name_taken");
    let moved = backend.patch(&at(&north), json!({"parent": null})).await.expect(200).json();
    assert_eq!(moved["parent_id"], json!(null));
    backend.patch(&at(&north), json!({"parent": "Sales"})).await.expect(200);

    // Its people lose it, its parts move up.
    let phone = server.fresh_number();
    let member = json!({"phone": phone, "department": "North"});
    let member = backend.post(&format!("{org}/members"), member).await.expect(201).json();
    assert_eq!((&member["department"], &member["department_id"]), (&json!("North"), &json!(north)));
    backend.delete(&at(&north)).await.expect(204);
    backend.delete(&at(&north)).await.expect_problem(404, "not_found");
    backend.patch(&at(&north), json!({"name": "N"})).await.expect_problem(404, "not_found");
    let member =
        backend.get(&format!("{org}/members/{}", member["id"].as_str().unwrap())).await.expect(200).json();
    assert_eq!((&member["department"], &member["department_id"]), (&json!(null), &json!(null)));
    let listed = backend.get(&place).await.expect(200).json();
    let town = listed["items"].as_array().unwrap().iter().find(|one| one["name"] == "Town").unwrap().clone();
    assert_eq!(town["parent_id"], json!(sales));
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
}

#[actix_web::test]
async fn two_moves_at_once_make_no_circle() {
    let server = TestServer::start().await;
    let place = format!("/organizations/{}/departments", server.organization);
    let backend = server.own_backend();
    let mut ids = Vec::new();
    for name in ["A", "B"] {
        let made = backend.post(&place, json!({"name": name})).await.expect(201).json();
        ids.push(format!("{place}/{}", made["id"].as_str().unwrap()));
    }
    for _ in 0..10 {
        let (one, two) = futures_util::future::join(
            backend.patch(&ids[0], json!({"parent": "B"})),
            backend.patch(&ids[1], json!({"parent": "A"})),
        )
        .await;
        let mut statuses = [one.status, two.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [200, 422]);
        for id in &ids {
            backend.patch(id, json!({"parent": null})).await.expect(200);
        }
    }
}

#[actix_web::test]
async fn another_organization_has_departments_of_its_own() {
    let server = TestServer::start().await;
    let (other, stranger) = crate::accounts::another_organization(&server, "Other Ltd", "free").await;
    let own = format!("/organizations/{}/departments", server.organization);
    let sales = server.own_backend().post(&own, json!({"name": "Sales"})).await.expect(201).json();
    let theirs = format!("/organizations/{other}/departments");
    stranger.post(&theirs, json!({"name": "Sales"})).await.expect(201);
    let id = sales["id"].as_str().unwrap();
    stranger.patch(&format!("{theirs}/{id}"), json!({"name": "X"})).await.expect_problem(404, "not_found");
    stranger.delete(&format!("{theirs}/{id}")).await.expect_problem(404, "not_found");
    stranger.delete(&format!("{own}/{id}")).await.expect_problem(404, "not_found");
    let wanted = json!({"name": "Y", "parent": id});
    stranger.post(&theirs, wanted).await.expect_problem(422, "invalid_field");
}
