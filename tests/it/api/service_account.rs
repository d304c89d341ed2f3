//! The service account: bound, shown, changed, refused, unbound.

use serde_json::{Value, json};

use crate::sign_in::first_time::sign_in_new;
use crate::support::server::{AES_KEY, APPID, ORIGINAL_ID, SECRET, TOKEN};
use crate::support::{Backend, TestServer};

const OTHER: &str = "wxfedcba9876543210";
const OTHER_SECRET: &str = "fedcba9876543210fedcba9876543210";

/// What binds another account than the one that the server begins with.
pub(crate) fn binding() -> Value {
    json!({"appid": OTHER, "secret": OTHER_SECRET, "token": "abc", "encoding_aes_key": AES_KEY})
}

/// Lets WeChat know that account.
pub(crate) async fn register(server: &TestServer) {
    let account = json!({
        "appid": OTHER, "secret": OTHER_SECRET, "original_id": "gh_fedcba987654", "token": "abc",
        "encoding_aes_key": AES_KEY,
    });
    server.sandbox_post("/sandbox/accounts", &account).await;
}

/// An organization of its own, and where its service account is.
pub(crate) async fn organization(server: &TestServer) -> (Backend, String) {
    let new = json!({"name": "Other Ltd", "edition": "free"});
    let made = server.platform_backend().post("/organizations", new).await.expect(201).json();
    let path = format!("/organizations/{}/service-account", made["organization"]["id"].as_str().unwrap());
    (server.backend(made["api_key"].as_str()), path)
}

#[actix_web::test]
async fn an_account_is_bound_once_wechat_has_taken_it_and_shown_without_its_secrets() {
    let server = TestServer::start().await;
    let (backend, path) = organization(&server).await;
    register(&server).await;
    backend.get(&path).await.expect_problem(404, "not_found");
    let mut wanted = binding();
    wanted["original_id"] = json!("gh_fedcba987654");
    let bound = backend.put(&path, wanted).await.expect(200);
    for secret in [OTHER_SECRET, AES_KEY] {
        assert!(!bound.body.contains(secret));
    }
    let account = bound.json();
    assert_eq!(account, backend.get(&path).await.expect(200).json());
    let shown = |field: &str| account[field].clone();
    assert_eq!((shown("appid"), shown("mode")), (json!(OTHER), json!("safe")));
    assert_eq!(shown("secret"), json!({"set": true, "last4": "3210"}));
    assert_eq!(shown("token"), json!({"set": true, "last4": null}), "too short to show a part");
    assert_eq!(shown("encoding_aes_key"), json!({"set": true, "last4": "DEFG"}));
    assert_eq!(shown("callback_url"), json!(format!("{}/wechat/{OTHER}/events", server.url)));
    assert_eq!((shown("oauth_domain"), shown("original_id")), (json!("127.0.0.1"), json!("gh_fedcba987654")));
    assert_eq!(
        (shown("followers"), shown("bindings"), shown("domain_file")),
        (json!(0), json!(0), json!(null))
    );
    let log =
        backend.get(&path.replace("service-account", "audit?action=secret_changed")).await.expect(200).json();
    assert_eq!(log["items"].as_array().unwrap().len(), 1);
}

#[actix_web::test]
async fn the_same_account_again_by_its_owner_changes_it() {
    let server = TestServer::start().await;
    let backend = server.own_backend();
    let path = format!("{}/service-account", server.org());
    let before = backend.get(&path).await.expect(200).json();
    server.advance(60);
    let key = AES_KEY.chars().rev().collect::<String>();
    let secret = "00000000000000000000000000000000";
    let again = json!({"appid": APPID, "secret": secret, "token": TOKEN, "encoding_aes_key": key});
    // With the old secret in the cache a new one is tried all the same.
    backend.put(&path, again.clone()).await.expect_problem(422, "wechat_refused");
    server.sandbox_post("/sandbox/accounts", &json!({"appid": APPID, "secret": secret})).await;
    let after = backend.put(&path, again).await.expect(200).json();
    assert_eq!(after["secret"]["last4"], "0000");
    assert_eq!((&after["original_id"], &after["created_at"]), (&json!(ORIGINAL_ID), &before["created_at"]));
    assert_ne!(after["updated_at"], before["updated_at"]);

    // Calls go on with the new secret, and pushes open with the key before and with the new one.
    backend.get(&format!("{}/menu", server.org())).await.expect(200);
    let person = server.person("Alice").await;
    for (change, follows) in [(json!({}), true), (json!({"encoding_aes_key": key}), false)] {
        let mut account = json!({"appid": APPID});
        account.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        server.sandbox_post("/sandbox/accounts", &account).await;
        let verb = if follows { "follow" } else { "unfollow" };
        let place = format!("/sandbox/people/{}/{verb}", person.id);
        let told = server.sandbox_post(&place, &json!({"appid": APPID})).await;
        assert_eq!(told["callback"]["delivered"], true, "{told}");
        let listed = backend.get(&format!("{}/followers", server.org())).await.expect(200).json();
        assert_eq!(listed["items"][0]["follows"], follows);
    }
}

#[actix_web::test]
async fn what_is_not_said_stays_and_null_takes_it_away() {
    let server = TestServer::start().await;
    let (backend, path) = organization(&server).await;
    register(&server).await;
    let with = |more: Value| {
        let mut wanted = binding();
        wanted.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        wanted
    };
    let both = json!({"original_id": "gh_fedcba987654", "domain_file": "AbCd1234"});
    for (more, id, file) in [
        (both, json!("gh_fedcba987654"), json!("MP_verify_AbCd1234.txt")),
        (json!({}), json!("gh_fedcba987654"), json!("MP_verify_AbCd1234.txt")),
        (json!({"original_id": null}), json!(null), json!("MP_verify_AbCd1234.txt")),
        (json!({"domain_file": null}), json!(null), json!(null)),
    ] {
        let account = backend.put(&path, with(more)).await.expect(200).json();
        assert_eq!((&account["original_id"], &account["domain_file"]), (&id, &file));
    }
}

#[actix_web::test]
async fn each_part_has_its_form() {
    let server = TestServer::start().await;
    let (backend, path) = organization(&server).await;
    for (field, value) in [
        ("appid", json!("gh0123456789abcdef")),
        ("appid", json!("wx")),
        ("secret", json!("")),
        ("token", json!("ab")),
        ("token", json!("a-b-c")),
        ("encoding_aes_key", json!("short")),
        ("mode", json!("secret")),
        ("original_id", json!("fedcba987654")),
        ("domain_file", json!("robots.txt")),
        ("domain_file", json!("MP_verify_../a.txt")),
        ("domain_file", json!({"name": "MP_verify_a.txt", "content": "<script>"})),
        ("domain_file", json!({"name": "MP_verify_a.txt"})),
        ("domain_file", json!(7)),
    ] {
        let mut wanted = binding();
        wanted[field] = value.clone();
        let refused = backend.put(&path, wanted).await.expect_problem(422, "invalid_field").json();
        assert_eq!(refused["field"], field, "{value}");
    }
    let mut wanted = binding();
    wanted["app_secret"] = json!("x");
    backend.put(&path, wanted).await.expect_problem(422, "unknown_field");
    assert_eq!(server.calls("/cgi-bin/stable_token").await, 0, "nobody asked WeChat");
    backend.get(&path).await.expect_problem(404, "not_found");
}

#[actix_web::test]
async fn conflicts_are_told_before_wechat_is_asked() {
    let server = TestServer::start().await;
    let (backend, path) = organization(&server).await;
    let taken = json!({"appid": APPID, "secret": "wrong", "token": "abc", "encoding_aes_key": AES_KEY});
    backend.put(&path, taken).await.expect_problem(409, "service_account_taken");
    let own = format!("{}/service-account", server.org());
    server.own_backend().put(&own, binding()).await.expect_problem(409, "organization_has_service_account");
    assert_eq!(server.calls("/cgi-bin/stable_token").await, 0);
    backend.put(&own, binding()).await.expect_problem(404, "not_found");
    backend.get(&own).await.expect_problem(404, "not_found");
    backend.delete(&own).await.expect_problem(404, "not_found");
}

#[actix_web::test]
async fn what_wechat_has_against_the_credentials_is_told_in_plain_words() {
    let server = TestServer::start().await;
    let (backend, path) = organization(&server).await;
    let refused = |reason: &'static str| {
        let (backend, path) = (&backend, &path);
        async move {
            let refused = backend.put(path, binding()).await.expect_problem(422, "wechat_refused").json();
            assert_eq!(refused["reason"], reason, "{refused}");
            refused
        }
    };
    let unknown = refused("unknown_appid").await;
    assert!(unknown["detail"].as_str().unwrap().contains("copy it anew"), "{unknown}");
    register(&server).await;
    let set = |change: Value| {
        let mut account = json!({"appid": OTHER});
        account.as_object_mut().unwrap().extend(change.as_object().unwrap().clone());
        let server = &server;
        async move { server.sandbox_post("/sandbox/accounts", &account).await }
    };
    set(json!({"secret": "another"})).await;
    assert_eq!(refused("wrong_secret").await["ip"], json!(null));
    set(json!({"secret": OTHER_SECRET, "ip_whitelist": ["203.0.113.7"]})).await;
    let whitelist = refused("ip_not_allowed").await;
    assert_eq!(whitelist["ip"], "127.0.0.1");
    assert!(whitelist["detail"].as_str().unwrap().contains("127.0.0.1"), "{whitelist}");
    set(json!({"ip_whitelist": null, "secret_frozen": true})).await;
    refused("secret_frozen").await;
    set(json!({"secret_frozen": false, "frozen": true})).await;
    refused("account_frozen").await;
    set(json!({"frozen": false})).await;
    server.sandbox_faults(&json!({"paths": ["/cgi-bin/stable_token"], "http_status": 503})).await;
    let away = backend.put(&path, binding()).await.expect_problem(502, "wechat_unavailable");
    assert_eq!((away.json()["reason"].clone(), away.header("retry-after")), (json!("unreachable"), "3"));
    server.sandbox_faults(&json!({"paths": ["/cgi-bin/stable_token"], "errcode": -1})).await;
    backend.put(&path, binding()).await.expect_problem(502, "wechat_unavailable");
    backend.get(&path).await.expect_problem(404, "not_found");
    server.sandbox_faults(&json!({})).await;
    backend.put(&path, binding()).await.expect(200);
}

#[actix_web::test]
async fn the_domain_file_is_served_exactly_and_no_other() {
    let server = TestServer::start().await;
    let (backend, path) = organization(&server).await;
    register(&server).await;
    let place = server.at("/MP_verify_AbCd1234.txt");
    let get = |place: String| {
        let http = server.http.clone();
        async move { http.get(place).send().await.unwrap() }
    };
    let missing = get(place.clone()).await;
    assert_eq!(missing.status(), 404);
    assert_eq!(missing.headers()["content-type"], "application/problem+json");
    let mut wanted = binding();
    wanted["domain_file"] = json!({"name": "MP_verify_AbCd1234.txt", "content": "Another-content_1"});
    let account = backend.put(&path, wanted.clone()).await.expect(200).json();
    assert_eq!(account["domain_file_url"], place.as_str());
    let served = get(place.clone()).await;
    assert_eq!(
        (served.status().as_u16(), &served.headers()["content-type"]),
        (200, &"text/plain".parse().unwrap())
    );
    assert_eq!(served.text().await.unwrap(), "Another-content_1");
    let head = server.http.head(&place).send().await.unwrap();
    assert_eq!((head.status().as_u16(), head.headers()["content-length"].to_str().unwrap()), (200, "17"));
    wanted["domain_file"] = json!("MP_verify_AbCd1234.txt");
    backend.put(&path, wanted).await.expect(200);
    assert_eq!(get(place.clone()).await.text().await.unwrap(), "AbCd1234");
    for other in [
        "/MP_verify_.txt",
        "/MP_verify_AbCd1234.html",
        "/MP_verify_AbCd1234%2ftxt",
        "/mp_verify_AbCd1234.txt",
    ] {
        assert_eq!(get(server.at(other)).await.status(), 404, "{other}");
    }
    assert_eq!(server.http.post(&place).header("origin", &server.url).send().await.unwrap().status(), 405);

    // Another organization cannot put something else in its place.
    let own = json!({
        "appid": APPID, "secret": SECRET, "token": TOKEN, "encoding_aes_key": AES_KEY,
        "domain_file": {"name": "MP_verify_AbCd1234.txt", "content": "mine"},
    });
    let refused = server.own_backend().put(&format!("{}/service-account", server.org()), own).await;
    assert_eq!(refused.expect_problem(422, "invalid_field").json()["field"], "domain_file");
    backend.delete(&format!("{path}?confirm=true")).await.expect(204);
    assert_eq!(get(place).await.status(), 404);
}

#[actix_web::test]
async fn unbinding_says_what_stops_and_wants_to_be_confirmed() {
    let server = TestServer::start().await;
    let backend = server.own_backend();
    let path = format!("{}/service-account", server.org());
    let alice = server.person("Alice").await;
    let pc = sign_in_new(&server, &alice, "suppliers").await;
    let me = pc.me("suppliers").await.expect(200).json();
    let follow = format!("/sandbox/people/{}/follow", alice.id);
    server.sandbox_post(&follow, &json!({"appid": APPID})).await;
    for query in
        ["", "?confirm=", "?confirm=wx0000000000000000", "?confirm=yes", "?confirm=true&confirm=true"]
    {
        let asked =
            backend.delete(&format!("{path}{query}")).await.expect_problem(409, "confirmation_required");
        let asked = asked.json();
        assert_eq!((&asked["bindings"], &asked["followers"]), (&json!(1), &json!(1)), "{query}");
        assert_eq!(asked["confirm"], APPID);
    }
    backend.delete(&format!("{path}?confirm={APPID}")).await.expect(204);
    backend.delete(&format!("{path}?confirm={APPID}")).await.expect_problem(404, "not_found");
    backend.get(&path).await.expect_problem(404, "not_found");
    let rows = server.rows().await;
    for table in ["service_accounts", "followers", "wechat_bindings", "follower_imports"] {
        assert!(rows.contains(&(table.into(), 0)), "{table}: {rows:?}");
    }
    pc.me("suppliers").await.expect_problem(401, "not_signed_in");
    alice.web.get(&alice.at("/p/suppliers")).await.expect(503);
    // WeChat still tells us, and nobody listens.
    let told = server.sandbox_post(&follow.replace("follow", "unfollow"), &json!({"appid": APPID})).await;
    assert_eq!(told["callback"]["status"], 403);

    // Under another account the same person proves the same phone, and has the same account as before.
    let other = json!({
        "appid": OTHER, "secret": OTHER_SECRET, "original_id": "gh_fedcba987654", "token": TOKEN,
        "encoding_aes_key": AES_KEY, "redirect_domains": [server.url.strip_prefix("http://").unwrap()],
    });
    server.sandbox_post("/sandbox/accounts", &other).await;
    backend.put(&path, binding()).await.expect(200);
    server.advance(60);
    let again = sign_in_new(&server, &alice, "suppliers").await;
    assert_eq!(again.me("suppliers").await.expect(200).json()["id"], me["id"]);
    assert_eq!(server.seats_taken().await, 1);
}
