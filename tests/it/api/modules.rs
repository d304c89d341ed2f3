//! Modules, by backends.

use serde_json::json;

use crate::support::TestServer;

#[actix_web::test]
async fn modules_are_made_and_taken_away() {
    let server = TestServer::start().await;
    let org = format!("/organizations/{}", server.organization);
    let (backend, place) = (server.own_backend(), format!("{org}/modules"));
    let app = server.portal("suppliers").await.app.to_string();
    let new = json!({"kind": "project", "name": "New plant", "app": app});
    let made = backend.post(&place, new.clone()).await.expect(201).json();
    assert_eq!((&made["kind"], &made["app_id"]), (&json!("project"), &json!(app)));
    backend.post(&place, new).await.expect_problem(409, "name_taken");
    backend.post(&place, json!({"kind": "task", "name": "New plant"})).await.expect(201);
    for (body, field) in [
        (json!({"kind": "album", "name": "X"}), "kind"),
        (json!({"kind": "task", "name": " "}), "name"),
        (json!({"kind": "task", "name": "X", "app": "app_00000000000000000000000000"}), "app"),
    ] {
        let refused = backend.post(&place, body).await.expect_problem(422, "invalid_field").json();
        assert_eq!(refused["field"], field);
    }
    let id = made["id"].as_str().unwrap();
    let person = json!({"phone": server.fresh_number(), "modules": [id]});
    let invited = backend.post(&format!("{org}/collaborators"), person).await.expect(201).json();
    assert_eq!(invited["modules"][0]["id"], id);
    backend.delete(&format!("{place}/{id}")).await.expect(204);
    backend.delete(&format!("{place}/{id}")).await.expect_problem(404, "not_found");
    let at = format!("{org}/collaborators/{}", invited["id"].as_str().unwrap());
    assert_eq!(backend.get(&at).await.expect(200).json()["modules"], json!([]));
    assert_eq!(backend.get(&place).await.expect(200).json()["items"].as_array().unwrap().len(), 1);
}
