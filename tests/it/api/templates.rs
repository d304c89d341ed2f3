//! The service account's message templates, and the hosts that messages link to.

use futures_util::future::join_all;
use menfang::domain::notification::Outbox;
use menfang::domain::scope::OrgScope;
use menfang::domain::service_account::ServiceAccount;
use menfang::domain::template::{Template, TemplateTrouble};
use menfang::usecases::administration::ChangeError;
use serde_json::{Value, json};

use super::service_account::organization;
use crate::support::TestServer;
use crate::support::server::{AES_KEY, APPID, ORIGINAL_ID, SECRET, TOKEN};

pub(crate) const ORDER: &str = "Order_Update-0a1b2c3d4e5f6g7h8i9j0k1l2m3n4o";
const VISIT: &str = "Visit_Notice-0a1b2c3d4e5f6g7h8i9j0k1l2m3n4o";
const LIST: &str = "/cgi-bin/template/get_all_private_template";

/// A template of an order, as WeChat lists it.
pub(crate) fn order() -> Value {
    json!({
        "template_id": ORDER, "title": "订单 Order", "example": "单号:1\n时间:15:01",
        "content": "单号:{{character_string1.DATA}}\n时间:{{time2.DATA}}\n",
    })
}

fn visit() -> Value {
    json!({"template_id": VISIT, "title": "访问", "content": "{{first.DATA}}{{thing1.DATA}}", "example": ""})
}

/// Has WeChat list these templates for the account.
pub(crate) async fn set_templates(server: &TestServer, templates: &[Value]) {
    let account = json!({
        "original_id": ORIGINAL_ID, "appid": APPID, "secret": SECRET, "token": TOKEN, "encoding_aes_key": AES_KEY,
        "mode": "safe", "callback_url": server.at(&format!("/wechat/{APPID}/events")),
        "redirect_domains": [server.url.strip_prefix("http://").unwrap()], "templates": templates,
    });
    server.sandbox_post("/sandbox/accounts", &account).await;
}

async fn listed(server: &TestServer) -> Vec<Value> {
    let list = server.own_backend().get(&format!("{}/templates", server.org())).await.expect(200).json();
    list["items"].as_array().unwrap().clone()
}

async fn sync(server: &TestServer) -> Value {
    server.own_backend().post(&format!("{}/templates/sync", server.org()), json!({})).await.expect(202).json()
}

async fn account(server: &TestServer) -> ServiceAccount {
    server.running().store.service_account_of(server.organization).await.unwrap().unwrap()
}

async fn usable(server: &TestServer, id: &str) -> Result<Template, ChangeError> {
    let scope = OrgScope::of_row(server.organization);
    server.running().admin.usable_template(scope, &account(server).await, id).await
}

/// Why an order by this template would be refused.
async fn refusal(server: &TestServer, id: &str) -> String {
    match usable(server, id).await {
        Err(ChangeError::Invalid { field, rule }) if field == "template" => rule,
        Err(other) => panic!("{other}"),
        Ok(template) => panic!("{} can be used", template.id),
    }
}

#[actix_web::test]
async fn templates_are_fetched_listed_and_known_to_be_gone() {
    let server = TestServer::start().await;
    assert_eq!(listed(&server).await, [json!(null); 0]);
    set_templates(&server, &[order(), visit()]).await;
    let synced = sync(&server).await;
    assert_eq!((&synced["usable"], &synced["gone"]), (&json!(2), &json!(0)));
    let now = synced["synced_at"].clone();
    assert_eq!(now, server.now().rfc3339());
    let [first, second] = listed(&server).await.try_into().unwrap();
    assert_eq!(
        first,
        json!({
            "template_id": ORDER, "title": "订单 Order", "trouble": null, "synced_at": now,
            "content": "单号:{{character_string1.DATA}}\n时间:{{time2.DATA}}\n", "example": "单号:1\n时间:15:01",
            "fields": [{"name": "character_string1", "kind": "character_string"}, {"name": "time2", "kind": "time"}],
        })
    );
    assert_eq!(
        second["fields"],
        json!([{"name": "first", "kind": "text"}, {"name": "thing1", "kind": "thing"}])
    );

    // What is changed at WeChat is changed here, and what is not there any more is not forgotten.
    server.advance(60);
    let mut renamed = order();
    renamed["title"] = json!("订单更新");
    set_templates(&server, &[renamed]).await;
    assert_eq!(sync(&server).await["gone"], 1);
    let [first, second] = listed(&server).await.try_into().unwrap();
    assert_eq!((&first["title"], &first["trouble"]), (&json!("订单更新"), &json!(null)));
    assert_eq!((&second["title"], &second["trouble"]), (&json!("访问"), &json!("gone")));
    assert_eq!(
        (&first["synced_at"], &second["synced_at"]),
        (&json!(server.now().rfc3339()), &first["synced_at"])
    );
    set_templates(&server, &[order(), visit()]).await;
    assert_eq!(sync(&server).await["usable"], 2);

    let (backend, path) = (server.own_backend(), format!("{}/templates?limit=1", server.org()));
    let page = backend.get(&path).await.expect(200).json();
    let rest =
        backend.get(&format!("{path}&cursor={}", page["next"].as_str().unwrap())).await.expect(200).json();
    assert_eq!((&rest["items"][0]["template_id"], &rest["next"]), (&json!(VISIT), &json!(null)));
    assert_eq!(server.audited("templates_synced").await.len(), 3);
}

#[actix_web::test]
async fn binding_fetches_the_templates_and_unbinding_forgets_them() {
    let server = TestServer::start().await;
    set_templates(&server, &[order()]).await;
    let (backend, path) = (server.own_backend(), format!("{}/service-account", server.org()));
    let binding = json!({"appid": APPID, "secret": SECRET, "token": TOKEN, "encoding_aes_key": AES_KEY});
    // What goes wrong with the templates is no matter of the binding.
    server.sandbox_faults(&json!({"paths": [LIST], "errcode": 48_001})).await;
    backend.put(&path, binding.clone()).await.expect(200);
    assert_eq!(listed(&server).await.len(), 0);
    server.sandbox_faults(&json!({})).await;
    backend.put(&path, binding).await.expect(200);
    assert_eq!(listed(&server).await.len(), 1);
    backend.delete(&format!("{path}?confirm={APPID}")).await.expect(204);
    assert_eq!(server.count("message_templates").await, 0);
    backend.get(&format!("{}/templates", server.org())).await.expect_problem(409, "no_service_account");
}

#[actix_web::test]
async fn an_unknown_template_is_asked_for_once_in_a_while() {
    let server = TestServer::start().await;
    assert!(refusal(&server, ORDER).await.starts_with("must be the id of one of"));
    assert_eq!(server.calls(LIST).await, 1);
    set_templates(&server, &[order()]).await;
    // Asked just now: WeChat is left alone.
    assert!(refusal(&server, ORDER).await.starts_with("must be the id of one of"));
    assert_eq!(server.calls(LIST).await, 1);
    server.advance(30);
    assert_eq!(usable(&server, ORDER).await.unwrap().fields.len(), 2);
    assert_eq!(server.calls(LIST).await, 2);
    usable(&server, ORDER).await.unwrap();
    assert_eq!(server.calls(LIST).await, 2, "what is known is not asked for");

    server.advance(30);
    set_templates(&server, &[visit()]).await;
    assert_eq!(sync(&server).await["gone"], 1);
    assert!(refusal(&server, ORDER).await.contains("not in the service account's list any more"));
    assert_eq!(server.calls(LIST).await, 4, "what is gone may have come back");
}

#[actix_web::test]
async fn many_orders_by_a_new_template_ask_wechat_once() {
    let server = TestServer::start().await;
    set_templates(&server, &[order()]).await;
    server.sandbox_faults(&json!({"paths": [LIST], "latency_ms": 200})).await;
    let found = join_all((0..20).map(|_| usable(&server, ORDER))).await;
    assert!(found.iter().all(Result::is_ok), "nobody is told that it is unknown while it is asked for");
    assert_eq!(server.calls(LIST).await, 1);
}

#[actix_web::test]
async fn a_ban_is_lifted_by_hand_only() {
    let server = TestServer::start().await;
    set_templates(&server, &[order()]).await;
    sync(&server).await;
    let outbox = Outbox(account(&server).await.id.0);
    let mark = |trouble| {
        let store = &server.running().store;
        async move {
            let unit = store.begin().await.unwrap();
            unit.mark_template(outbox, ORDER, trouble).await.unwrap();
            unit.commit().await.unwrap();
        }
    };
    mark(TemplateTrouble::Banned).await;
    assert_eq!(listed(&server).await[0]["trouble"], "banned");
    let calls = server.calls(LIST).await;
    assert!(refusal(&server, ORDER).await.starts_with("is banned by WeChat"));
    assert_eq!(server.calls(LIST).await, calls, "the list does not tell of bans");
    // Another template's being asked for changes nothing of it.
    refusal(&server, VISIT).await;
    assert!(refusal(&server, ORDER).await.starts_with("is banned by WeChat"));
    assert_eq!(sync(&server).await["usable"], 1);
    usable(&server, ORDER).await.unwrap();
    // What was told to be gone when a message was sent, and is listed, was a mistake of WeChat's.
    server.advance(30);
    mark(TemplateTrouble::Gone).await;
    usable(&server, ORDER).await.unwrap();
}

#[actix_web::test]
async fn wechats_no_and_missing_rights_are_told() {
    let server = TestServer::start().await;
    let (stranger, theirs) = organization(&server).await;
    let (path, theirs) =
        (format!("{}/templates", server.org()), theirs.replace("service-account", "templates"));
    stranger.get(&theirs).await.expect_problem(409, "no_service_account");
    stranger.post(&format!("{theirs}/sync"), json!({})).await.expect_problem(409, "no_service_account");
    stranger.get(&path).await.expect_problem(404, "not_found");
    stranger.post(&format!("{path}/sync"), json!({})).await.expect_problem(404, "not_found");
    let backend = server.own_backend();
    for (faults, status, code, reason) in [
        (json!({"errcode": 48_001}), 422, "wechat_refused", "not_permitted"),
        (json!({"errcode": 45_009}), 422, "wechat_refused", "quota"),
        (json!({"http_status": 500}), 502, "wechat_unavailable", "unreachable"),
    ] {
        let mut faults = faults;
        faults["paths"] = json!([LIST]);
        server.sandbox_faults(&faults).await;
        let answer = backend.post(&format!("{path}/sync"), json!({})).await.expect_problem(status, code);
        assert_eq!(answer.json()["reason"], reason);
        server.advance(30);
        assert!(matches!(usable(&server, ORDER).await, Err(ChangeError::WeChat(_))));
    }
    assert_eq!(server.audited("templates_synced").await.len(), 0);
    let reading = json!({"name": "reader", "scopes": ["templates:read"]});
    let made = backend.post(&format!("{}/api-keys", server.org()), reading).await.expect(201).json();
    let reader = server.backend(made["api_key"].as_str());
    reader.get(&path).await.expect(200);
    reader.post(&format!("{path}/sync"), json!({})).await.expect_problem(403, "missing_scope");
}

#[actix_web::test]
async fn link_hosts_are_named_read_and_held_to() {
    let server = TestServer::start().await;
    let (backend, path) = (server.own_backend(), format!("{}/link-hosts", server.org()));
    assert_eq!(backend.get(&path).await.expect(200).json(), json!({"hosts": []}));
    let scope = OrgScope::of_row(server.organization);
    let opens = |url: &'static str| {
        let admin = &server.running().admin;
        async move { admin.check_link(scope, url).await.map_err(|error| error.to_string()) }
    };
    assert!(
        opens("https://shop.example.com/").await.unwrap_err().starts_with("url: must be an address of this")
    );
    let own = server.at("/p/suppliers");
    server.running().admin.check_link(scope, &own).await.unwrap();
    let hosts = json!({"hosts": ["shop.example.com", "pay.example.com:8443"]});
    assert_eq!(backend.put(&path, hosts.clone()).await.expect(200).json(), hosts);
    assert_eq!(backend.get(&path).await.expect(200).json(), hosts);
    opens("https://shop.example.com/orders/42").await.unwrap();
    opens("https://pay.example.com:8443/").await.unwrap();
    assert_eq!(opens("http://shop.example.com/").await, Err("url: must begin with https://".into()));

    let many: Vec<_> = (0..21).map(|n| format!("h{n}.example.com")).collect();
    for (hosts, field) in [
        (json!(["*.example.com"]), "hosts[0]"),
        (json!(["a.example.com", "https://b.example.com"]), "hosts[1]"),
        (json!(["A.example.com"]), "hosts[0]"),
        (json!(["a.example.com", "a.example.com"]), "hosts[1]"),
        (json!(many), "hosts"),
    ] {
        let refused = backend.put(&path, json!({"hosts": hosts})).await.expect_problem(422, "invalid_field");
        assert_eq!(refused.json()["field"], field);
    }
    assert_eq!(backend.get(&path).await.expect(200).json(), hosts, "nothing of it was kept");
    let (stranger, theirs) = organization(&server).await;
    stranger.get(&path).await.expect_problem(404, "not_found");
    stranger.put(&path, json!({"hosts": []})).await.expect_problem(404, "not_found");
    let theirs = theirs.replace("service-account", "link-hosts");
    assert_eq!(stranger.get(&theirs).await.expect(200).json(), json!({"hosts": []}), "each has its own");
    backend.put(&path, json!({"hosts": many[..20]})).await.expect(200);
    backend.put(&path, json!({"hosts": []})).await.expect(200);
    opens("https://shop.example.com/").await.unwrap_err();
}
