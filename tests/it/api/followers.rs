//! Who follows the service account.

use serde_json::{Value, json};

use super::service_account::organization;
use crate::sign_in::first_time::sign_in_new;
use crate::support::server::APPID;
use crate::support::{Phone, TestServer};

/// Lets somebody follow or leave; WeChat tells the server.
pub(crate) async fn tap(server: &TestServer, phone: &Phone, verb: &str) {
    let place = format!("/sandbox/people/{}/{verb}", phone.id);
    let told = server.sandbox_post(&place, &json!({"appid": APPID})).await;
    assert_eq!(told["callback"]["delivered"], true, "{told}");
}

/// The followers, as the API lists them.
pub(crate) async fn listed(server: &TestServer, query: &str) -> Value {
    server.own_backend().get(&format!("{}/followers{query}", server.org())).await.expect(200).json()
}

#[actix_web::test]
async fn followers_are_listed_with_the_accounts_they_have() {
    let server = TestServer::start().await;
    let [alice, bob, carol] =
        [server.person("Alice").await, server.person("Bob").await, server.person("Carol").await];
    let pc = sign_in_new(&server, &alice, "suppliers").await;
    let me = pc.me("suppliers").await.expect(200).json();
    let other = sign_in_new(&server, &alice, "customers").await.me("customers").await.expect(200).json();
    for person in [&alice, &bob, &carol] {
        tap(&server, person, "follow").await;
    }
    let scene = json!({"appid": APPID, "scene": "poster"});
    let dave = server.person("Dave").await;
    server.sandbox_post(&format!("/sandbox/people/{}/follow", dave.id), &scene).await;
    tap(&server, &carol, "unfollow").await;

    let one = |query: String| {
        let server = &server;
        async move {
            let found = listed(server, &query).await;
            assert_eq!(
                (&found["total"], found["items"].as_array().unwrap().len()),
                (&json!(1), 1),
                "{found}"
            );
            found["items"][0].clone()
        }
    };
    let row = one(format!("?openid={}", alice.openid)).await;
    assert_eq!((&row["openid"], &row["follows"]), (&json!(alice.openid), &json!(true)));
    assert_eq!(row["followed_at"], row["changed_at"]);
    let mut users = row["users"].as_array().unwrap().clone();
    users.sort_by_key(|user| (user["id"] != me["id"]).to_string());
    assert_eq!(
        users,
        [
            json!({"id": me["id"], "app": me["app"]["id"]}),
            json!({"id": other["id"], "app": other["app"]["id"]})
        ]
    );
    let row = one("?follows=false".into()).await;
    assert_eq!(
        (&row["openid"], &row["followed_at"], &row["users"]),
        (&json!(carol.openid), &json!(null), &json!([]))
    );
    assert_eq!(one("?bound=true".into()).await["openid"], alice.openid);
    assert_eq!(one(format!("?openid={}", dave.openid)).await["scene"], "ADD_SCENE_QR_CODE");
    assert_eq!(listed(&server, "?bound=false").await["total"], 3);
    assert_eq!(listed(&server, "?bound=false&follows=true").await["total"], 2);
    assert_eq!(listed(&server, "?openid=nobody").await, json!({"items": [], "next": null, "total": 0}));

    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = listed(&server, &format!("?limit=3{cursor}")).await;
        assert_eq!(page["total"], 4);
        seen.extend(
            page["items"].as_array().unwrap().iter().map(|row| row["openid"].as_str().unwrap().to_owned()),
        );
        let Some(next) = page["next"].as_str() else { break };
        cursor = format!("&cursor={next}");
    }
    seen.sort_unstable();
    let mut all = [&alice, &bob, &carol, &dave].map(|person| person.openid.clone());
    all.sort_unstable();
    assert_eq!(seen, all);
}

#[actix_web::test]
async fn filters_that_make_no_sense_and_organizations_without_an_account_are_told() {
    let server = TestServer::start().await;
    let (stranger, account) = organization(&server).await;
    let (path, theirs) =
        (format!("{}/followers", server.org()), account.replace("service-account", "followers"));
    stranger.get(&theirs).await.expect_problem(409, "no_service_account");
    stranger.post(&format!("{theirs}/sync"), json!({})).await.expect_problem(409, "no_service_account");
    stranger.get(&format!("{theirs}/sync")).await.expect_problem(409, "no_service_account");
    for (method, place) in
        [("GET", path.clone()), ("POST", format!("{path}/sync")), ("GET", format!("{path}/sync"))]
    {
        let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
        stranger.send(stranger.request(method, &place)).await.expect_problem(404, "not_found");
    }
    let backend = server.own_backend();
    for query in ["?follows=maybe", "?bound=1", "?limit=0", "?follows=true&follows=false"] {
        backend.get(&format!("{path}{query}")).await.expect_problem(422, "invalid_field");
    }
    backend.get(&format!("{path}/sync")).await.expect_problem(404, "not_found");
    let reading = json!({"name": "reader", "scopes": ["followers:read"]});
    let made = backend.post(&format!("{}/api-keys", server.org()), reading).await.expect(201).json();
    let reader = server.backend(made["api_key"].as_str());
    reader.get(&path).await.expect(200);
    reader.post(&format!("{path}/sync"), json!({})).await.expect_problem(403, "missing_scope");
}
