//! Orders that are refused: the field is named, and nothing is stored.

use serde_json::{Value, json};

use super::with_a_guest;
use crate::accounts::another_organization;
use crate::support::TestServer;

/// An order with one thing changed; null takes it away.
fn with(field: &str, value: Value) -> Value {
    let mut order = TestServer::wechat_order(json!({"all": true}));
    if value.is_null() {
        order.as_object_mut().unwrap().remove(field);
    } else {
        order[field] = value;
    }
    order
}

#[actix_web::test]
async fn what_is_wrong_with_an_order_is_named_and_nothing_of_it_is_stored() {
    let (server, app, user) = with_a_guest().await;
    let (backend, place) = (server.own_backend(), format!("{app}/notifications"));
    let (theirs, other) = another_organization(&server, "Elsewhere Ltd", "standard").await;
    let new = json!({"name": "Elsewhere", "slug": "elsewhere"});
    let made = other.post(&format!("/organizations/{theirs}/apps"), new).await.expect(201).json();
    let their_app = format!("/apps/{}", made["id"].as_str().unwrap());
    let their_user = server.guest(&other, &their_app).await;
    let cousin = server.guest(&backend, &server.app("customers").await).await;
    let role = other.get(&format!("{their_app}/roles")).await.expect(200).json()["items"][0]["id"].clone();
    let empty = server.department("Nobody here").await;
    // What is known of the template is stored before, not by an order.
    backend.post(&format!("{place}?dry_run=true"), with("priority", Value::Null)).await.expect(200);
    let now = |hours: u64| json!(server.now().plus(std::time::Duration::from_hours(hours)).rfc3339());
    let unknown = "usr_00000000000000000000000000";
    let before = server.rows().await;
    for (order, field) in [
        (with("channel", json!("letter")), "channel"),
        (with("channel", Value::Null), "channel"),
        (with("channel", json!(1)), "channel"),
        (with("data", json!([])), "data"),
        (with("audience", json!({"users": user})), "audience.users"),
        (with("priority", json!("soon")), "priority"),
        (with("template", json!("NO_SUCH_TEMPLATE")), "template"),
        (with("template", Value::Null), "template"),
        (with("data", json!({"thing1": "x"})), "data.time2"),
        (with("data", json!({"thing1": "x", "time2": "2026-11-22 18:00", "thing3": "y"})), "data.thing3"),
        (with("data", json!({"thing1": "x".repeat(21), "time2": "2026-11-22 18:00"})), "data.thing1"),
        (with("data", json!({"thing1": "x", "time2": "soon"})), "data.time2"),
        (with("data", json!({"thing1": 42, "time2": "2026-11-22 18:00"})), "data.thing1"),
        (with("data", json!({"thing1": {"value": "x"}, "time2": "2026-11-22 18:00"})), "data.thing1"),
        (with("url", json!("https://elsewhere.example.com/")), "url"),
        (with("url", json!("javascript:alert(1)")), "url"),
        (with("url", json!("/p/suppliers")), "url"),
        (with("url", json!(format!("{}/{}", server.url, "x".repeat(1100)))), "url"),
        (with("send_at", json!("tomorrow")), "send_at"),
        (with("send_at", now(24 * 91)), "send_at"),
        (with("expires_at", now(0)), "expires_at"),
        (with("audience", Value::Null), "audience"),
        (with("audience", json!({})), "audience"),
        (with("audience", json!({"users": []})), "audience"),
        (with("audience", json!({"all": true, "role": "user"})), "audience"),
        (with("audience", json!({"all": false})), "audience.all"),
        (with("audience", json!({"all": null})), "audience.all"),
        (with("audience", json!("all")), "audience"),
        (with("audience", json!({"users": [user, user]})), "audience.users[1]"),
        (with("audience", json!({"users": [user, unknown]})), "audience.users[1]"),
        (with("audience", json!({"users": [user, "somebody"]})), "audience.users[1]"),
        (with("audience", json!({"users": [their_user]})), "audience.users[0]"),
        (with("audience", json!({"users": [user, cousin]})), "audience.users[1]"),
        (with("audience", json!({"role": role})), "audience.role"),
        (with("audience", json!({"role": "nobody's"})), "audience.role"),
        (with("audience", json!({"department": "dep_00000000000000000000000000"})), "audience.department"),
        (with("audience", json!({"department": empty})), "audience"),
        (with("audience", json!({"followers": "all"})), "audience"),
        (with("audience", json!({"followers": "some"})), "audience.followers"),
        (with("audience", json!({"openids": ["o b"]})), "audience.openids[0]"),
        (with("audience", json!({"members": "all"})), "audience"),
    ] {
        let refused = backend.post(&place, order.clone()).await.expect_problem(422, "invalid_field").json();
        assert_eq!(refused["field"], field, "{order} {refused}");
        let said = refused["detail"].as_str().unwrap();
        assert!(
            !["struct ", "map", "sequence"].iter().any(|word| said.contains(word)),
            "words of Rust: {said}"
        );
    }
    for (order, field) in [
        (with("sound", json!("ping")), "sound"),
        (with("audience", json!({"everybody": true})), "audience.everybody"),
    ] {
        let refused = backend.post(&place, order).await.expect_problem(422, "unknown_field").json();
        assert_eq!(refused["field"], field, "{refused}");
    }
    assert_eq!(server.rows().await, before);
}

#[actix_web::test]
async fn unknown_anothers_and_other_apps_users_are_the_same() {
    let (server, app, _) = with_a_guest().await;
    let backend = server.own_backend();
    let cousin = server.guest(&backend, &server.app("customers").await).await;
    let mut answers = Vec::new();
    for user in [cousin.as_str(), "usr_00000000000000000000000000", "nonsense"] {
        let order = TestServer::wechat_order(json!({"users": [user]}));
        let refused = backend.post(&format!("{app}/notifications"), order).await;
        let mut refused = refused.expect_problem(422, "invalid_field").json();
        refused["request_id"] = json!(null);
        answers.push(refused);
    }
    assert_eq!((&answers[0], &answers[0]), (&answers[1], &answers[2]));
}

#[actix_web::test]
async fn another_organizations_notification_is_like_none() {
    let (server, app, _) = with_a_guest().await;
    let (notification, delivery) =
        server.past_notification(&server.organization.to_string(), app.trim_start_matches("/apps/")).await;
    let (_, stranger) = another_organization(&server, "Elsewhere Ltd", "free").await;
    let own = server.own_backend();
    let unknown = ("ntf_00000000000000000000000000", "dlv_00000000000000000000000000");
    for (backend, notification, delivery) in [
        (&stranger, notification.as_str(), delivery.as_str()),
        (&own, unknown.0, unknown.1),
        (&own, "ntf_x", "dlv_x"),
    ] {
        for path in ["", "/deliveries", "/events"] {
            let place = format!("/notifications/{notification}{path}");
            backend.get(&place).await.expect_problem(404, "not_found");
        }
        let cancel = format!("/notifications/{notification}/cancel");
        backend.post(&cancel, json!({})).await.expect_problem(404, "not_found");
        backend
            .post(&format!("/deliveries/{delivery}/resend"), json!({}))
            .await
            .expect_problem(404, "not_found");
    }
    let order = TestServer::wechat_order(json!({"all": true}));
    stranger.post(&format!("{app}/notifications"), order).await.expect_problem(404, "not_found");
}

#[actix_web::test]
async fn followers_are_the_organizations_business_alone() {
    let (server, app, user) = with_a_guest().await;
    let platform = server.platform_backend();
    for audience in [json!({"followers": "all"}), json!({"openids": ["oA"]})] {
        let order = TestServer::wechat_order(audience);
        let refused = platform.post(&format!("{app}/notifications"), order).await;
        refused.expect_problem(403, "organization_key_required");
    }
    platform
        .post(&format!("{app}/notifications"), TestServer::wechat_order(json!({"users": [user]})))
        .await
        .expect(202);
}

#[actix_web::test]
async fn without_a_service_account_nothing_goes_out_by_wechat() {
    let server = TestServer::start().await;
    let (theirs, other) = another_organization(&server, "Elsewhere Ltd", "free").await;
    let new = json!({"name": "Elsewhere", "slug": "elsewhere"});
    let made = other.post(&format!("/organizations/{theirs}/apps"), new).await.expect(201).json();
    let app = format!("/apps/{}", made["id"].as_str().unwrap());
    let order = TestServer::wechat_order(json!({"all": true}));
    other.post(&format!("{app}/notifications"), order).await.expect_problem(409, "no_service_account");
}
