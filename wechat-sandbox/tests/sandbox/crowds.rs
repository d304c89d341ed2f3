//! Many followers at once.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::support::{APPID, start};

#[tokio::test]
async fn a_hundred_thousand_followers_are_paged_through_and_described() {
    let folder = tempfile::tempdir().expect("a folder");
    let sandbox = start(Some(folder.path()));
    sandbox.account().await;
    let (_, early) = sandbox.follower("小明").await;
    let journal = || std::fs::read_to_string(folder.path().join("journal.jsonl")).expect("a journal");
    let before = journal();
    let made = sandbox
        .post("/sandbox/people/bulk", json!({"appid": APPID, "count": 100_000, "following": true}))
        .await;
    assert_eq!(made.status(), 201);
    let made: Value = made.json().await.expect("JSON");
    assert_eq!(made, json!({"created": 100_000, "first_id": "per_1_1", "last_id": "per_1_100000"}));
    let after = journal();
    assert_eq!(after.lines().count(), before.lines().count() + 1, "one line for all of them");
    assert!(after.len() < before.len() + 200);
    let (_, late) = sandbox.follower("小红").await;

    let token = sandbox.token().await;
    let (mut openids, mut next) = (Vec::<String>::new(), String::new());
    loop {
        let path = format!("/cgi-bin/user/get?access_token={token}&next_openid={next}");
        let page = sandbox.get_json(&path).await;
        assert_eq!(page["total"], 100_002);
        openids
            .extend(serde_json::from_value::<Vec<String>>(page["data"]["openid"].clone()).expect("openids"));
        next = page["next_openid"].as_str().expect("a text").to_owned();
        if next.is_empty() {
            break;
        }
        assert_eq!(page["count"], 10_000);
    }
    assert_eq!(openids.len(), 100_002);
    assert_eq!(openids.iter().collect::<HashSet<_>>().len(), 100_002);
    assert_eq!((&openids[0], &openids[100_001]), (&early, &late), "in the order of following");
    let first = sandbox.get_json("/sandbox/people/per_1_1").await;
    assert_eq!((&first["openids"][APPID], &first["following"]), (&json!(openids[1]), &json!([APPID])));

    let user_list: Vec<_> = openids[50_000..50_100].iter().map(|openid| json!({"openid": openid})).collect();
    let path = format!("/cgi-bin/user/info/batchget?access_token={token}");
    let described = sandbox.post_json(&path, json!({"user_list": user_list})).await;
    let described = described["user_info_list"].as_array().expect("a list");
    assert_eq!(described.len(), 100);
    assert!(described.iter().all(|one| one["subscribe"] == 1 && one["subscribe_time"].is_u64()));
    assert_eq!(sandbox.get_json("/sandbox/stats").await["messages"]["people"], 100_002);
}

#[tokio::test]
async fn one_of_a_crowd_can_do_what_everybody_can() {
    let sandbox = start(None);
    let mut events = sandbox.listening_account().await;
    sandbox.post("/sandbox/people/bulk", json!({"appid": APPID, "count": 3})).await;
    assert!(events.try_recv().is_err(), "nobody tells of a crowd");
    let openid = sandbox.get_json("/sandbox/people/per_1_2").await["openids"][APPID].clone();
    let gone = sandbox.post_json("/sandbox/people/per_1_2/unfollow", json!({"appid": APPID})).await;
    assert_eq!((&gone["person"]["following"], &gone["callback"]["delivered"]), (&json!([]), &json!(true)));
    let (_, event) = events.recv().await.expect("an event");
    assert!(event.contains(openid.as_str().expect("an openid")), "{event}");
    let token = sandbox.token().await;
    let info =
        format!("/cgi-bin/user/info?access_token={token}&openid={}", openid.as_str().expect("an openid"));
    assert_eq!(sandbox.get_json(&info).await["subscribe"], 0);
    let exchanged = sandbox.exchange(&sandbox.code("snsapi_base", "per_1_3").await).await;
    assert_eq!(exchanged["openid"], sandbox.get_json("/sandbox/people/per_1_3").await["openids"][APPID]);
    let people = sandbox.get_json("/sandbox/people").await;
    let ids: Vec<_> = people["items"].as_array().expect("a list").iter().map(|one| &one["id"]).collect();
    assert_eq!(ids, ["per_1_2", "per_1_1", "per_1_3"]);
}

#[tokio::test]
async fn a_crowd_may_also_just_be_there() {
    let sandbox = start(None);
    sandbox.account().await;
    let made = sandbox
        .post_json("/sandbox/people/bulk", json!({"appid": APPID, "count": 2, "following": false}))
        .await;
    assert_eq!(made["created"], 2);
    assert_eq!(sandbox.get_json("/sandbox/people/per_1_1").await["following"], json!([]));
    let all = sandbox.get_json(&format!("/cgi-bin/user/get?access_token={}", sandbox.token().await)).await;
    assert_eq!(all, json!({"total": 0, "count": 0, "next_openid": ""}));
}

#[tokio::test]
async fn what_is_no_crowd_is_told() {
    let sandbox = start(None);
    sandbox.account().await;
    for (body, status) in [
        (json!({"appid": "wx0", "count": 1}), 404),
        (json!({"appid": APPID}), 422),
        (json!({"appid": APPID, "count": 0}), 422),
        (json!({"appid": APPID, "count": -1}), 422),
        (json!({"appid": APPID, "count": 10_000_001}), 422),
        (json!({"appid": APPID, "count": 1, "colour": "red"}), 422),
    ] {
        assert_eq!(sandbox.post("/sandbox/people/bulk", body.clone()).await.status(), status, "{body}");
    }
    assert_eq!(sandbox.get("/sandbox/people/per_1_1").await.status(), 404);
}
