//! The service account's menu: set with a portal in it, tapped, refused, deleted.

use serde_json::{Value, json};

use super::service_account::organization;
use crate::sign_in::first_time::sign_in_new;
use crate::support::TestServer;
use crate::support::server::APPID;

fn entry(name: &str) -> Value {
    json!({"name": name, "type": "click", "key": "K"})
}

#[actix_web::test]
async fn a_tap_on_a_portals_entry_signs_in_inside_wechat() {
    let server = TestServer::start().await;
    let (backend, path) = (server.own_backend(), format!("{}/menu", server.org()));
    assert_eq!(backend.get(&path).await.expect(200).json(), json!({"button": []}));
    let menu = json!({"button": [
        {"name": "登录", "portal": "suppliers"},
        {"name": "More", "sub_button": [
            {"name": "Our website", "type": "view", "url": "https://www.example.com/?a=1&b=2"},
            {"name": "Hours", "type": "click", "key": "HOURS"},
            {"name": "The other portal", "portal": "customers"},
        ]},
        {"name": "Mini", "type": "miniprogram", "url": "https://www.example.com/", "appid": "wx1", "pagepath": "p"},
    ]});
    assert_eq!(backend.put(&path, menu.clone()).await.expect(200).json(), menu);
    assert_eq!(backend.get(&path).await.expect(200).json(), menu);

    let alice = server.person("Alice").await;
    sign_in_new(&server, &alice, "suppliers").await;
    server.sandbox_post(&format!("/sandbox/people/{}/follow", alice.id), &json!({"appid": APPID})).await;
    let tap = json!({"appid": APPID, "index": 0});
    let tapped = server.sandbox_post(&format!("/sandbox/people/{}/menu", alice.id), &tap).await;
    let url = tapped["url"].as_str().unwrap();
    assert_eq!(url, server.at("/p/suppliers"));
    assert_eq!(alice.scan(url).await.expect(303).location(), "/p/suppliers/home");
    let me = alice.web.get_json(&alice.at("/p/suppliers/me")).await.expect(200).json();
    assert_eq!(me["follows"], true);

    server.advance(1);
    backend.delete(&path).await.expect(204);
    backend.delete(&path).await.expect(204);
    assert_eq!(backend.get(&path).await.expect(200).json(), json!({"button": []}));
    let log = backend.get(&format!("{}/audit?subject=menu", server.org())).await.expect(200).json();
    let actions: Vec<_> = log["items"].as_array().unwrap().iter().map(|line| &line["action"]).collect();
    assert_eq!(actions, ["setting_changed", "deleted", "deleted"]);
}

#[actix_web::test]
async fn what_breaks_a_limit_is_named_before_wechat_is_asked() {
    let server = TestServer::start().await;
    let (backend, path) = (server.own_backend(), format!("{}/menu", server.org()));
    let holding = |entries: Vec<Value>| json!({"name": "More", "sub_button": entries});
    for (button, field, words) in [
        (vec![], "button", "the menu has no entries"),
        (vec![entry("a"), entry("b"), entry("c"), entry("d")], "button", "has 4 entries and may have 3"),
        (
            vec![entry("a"), entry("菜单的名字太长了")],
            "button[1]",
            "\"菜单的名字太长了\" (button[1]) has a name of 24 bytes",
        ),
        (vec![holding(vec![entry("a"); 6])], "button[0]", "\"More\" (button[0]) has 6 entries"),
        (vec![holding(vec![entry("a"), holding(vec![entry("b")])])], "button[0].sub_button[1]", "two levels"),
        (vec![json!({"name": "Nothing"})], "button[0]", "\"Nothing\" (button[0]) does nothing"),
        (vec![json!({"name": "x", "type": "click"})], "button[0]", "has no key"),
        (vec![json!({"name": "x", "type": "view", "url": "example.com"})], "button[0]", "is no web address"),
        (
            vec![json!({"name": "x", "type": "teleport", "key": "k"})],
            "button[0]",
            "which WeChat does not know",
        ),
        (vec![json!({"name": "x", "portal": "unknown"})], "button[0]", "names the portal \"unknown\""),
        (
            vec![json!({"name": "x", "portal": "suppliers", "type": "view", "url": "https://a.example"})],
            "button[0]",
            "names a portal and says something else to do",
        ),
        (
            vec![holding(vec![json!({"name": "x", "portal": "nobodys"})])],
            "button[0].sub_button[0]",
            "\"nobodys\"",
        ),
    ] {
        let refused =
            backend.put(&path, json!({"button": button})).await.expect_problem(422, "invalid_field");
        let refused = refused.json();
        assert_eq!(refused["field"], field, "{refused}");
        assert!(refused["detail"].as_str().unwrap().contains(words), "{refused}");
    }
    let unknown = json!({"button": [{"name": "x", "typ": "click"}]});
    let refused = backend.put(&path, unknown).await.expect_problem(422, "unknown_field").json();
    assert_eq!(refused["field"], "button[0].typ");
    backend
        .put(&path, json!({"button": [{"type": "click", "key": "K"}]}))
        .await
        .expect_problem(422, "invalid_field");
    assert_eq!(server.calls("/cgi-bin/menu/create").await, 0);
}

#[actix_web::test]
async fn another_organizations_portal_is_unknown() {
    let server = TestServer::start().await;
    let (backend, account) = organization(&server).await;
    super::service_account::register(&server).await;
    backend.put(&account, super::service_account::binding()).await.expect(200);
    let path = account.replace("service-account", "menu");
    let menu = json!({"button": [{"name": "x", "portal": "suppliers"}]});
    let refused = backend.put(&path, menu).await.expect_problem(422, "invalid_field").json();
    assert!(
        refused["detail"].as_str().unwrap().contains("which the organization does not have"),
        "{refused}"
    );
    // A link that looks like one is shown as the link that it is.
    let link = json!({"button": [{"name": "x", "type": "view", "url": server.at("/p/suppliers")}]});
    assert_eq!(backend.put(&path, link.clone()).await.expect(200).json(), link);
}

#[actix_web::test]
async fn without_an_account_or_with_wechats_no_nothing_is_set() {
    let server = TestServer::start().await;
    let (stranger, account) = organization(&server).await;
    let path = account.replace("service-account", "menu");
    let menu = json!({"button": [entry("a")]});
    stranger.get(&path).await.expect_problem(409, "no_service_account");
    stranger.put(&path, menu.clone()).await.expect_problem(409, "no_service_account");
    stranger.delete(&path).await.expect_problem(409, "no_service_account");
    let (backend, path) = (server.own_backend(), format!("{}/menu", server.org()));
    stranger.put(&path, menu.clone()).await.expect_problem(404, "not_found");
    stranger.get(&path).await.expect_problem(404, "not_found");
    for (faults, status, code, reason) in [
        (json!({"errcode": 40_054}), 422, "wechat_refused", "refused"),
        (json!({"errcode": 48_001}), 422, "wechat_refused", "not_permitted"),
        (json!({"errcode": 45_009}), 422, "wechat_refused", "quota"),
        (json!({"http_status": 500}), 502, "wechat_unavailable", "unreachable"),
    ] {
        let mut faults = faults;
        faults["paths"] = json!(["/cgi-bin/menu"]);
        server.sandbox_faults(&faults).await;
        for answer in
            [backend.put(&path, menu.clone()).await, backend.get(&path).await, backend.delete(&path).await]
        {
            assert_eq!(answer.expect_problem(status, code).json()["reason"], reason);
        }
    }
    server.sandbox_faults(&json!({})).await;
    assert_eq!(backend.get(&path).await.expect(200).json(), json!({"button": []}));
    let log = backend.get(&format!("{}/audit?subject=menu", server.org())).await.expect(200).json();
    assert_eq!(log["items"], json!([]));
}

#[actix_web::test]
async fn a_menu_that_cannot_be_read_back_is_set_all_the_same() {
    let server = TestServer::start().await;
    let (backend, path) = (server.own_backend(), format!("{}/menu", server.org()));
    server.sandbox_faults(&json!({"paths": ["/cgi-bin/menu/get"], "http_status": 500})).await;
    let menu = json!({"button": [{"name": "x", "portal": "suppliers"}]});
    assert_eq!(backend.put(&path, menu.clone()).await.expect(200).json(), menu);
    server.sandbox_faults(&json!({})).await;
    assert_eq!(backend.get(&path).await.expect(200).json(), menu);
}
