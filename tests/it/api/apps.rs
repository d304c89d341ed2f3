//! Apps: made, changed, switched off.

use futures_util::future::join_all;
use serde_json::json;

use crate::support::TestServer;

#[actix_web::test]
async fn an_app_has_a_portal_from_the_first_moment() {
    let server = TestServer::start().await;
    let (admin, pc) = (server.own_backend(), server.browser());
    let apps = format!("/organizations/{}/apps", server.organization);
    server.advance(1);
    let new =
        json!({"name": " Partner portal ", "slug": "partners", "logo_url": "https://example.com/a.png"});
    let made = admin.post(&apps, new).await.expect(201).json();
    assert_eq!((&made["name"], &made["slug"]), (&json!("Partner portal"), &json!("partners")));
    assert_eq!(made["organization"], server.organization.to_string());
    assert_eq!(made["portal_url"], server.at("/p/partners"));
    let page = pc.web.get(made["portal_url"].as_str().unwrap()).await.expect(200);
    assert!(page.body.contains("Partner portal"));
    let place = format!("/apps/{}", made["id"].as_str().unwrap());
    assert_eq!(admin.get(&place).await.expect(200).json(), made);

    let listed = admin.get(&format!("{apps}?limit=2")).await.expect(200).json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2);
    let rest = format!("{apps}?limit=2&cursor={}", listed["next"].as_str().unwrap());
    let rest = admin.get(&rest).await.expect(200).json();
    assert_eq!((&rest["items"], &rest["next"]), (&json!([made]), &json!(null)));
}

#[actix_web::test]
async fn an_app_without_a_slug_gets_one_of_its_id() {
    let server = TestServer::start().await;
    let admin = server.own_backend();
    let apps = format!("/organizations/{}/apps", server.organization);
    let made = admin.post(&apps, json!({"name": "Plain"})).await.expect(201).json();
    let id = made["id"].as_str().unwrap().to_lowercase();
    assert_eq!(made["slug"], format!("app-{}", id.strip_prefix("app_").unwrap()));
    server.browser().start_qr(made["slug"].as_str().unwrap()).await;
}

#[actix_web::test]
async fn a_slug_is_unique_follows_its_rule_and_misleads_nobody() {
    let server = TestServer::start().await;
    let admin = server.own_backend();
    let apps = format!("/organizations/{}/apps", server.organization);
    let taken = admin.post(&apps, json!({"name": "Again", "slug": "suppliers"})).await;
    assert_eq!(taken.expect_problem(409, "slug_taken").json()["field"], "slug");
    for slug in ["abc", "Shop", "-shop", "login", "account", "join", "wechat", "商店商店"] {
        let refused = admin.post(&apps, json!({"name": "X", "slug": slug})).await;
        assert_eq!(refused.expect_problem(422, "invalid_field").json()["field"], "slug", "{slug}");
    }
    for (field, value) in [("name", "a\nb"), ("logo_url", "http://example.com/a.png")] {
        let mut body = json!({"name": "X"});
        body[field] = json!(value);
        let refused = admin.post(&apps, body).await.expect_problem(422, "invalid_field").json();
        assert_eq!(refused["field"], field);
    }
    let listed = admin.get(&apps).await.expect(200).json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2, "nothing was made");
}

#[actix_web::test]
async fn of_twenty_apps_that_want_one_slug_at_once_one_gets_it() {
    let server = TestServer::start().await;
    let admin = server.own_backend();
    let apps = format!("/organizations/{}/apps", server.organization);
    let all = (0..20).map(|n| admin.post(&apps, json!({"name": format!("App {n}"), "slug": "wanted"})));
    let answers = join_all(all).await;
    let count = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(201), count(409)), (1, 19));
    let listed = admin.get(&apps).await.expect(200).json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 3);
}

#[actix_web::test]
async fn an_app_is_changed_and_its_portal_closes_with_it() {
    let server = TestServer::start().await;
    let (admin, pc, app) = (server.own_backend(), server.browser(), server.app("suppliers").await);
    let logo = json!({"name": "Suppliers", "logo_url": "https://example.com/logo.svg"});
    let changed = admin.patch(&app, logo).await.expect(200).json();
    assert_eq!(changed["logo_url"], "https://example.com/logo.svg");
    let changed = admin.patch(&app, json!({"logo_url": null})).await.expect(200).json();
    assert_eq!((&changed["name"], &changed["logo_url"]), (&json!("Suppliers"), &json!(null)));
    assert_eq!(
        admin.patch(&app, json!({})).await.expect(200).json(),
        changed,
        "nothing sent, nothing changed"
    );
    admin.patch(&app, json!({"slug": "other"})).await.expect_problem(422, "unknown_field");

    admin.patch(&app, json!({"enabled": false})).await.expect(200);
    pc.web.post(&pc.at("/p/suppliers/qr"), &[]).await.expect_problem(403, "portal_closed");
    admin.patch(&app, json!({"enabled": true})).await.expect(200);
    pc.start_qr("suppliers").await;
}

#[actix_web::test]
async fn the_app_of_another_organization_is_like_none() {
    let server = TestServer::start().await;
    let platform = server.platform_backend();
    let other =
        platform.post("/organizations", json!({"name": "Other", "edition": "free"})).await.expect(201).json();
    let stranger = server.backend(other["api_key"].as_str());
    let app = server.app("suppliers").await;
    let unknown = "/apps/app_00000000000000000000000000";
    for place in [app.as_str(), unknown, "/apps/nonsense"] {
        for more in ["", "/portal", "/roles", "/external-users"] {
            let path = format!("{place}{more}");
            let by_stranger = stranger.get(&path).await.expect_problem(404, "not_found").json();
            assert_eq!(by_stranger.get("detail"), None);
        }
        stranger.patch(place, json!({"name": "Mine"})).await.expect_problem(404, "not_found");
        stranger.patch(&format!("{place}/portal"), json!({"slug": "mine"})).await.expect(404);
        stranger.post(&format!("{place}/roles"), json!({"name": "x"})).await.expect(404);
    }
    let theirs = format!("/organizations/{}/apps", server.organization);
    stranger.post(&theirs, json!({"name": "X"})).await.expect_problem(404, "not_found");
}
