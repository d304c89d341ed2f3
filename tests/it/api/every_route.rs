//! What all routes have in common: keys, closed bodies, repetitions, lists, limits.

use serde_json::json;

use crate::support::TestServer;

#[actix_web::test]
async fn a_key_is_needed_and_counts_until_it_is_revoked() {
    let server = TestServer::start().await;
    let org = format!("/organizations/{}", server.organization);
    server.backend(None).get(&org).await.expect_problem(401, "unauthorized");
    server.backend(Some("mf_nonsense")).get(&org).await.expect_problem(401, "unauthorized");
    let admin = server.own_backend();
    let reading = json!({"name": "reader", "scopes": ["organization:read"]});
    let made = admin.post(&format!("{org}/api-keys"), reading).await.expect(201).json();
    let reader = server.backend(made["api_key"].as_str());
    reader.get(&org).await.expect(200);
    let refused = reader.get(&format!("{org}/audit")).await.expect_problem(403, "missing_scope").json();
    assert_eq!(refused["scope"], "audit:read");
    let listed = admin.get(&format!("{org}/api-keys")).await.expect(200);
    let secret = made["api_key"].as_str().unwrap().splitn(3, '_').nth(2).unwrap();
    assert!(!listed.body.contains(secret), "the secret is shown once");
    admin.delete(&format!("{org}/api-keys/{}", made["id"].as_str().unwrap())).await.expect(204);
    reader.get(&org).await.expect_problem(401, "unauthorized");
}

#[actix_web::test]
async fn a_key_gives_no_more_than_it_has() {
    let server = TestServer::start().await;
    let path = format!("/organizations/{}/api-keys", server.organization);
    let admin = server.own_backend();
    let made = admin.post(&path, json!({"name": "keys", "scopes": ["keys:write"]})).await.expect(201).json();
    let keys = server.backend(made["api_key"].as_str());
    let wanted = json!({"name": "more", "scopes": ["keys:write", "seats:buy"]});
    let refused = keys.post(&path, wanted).await.expect_problem(422, "invalid_field").json();
    assert_eq!(refused["field"], "scopes[1]");
    let wanted = json!({"name": "more", "scopes": ["organizations:write"]});
    admin.post(&path, wanted).await.expect_problem(422, "invalid_field");
}

#[actix_web::test]
async fn another_organization_is_like_none() {
    let server = TestServer::start().await;
    let platform = server.platform_backend();
    let other =
        platform.post("/organizations", json!({"name": "Other", "edition": "free"})).await.expect(201).json();
    let stranger = server.backend(other["api_key"].as_str());
    let theirs = stranger.get(&format!("/organizations/{}", server.organization)).await;
    let unknown = stranger.get("/organizations/org_00000000000000000000000000").await;
    let [theirs, unknown] = [theirs, unknown].map(|answer| {
        let mut body = answer.expect_problem(404, "not_found").json();
        body["request_id"] = json!(null);
        body
    });
    assert_eq!(theirs, unknown);
    stranger
        .post("/organizations", json!({"name": "X", "edition": "free"}))
        .await
        .expect_problem(403, "platform_key_required");
}

#[actix_web::test]
async fn bodies_are_closed_and_say_which_field_is_wrong() {
    let server = TestServer::start().await;
    let platform = server.platform_backend();
    let refuse = async |body: serde_json::Value, code: &str, field: &str| {
        let problem = platform.post("/organizations", body).await.expect_problem(422, code).json();
        assert_eq!(problem["field"], field, "{problem}");
    };
    refuse(json!({"name": "X", "edition": "free", "seats": 5}), "unknown_field", "seats").await;
    refuse(json!({"name": "X"}), "invalid_field", "edition").await;
    refuse(json!({"name": 7, "edition": "free"}), "invalid_field", "name").await;
    refuse(json!({"name": "", "edition": "free"}), "invalid_field", "name").await;
    refuse(json!({"name": "X", "edition": "golden"}), "invalid_field", "edition").await;
    refuse(
        json!({"name": "X", "edition": "trial", "licence_ends_on": "soon"}),
        "invalid_field",
        "licence_ends_on",
    )
    .await;
    let request =
        platform.request(reqwest::Method::POST, "/organizations").header("content-type", "application/json");
    let empty = platform.send(request.try_clone().unwrap()).await.expect_problem(400, "bad_json").json();
    assert_eq!(empty["detail"], "the body is empty; it must be a JSON object");
    let broken = platform.send(request.body("{\n\"name\": }")).await.expect_problem(400, "bad_json").json();
    assert_eq!(broken["detail"], "it goes wrong in line 2, at column 9");
    platform.put("/organizations", json!({})).await.expect_problem(405, "method_not_allowed");
    let request = platform.request(reqwest::Method::POST, "/organizations").body("name=X");
    let refused = platform.send(request).await.expect_problem(415, "unsupported_media_type").json();
    assert_eq!(refused["detail"], "send the header Content-Type: application/json");
}

#[actix_web::test]
async fn a_repetition_gets_the_same_answer_and_has_no_second_effect() {
    let server = TestServer::start().await;
    let path = format!("/organizations/{}/api-keys", server.organization);
    let admin = server.own_backend();
    let body = json!({"name": "once"});
    let first = admin.post_once(&path, "k1", body.clone()).await.expect(201);
    let again = admin.post_once(&path, "k1", body.clone()).await.expect(201);
    assert_eq!(first.body, again.body);
    assert_eq!(again.header("idempotency-replayed"), "true");
    admin.post_once(&path, "k1", json!({"name": "other"})).await.expect_problem(422, "idempotency_mismatch");
    // One that was refused had no effect: its key is free.
    admin
        .post_once(&path, "k2", json!({"name": "x", "expires_in_days": 5000}))
        .await
        .expect_problem(422, "invalid_field");
    admin.post_once(&path, "k2", json!({"name": "x", "expires_in_days": 5})).await.expect(201);
    let listed = admin.get(&path).await.expect(200).json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 3);
}

#[actix_web::test]
async fn of_many_repetitions_at_once_one_runs() {
    let server = TestServer::start().await;
    let path = format!("/organizations/{}/api-keys", server.organization);
    let admin = server.own_backend();
    let all = (0..20).map(|_| admin.post_once(&path, "race", json!({"name": "raced"})));
    for answer in futures_util::future::join_all(all).await {
        assert!(matches!(answer.status, 201 | 409), "{}", answer.body);
    }
    let listed = admin.get(&path).await.expect(200).json();
    assert_eq!(listed["items"].as_array().unwrap().len(), 2, "the first key, and one more");
}

#[actix_web::test]
async fn lists_come_in_pages() {
    let server = TestServer::start().await;
    let path = format!("/organizations/{}/api-keys", server.organization);
    let admin = server.own_backend();
    for number in 0..4 {
        admin.post(&path, json!({"name": format!("key {number}")})).await.expect(201);
    }
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = admin.get(&format!("{path}?limit=2{cursor}")).await.expect(200).json();
        seen.extend(
            page["items"].as_array().unwrap().iter().map(|key| key["id"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    assert_eq!(seen.len(), 5);
    assert!(seen.is_sorted());
    for query in ["limit=0", "limit=501", "limit=x", "cursor=x"] {
        admin.get(&format!("{path}?{query}")).await.expect_problem(422, "invalid_field");
    }
}

#[actix_web::test]
async fn a_key_that_asks_too_often_waits_and_is_told_how_long() {
    let server = TestServer::start().await;
    let path = format!("/organizations/{}", server.organization);
    let admin = server.own_backend();
    let answer = admin.get(&path).await.expect(200);
    assert_eq!(answer.header("ratelimit-policy"), "\"key\";q=100;w=2");
    assert_eq!(answer.header("ratelimit"), "\"key\";r=99;t=1");
    let mut refused = None;
    for _ in 0..40 {
        let ten = futures_util::future::join_all((0..10).map(|_| admin.get(&path))).await;
        refused = ten.into_iter().find(|answer| answer.status != 200);
        if refused.is_some() {
            break;
        }
    }
    let refused = refused.expect("some of 400 at once are too many").expect_problem(429, "too_many_requests");
    assert_eq!(refused.header("retry-after"), "1");
    let guesser = server.backend(Some("mf_nonsense"));
    for _ in 0..20 {
        guesser.get(&path).await.expect(401);
    }
    guesser.get(&path).await.expect_problem(429, "too_many_requests");
}

#[actix_web::test]
async fn a_request_that_a_crash_cut_off_can_be_made_again_after_a_minute() {
    use menfang::domain::keys::{hex, sha256};
    use menfang::usecases::repeats::Repeat;

    let server = TestServer::start().await;
    let path = format!("/organizations/{}/api-keys", server.organization);
    let (admin, body) = (server.own_backend(), json!({"name": "late"}));
    // As the request does it, up to the point where its process dies.
    let request = ["POST", &format!("/api/v1{path}"), &body.to_string()].join("\0");
    let (key, request) = (hex(&sha256(b"cut off")), hex(&sha256(request.as_bytes())));
    let begun = server.running().admin.repeat(server.organization, &key, &request).await.unwrap();
    let Repeat::Run(first) = begun else { panic!("it is new: {begun:?}") };

    let running = admin.post_once(&path, "cut off", body.clone()).await;
    let running = running.expect_problem(409, "idempotency_running");
    assert_eq!(running.header("retry-after"), "1");
    server.advance(61);
    let made = admin.post_once(&path, "cut off", body.clone()).await.expect(201);
    assert_eq!(admin.post_once(&path, "cut off", body).await.expect(201).body, made.body);

    // Whoever was thought dead and comes back changes nothing.
    let unit = server.running().store.begin().await.unwrap();
    assert!(unit.keep_answer(&first, 201, "{}").await.is_err());
}

#[actix_web::test]
async fn a_filter_that_makes_no_sense_is_named() {
    let server = TestServer::start().await;
    let (admin, org, app) = (server.own_backend(), server.org(), server.app("suppliers").await);
    for (list, query, field) in [
        (format!("{org}/followers"), "follows=maybe", "follows"),
        (format!("{org}/followers"), "openid=a&bound=2", "bound"),
        (format!("{org}/members"), "limit=3&status=gone", "status"),
        (format!("{org}/collaborators"), "status=active&status=active", "status"),
        (format!("{app}/external-users"), "unreachable=x", "unreachable"),
        (format!("{app}/external-users"), "role=a&role=b", "role"),
        (format!("{org}/audit"), "actor=a&since=1&since=2", "since"),
    ] {
        let refused = admin.get(&format!("{list}?{query}")).await.expect_problem(422, "invalid_field").json();
        assert_eq!(refused["field"], field, "{list}?{query}");
    }
}
