//! The table of what each kind of user may do.

use serde_json::json;

use crate::support::TestServer;

#[actix_web::test]
async fn the_table_says_what_each_kind_may_do_and_by_which_rule() {
    let server = TestServer::start().await;
    server.backend(None).get("/capabilities").await.expect_problem(401, "unauthorized");
    let key = json!({"name": "any", "scopes": ["audit:read"]});
    let made =
        server.own_backend().post(&format!("/organizations/{}/api-keys", server.organization), key).await;
    let table = server.backend(made.expect(201).json()["api_key"].as_str()).get("/capabilities").await;
    let table = table.expect(200).json();
    assert_eq!(table["kinds"], json!(["member", "external_collaborator", "external_user"]));
    assert_eq!(table["items"].as_array().unwrap().len(), 12);
    let line = |name: &str| {
        table["items"].as_array().unwrap().iter().find(|line| line["capability"] == name).unwrap().clone()
    };
    assert_eq!(line("chat")["member"], json!({"value": "yes", "rule": null}));
    assert_eq!(line("chat")["external_user"]["rule"]["code"], "no_chat");
    assert_eq!(line("department")["external_collaborator"]["value"], "no");
    assert_eq!(line("department")["external_user"], json!({"value": "yes", "rule": null}));
    assert_eq!(line("roles")["external_user"]["value"], "one");
    assert_eq!(line("clients")["external_user"]["value"], "web_only");
    let sentence = line("seat")["external_collaborator"]["rule"]["sentence"].clone();
    assert_eq!(sentence, "an external collaborator takes no seat: seats are for members and external users");
}
