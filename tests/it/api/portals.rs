//! The settings of a portal.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::sign_in::first_time::sign_in_new;
use crate::support::{Backend, TestServer};

async fn refuse(admin: &Backend, place: &str, body: Value, field: &str) {
    let refused = admin.patch(place, body.clone()).await.expect_problem(422, "invalid_field").json();
    assert_eq!(refused["field"], field, "{body}");
}

#[actix_web::test]
async fn a_new_portal_is_open_and_its_settings_change() {
    let server = TestServer::start().await;
    let (admin, place) = (server.own_backend(), format!("{}/portal", server.app("suppliers").await));
    let shown = admin.get(&place).await.expect(200).json();
    for (field, value) in [
        ("enabled", json!(true)),
        ("slug", json!("suppliers")),
        ("sign_up", json!("open")),
        ("confirm", json!("adaptive")),
        ("login_hours", json!(168)),
        ("default_role", json!("user")),
        ("title", json!(null)),
        ("terms_url", json!(null)),
        ("terms_version", json!(null)),
        ("link", json!(server.at("/p/suppliers"))),
    ] {
        assert_eq!(shown[field], value, "{field}");
    }
    let drawn = server.browser();
    let drawn = drawn.web.get(&drawn.at("/p/suppliers/code.svg")).await.expect(200);
    assert_eq!(shown["qr_svg"], drawn.body);

    let settings =
        json!({"sign_up": "approval", "confirm": "number", "login_hours": 1, "title": " Come in "});
    let changed = admin.patch(&place, settings).await.expect(200).json();
    assert_eq!((&changed["sign_up"], &changed["confirm"]), (&json!("approval"), &json!("number")));
    assert_eq!((&changed["login_hours"], &changed["title"]), (&json!(1), &json!("Come in")));
    assert_eq!(admin.get(&place).await.expect(200).json(), changed);
    let changed = admin.patch(&place, json!({"title": null, "login_hours": 336})).await.expect(200).json();
    assert_eq!((&changed["title"], &changed["sign_up"]), (&json!(null), &json!("approval")));
}

#[actix_web::test]
async fn settings_have_bounds_and_what_is_read_only_cannot_be_sent() {
    let server = TestServer::start().await;
    let (admin, place) = (server.own_backend(), format!("{}/portal", server.app("suppliers").await));
    let before = admin.get(&place).await.expect(200).json();
    for hours in [json!(0), json!(337), json!(-1), json!(1.5), json!("1")] {
        refuse(&admin, &place, json!({"login_hours": hours}), "login_hours").await;
    }
    refuse(&admin, &place, json!({"sign_up": "closed"}), "sign_up").await;
    refuse(&admin, &place, json!({"confirm": null, "title": "a\nb"}), "title").await;
    refuse(&admin, &place, json!({"default_role": "nobody"}), "default_role").await;
    refuse(&admin, &place, json!({"default_role": "rol_00000000000000000000000000"}), "default_role").await;
    refuse(&admin, &place, json!({"slug": "admin"}), "slug").await;
    for field in ["link", "qr_svg", "app", "organization"] {
        let mut body = json!({});
        body[field] = json!("x");
        let refused = admin.patch(&place, body).await.expect_problem(422, "unknown_field").json();
        assert_eq!(refused["field"], field);
    }
    assert_eq!(admin.get(&place).await.expect(200).json(), before);
}

#[actix_web::test]
async fn terms_have_an_address_and_a_version_or_neither() {
    let server = TestServer::start().await;
    let (admin, place) = (server.own_backend(), format!("{}/portal", server.app("suppliers").await));
    let url = "https://example.com/terms";
    refuse(&admin, &place, json!({"terms_url": url}), "terms_version").await;
    refuse(&admin, &place, json!({"terms_version": "1"}), "terms_url").await;
    refuse(&admin, &place, json!({"terms_url": "ftp://x", "terms_version": "1"}), "terms_url").await;
    refuse(&admin, &place, json!({"terms_url": url, "terms_version": " "}), "terms_version").await;
    let set = admin.patch(&place, json!({"terms_url": url, "terms_version": "1"})).await.expect(200).json();
    assert_eq!((&set["terms_url"], &set["terms_version"]), (&json!(url), &json!("1")));
    let set = admin.patch(&place, json!({"terms_version": "2"})).await.expect(200).json();
    assert_eq!((&set["terms_url"], &set["terms_version"]), (&json!(url), &json!("2")));
    let terms = server.portal("suppliers").await.terms.unwrap();
    assert_eq!((terms.url.as_str(), terms.version.as_str()), (url, "2"));
    refuse(&admin, &place, json!({"terms_url": null}), "terms_url").await;
    refuse(&admin, &place, json!({"terms_version": null}), "terms_version").await;
    let off = admin.patch(&place, json!({"terms_url": null, "terms_version": null})).await.expect(200).json();
    assert_eq!((&off["terms_url"], &off["terms_version"]), (&json!(null), &json!(null)));
    assert_eq!(server.portal("suppliers").await.terms, None);
}

#[actix_web::test]
async fn one_half_of_the_terms_never_stands_alone_also_when_both_are_taken_at_once() {
    let server = TestServer::start().await;
    let (admin, place) = (server.own_backend(), format!("{}/portal", server.app("suppliers").await));
    let both = json!({"terms_url": "https://example.com/terms", "terms_version": "1"});
    for _ in 0..5 {
        admin.patch(&place, both.clone()).await.expect(200);
        let halves = [
            json!({"terms_url": null}),
            json!({"terms_version": null}),
            json!({"terms_url": null, "terms_version": null}),
            json!({"terms_version": "2"}),
        ];
        join_all(halves.map(|body| admin.patch(&place, body))).await;
        let shown = admin.get(&place).await.expect(200).json();
        assert_eq!(shown["terms_url"].is_null(), shown["terms_version"].is_null(), "{shown}");
    }
}

#[actix_web::test]
async fn a_new_slug_moves_the_portal_and_frees_the_old_one() {
    let server = TestServer::start().await;
    let (admin, pc) = (server.own_backend(), server.browser());
    let place = format!("{}/portal", server.app("suppliers").await);
    let taken = admin.patch(&place, json!({"slug": "customers"})).await;
    assert_eq!(taken.expect_problem(409, "slug_taken").json()["field"], "slug");
    let moved = admin.patch(&place, json!({"slug": "vendors"})).await.expect(200).json();
    assert_eq!(moved["link"], server.at("/p/vendors"));
    assert_eq!(admin.get(&server.app("vendors").await).await.expect(200).json()["slug"], "vendors");
    pc.web.get_json(&pc.at("/p/suppliers")).await.expect_problem(404, "not_found");
    sign_in_new(&server, &server.person("Alice").await, "vendors").await;
    let apps = format!("/organizations/{}/apps", server.organization);
    admin.post(&apps, json!({"name": "New", "slug": "suppliers"})).await.expect(201);
}

#[actix_web::test]
async fn new_people_get_the_default_role_of_that_moment() {
    let server = TestServer::start().await;
    let (admin, app) = (server.own_backend(), server.app("suppliers").await);
    let place = format!("{app}/portal");
    let buyer = admin.post(&format!("{app}/roles"), json!({"name": "buyer"})).await.expect(201).json();
    let set = admin.patch(&place, json!({"default_role": buyer["id"]})).await.expect(200).json();
    assert_eq!(set["default_role"], "buyer");
    let alice = server.person("Alice").await;
    let pc = sign_in_new(&server, &alice, "suppliers").await;
    assert_eq!(pc.me("suppliers").await.expect(200).json()["role"], "buyer");
    admin.patch(&place, json!({"default_role": "user"})).await.expect(200);
    let bob = server.person("Bob").await;
    sign_in_new(&server, &bob, "suppliers").await;
    assert_eq!(admin.user_of(&app, &bob.number).await["role"], "user");
    assert_eq!(admin.user_of(&app, &alice.number).await["role"], "buyer", "who is there keeps the role");
    // A role of another app is none here.
    let foreign = format!("{}/roles", server.app("customers").await);
    let foreign = admin.post(&foreign, json!({"name": "foreign"})).await.expect(201).json();
    refuse(&admin, &place, json!({"default_role": foreign["id"]}), "default_role").await;
    refuse(&admin, &place, json!({"default_role": "foreign"}), "default_role").await;
}
