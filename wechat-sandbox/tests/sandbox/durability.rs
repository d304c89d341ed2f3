//! What a restart keeps, and what a reset does not.

use serde_json::json;

use crate::support::{APPID, NOTE, note, start};

#[tokio::test]
async fn a_restart_keeps_everything() {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = start(Some(folder.path()));
    sandbox.account().await;
    let (id, openid) = sandbox.person("小明").await;
    sandbox.post(&format!("/sandbox/people/{id}/follow"), json!({"appid": APPID})).await;
    sandbox.post("/sms", json!({"id": "1", "phone": "+8613800138000", "code": "123456", "text": "x"})).await;
    let token = sandbox.token().await;
    let (used, unused) = (sandbox.code("snsapi_base", &id).await, sandbox.code("snsapi_base", &id).await);
    sandbox.exchange(&used).await;
    sandbox.sandbox.stop().await;

    let sandbox = start(Some(folder.path()));
    let all = sandbox.get_json(&format!("/cgi-bin/user/get?access_token={token}")).await;
    assert_eq!(all["data"]["openid"], json!([openid]));
    assert_eq!(sandbox.exchange(&used).await["errcode"], 40163);
    assert_eq!(sandbox.exchange(&unused).await["openid"], json!(openid));
    assert_eq!(sandbox.get_json("/sandbox/sms").await["items"][0]["code"], "123456");
    sandbox.post("/sms", json!({"id": "1", "phone": "+8613800138000", "code": "123456", "text": "x"})).await;
    assert_eq!(sandbox.get_json("/sandbox/stats").await["sms"], 1, "the id is remembered");
}

#[tokio::test]
async fn nothing_acknowledged_is_lost_without_a_farewell() {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = start(Some(folder.path()));
    let (id, _) = sandbox.person("小明").await;
    // The file as it is while the sandbox still runs is what a kill would leave.
    let copy = tempfile::tempdir().expect("a folder");
    let name = "journal.jsonl";
    std::fs::copy(folder.path().join(name), copy.path().join(name)).expect("copies");
    let sandbox = start(Some(copy.path()));
    assert_eq!(sandbox.get(&format!("/sandbox/people/{id}")).await.status(), 200);
}

#[tokio::test]
async fn menus_crowds_and_account_switches_outlive_a_kill_and_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = start(Some(folder.path()));
    sandbox.account_with(json!({"frozen": false, "ip_whitelist": ["127.0.0.1"]})).await;
    let button = json!({"type": "view", "name": "门户", "url": "https://www.example.org/"});
    sandbox.create_menu(json!([button])).await;
    sandbox.post("/sandbox/people/bulk", json!({"appid": APPID, "count": 5})).await;
    sandbox.post("/sandbox/people/per_1_2/unfollow", json!({"appid": APPID})).await;
    let token = sandbox.token().await;
    let followers = format!("/cgi-bin/user/get?access_token={token}");
    let current = format!("/cgi-bin/get_current_selfmenu_info?access_token={token}");
    let before = sandbox.get_json(&followers).await;
    assert_eq!(before["total"], 4);
    // The file as it is while the sandbox still runs is what a kill would leave.
    let copy = tempfile::tempdir().expect("a folder");
    let name = "journal.jsonl";
    std::fs::copy(folder.path().join(name), copy.path().join(name)).expect("copies");
    for _ in ["from the changes", "from the snapshot"] {
        let sandbox = start(Some(copy.path()));
        assert_eq!(sandbox.get_json(&followers).await, before);
        assert_eq!(sandbox.get_json(&current).await["selfmenu_info"]["button"], json!([button]));
        let account = sandbox.post_json("/sandbox/accounts", json!({"appid": APPID})).await;
        assert_eq!(account["ip_whitelist"], json!(["127.0.0.1"]));
        sandbox.sandbox.stop().await;
    }
}

#[tokio::test]
async fn messages_their_names_and_the_quota_outlive_a_kill_and_a_restart() {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = start(Some(folder.path()));
    let token = sandbox.sending_account(json!({"daily_quota": 5})).await;
    let (id, openid) = sandbox.follower("小明").await;
    let (other, other_openid) = sandbox.follower("小红").await;
    sandbox
        .post(&format!("/sandbox/people/{other}/block"), json!({"appid": APPID, "template_id": NOTE}))
        .await;
    let named = note(&openid, &json!({"client_msg_id": "c-1", "url": "https://h/"}));
    let first = sandbox.send(&token, named.clone()).await;
    for _ in 0..2 {
        sandbox.send(&token, named.clone()).await;
    }
    sandbox.send(&token, note(&openid, &json!({}))).await;
    let added = json!({"template_id_short": "47123", "keyword_name_list": ["时间"]});
    let add = format!("/cgi-bin/template/api_add_template?access_token={token}");
    let template = sandbox.post_json(&add, added).await["template_id"].clone();
    let scene = json!({"action_name": "QR_LIMIT_STR_SCENE", "action_info": {"scene": {"scene_str": "s"}}});
    let create = format!("/cgi-bin/qrcode/create?access_token={token}");
    let code = sandbox.post_json(&create, scene.clone()).await;
    let messages = sandbox.get_json("/sandbox/messages").await;
    let counts = sandbox.get_json("/sandbox/stats").await["messages"].clone();
    assert_eq!(counts, json!({"people": 2, "min": 0, "max": 2, "total": 2, "duplicates_dropped": 2}));
    // The file as it is while the sandbox still runs is what a kill would leave.
    let copy = tempfile::tempdir().expect("a folder");
    let name = "journal.jsonl";
    std::fs::copy(folder.path().join(name), copy.path().join(name)).expect("copies");
    for _ in ["from the changes", "from the snapshot"] {
        let sandbox = start(Some(copy.path()));
        assert_eq!(sandbox.get_json("/sandbox/messages").await, messages);
        assert_eq!(sandbox.get_json("/sandbox/stats").await["messages"], counts);
        assert_eq!(messages["items"][0]["person"], json!(id));
        let listed = format!("/cgi-bin/template/get_all_private_template?access_token={token}");
        assert_eq!(sandbox.get_json(&listed).await["template_list"][2]["template_id"], template);
        assert_eq!(sandbox.post_json(&create, scene.clone()).await, code);
        assert_eq!(sandbox.send(&token, note(&other_openid, &json!({}))).await["errcode"], 43101);
        sandbox.sandbox.stop().await;
    }
    let sandbox = start(Some(copy.path()));
    assert_eq!(sandbox.send(&token, named.clone()).await, first, "its name is remembered");
    assert_eq!(sandbox.send(&token, named).await["errcode"], 45009, "five of five");
}

#[tokio::test]
async fn a_reset_forgets_everything_for_ever() {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = start(Some(folder.path()));
    sandbox.account().await;
    sandbox.person("小明").await;
    sandbox.put("/sandbox/faults", json!({"errcode": 45009})).await;
    assert_eq!(sandbox.post("/sandbox/reset", json!({})).await.status(), 204);
    assert_eq!(sandbox.get_json("/sandbox/people").await["items"], json!([]));
    assert_eq!(sandbox.get_json("/sandbox/stats").await["calls"], json!({}));
    assert_eq!(
        sandbox.get_json("/cgi-bin/getcallbackip").await["errcode"],
        41001,
        "the faults are gone, too"
    );
    sandbox.sandbox.stop().await;
    let sandbox = start(Some(folder.path()));
    assert_eq!(sandbox.get_json("/sandbox/people").await["items"], json!([]));
}

#[tokio::test]
async fn a_stopped_sandbox_frees_its_port() {
    let sandbox = start(None);
    let address = sandbox.sandbox.url().trim_start_matches("http://").to_owned();
    sandbox.sandbox.stop().await;
    std::net::TcpListener::bind(address).expect("the port is free");
}
