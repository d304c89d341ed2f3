//! Organizations and what is written down about them.

use serde_json::json;

use crate::support::TestServer;

#[actix_web::test]
async fn the_platform_makes_and_changes_organizations() {
    let server = TestServer::start().await;
    let platform = server.platform_backend();
    let new = json!({"name": " Example Ltd ", "edition": "standard", "licence_ends_on": "2031-05-06"});
    let made = platform.post("/organizations", new).await.expect(201).json();
    let organization = &made["organization"];
    assert_eq!(organization["name"], "Example Ltd");
    assert_eq!(
        (&organization["edition"], &organization["licence_ends_on"]),
        (&json!("standard"), &json!("2031-05-06"))
    );
    let path = format!("/organizations/{}", organization["id"].as_str().unwrap());
    let own = server.backend(made["api_key"].as_str());
    assert_eq!(own.get(&path).await.expect(200).json(), *organization);
    own.patch(&path, json!({"edition": "ultimate"})).await.expect_problem(403, "missing_scope");
    let changed = platform.patch(&path, json!({"edition": "ultimate"})).await.expect(200).json();
    assert_eq!((&changed["edition"], &changed["name"]), (&json!("ultimate"), &json!("Example Ltd")));

    let all = platform.get("/organizations").await.expect(200).json();
    assert_eq!(all["items"].as_array().unwrap().len(), 2);
    own.get("/organizations").await.expect_problem(403, "platform_key_required");

    platform.patch(&path, json!({"enabled": false})).await.expect(200);
    own.get(&path).await.expect_problem(403, "organization_disabled");
    platform.patch(&path, json!({"enabled": true})).await.expect(200);

    let log = own.get(&format!("{path}/audit")).await.expect(200).json();
    let mut actions: Vec<_> =
        log["items"].as_array().unwrap().iter().map(|line| line["action"].as_str().unwrap()).collect();
    // Lines of one millisecond have no order.
    actions.sort_unstable();
    assert_eq!(actions, ["created", "key_created", "setting_changed", "setting_changed", "setting_changed"]);
    let only = own.get(&format!("{path}/audit?action=key_created")).await.expect(200).json();
    assert_eq!(only["items"].as_array().unwrap().len(), 1);
    own.get(&format!("{path}/audit?since=yesterday")).await.expect_problem(422, "invalid_field");
}

#[actix_web::test]
async fn the_audit_log_is_read_page_by_page_from_either_end() {
    let server = crate::support::TestServer::start().await;
    let (own, path) = (server.own_backend(), format!("{}/audit", server.org()));
    for name in ["North", "South", "East"] {
        server.advance(1);
        server.department(name).await;
    }
    let all = async |order: &str| {
        let (mut lines, mut cursor) = (Vec::new(), String::new());
        loop {
            let page = own.get(&format!("{path}?limit=2{order}{cursor}")).await.expect(200).json();
            lines.extend(page["items"].as_array().unwrap().clone());
            let Some(next) = page["next"].as_str() else { return lines };
            cursor = format!("&cursor={next}");
        }
    };
    let (forth, mut back) = (all("").await, all("&order=desc").await);
    assert!(forth.len() > 4);
    assert_eq!(back[0]["action"], "created");
    assert!(back[0]["at"].as_str() > back[1]["at"].as_str());
    back.reverse();
    assert_eq!(back, forth);
    assert_eq!(all("&order=asc").await, forth);

    for (query, field) in [("order=newest", "order"), ("action=dance", "action")] {
        let refused = own.get(&format!("{path}?{query}")).await.expect_problem(422, "invalid_field").json();
        assert_eq!(refused["field"], field);
    }
    // Every word that comes is one of the description's.
    let document = server.http.get(server.at("/api/openapi.json")).send().await.unwrap();
    let document: serde_json::Value = document.json().await.unwrap();
    let words = &document["components"]["schemas"]["AuditEntry"]["properties"]["action"]["enum"];
    assert!(forth.iter().all(|line| words.as_array().unwrap().contains(&line["action"])), "{words}");
}
