//! Server credentials and the calls that need them.

use serde_json::json;

use crate::support::{APPID, SECRET, start};

#[tokio::test]
async fn every_wrong_asking_for_a_token_has_its_errcode() {
    let sandbox = start(None);
    sandbox.account().await;
    for (query, errcode) in [
        (format!("grant_type=client_credential&appid={APPID}&secret=wrong"), 40125),
        (format!("grant_type=client_credential&appid=wx0&secret={SECRET}"), 40013),
        (format!("grant_type=password&appid={APPID}&secret={SECRET}"), 40002),
        (format!("grant_type=client_credential&secret={SECRET}"), 41002),
        (format!("grant_type=client_credential&appid={APPID}"), 41004),
    ] {
        let answer = sandbox.get_json(&format!("/cgi-bin/token?{query}")).await;
        assert_eq!(answer["errcode"], errcode, "{query}");
        assert!(answer["errmsg"].as_str().is_some_and(|text| text.contains(" rid: ")), "{answer}");
    }
    let post =
        |body: &'static str| sandbox.client.post(sandbox.url("/cgi-bin/stable_token")).body(body).send();
    for (body, errcode) in [("", 44002), ("{", 47001), ("{}", 40002)] {
        let answer: serde_json::Value = post(body).await.expect("an answer").json().await.expect("JSON");
        assert_eq!(answer["errcode"], errcode, "{body}");
    }
    assert_eq!(sandbox.get_json("/cgi-bin/stable_token").await["errcode"], 43002);
    assert_eq!(sandbox.post_json("/cgi-bin/token", json!({})).await["errcode"], 43001);
}

#[tokio::test]
async fn the_stable_token_stays_and_the_other_one_changes() {
    let sandbox = start(None);
    sandbox.account().await;
    let body = json!({
        "grant_type": "client_credential", "appid": APPID, "secret": SECRET, "force_refresh": false,
    });
    let stable = sandbox.post_json("/cgi-bin/stable_token", body.clone()).await;
    assert_eq!(
        stable["access_token"],
        sandbox.post_json("/cgi-bin/stable_token", body.clone()).await["access_token"]
    );
    let (first, second, third) = (sandbox.token().await, sandbox.token().await, sandbox.token().await);
    let mut errcodes = Vec::new();
    for token in [&first, &second, &third, stable["access_token"].as_str().expect("a token")] {
        let answer = sandbox.get_json(&format!("/cgi-bin/getcallbackip?access_token={token}")).await;
        errcodes.push(answer["errcode"].as_i64().unwrap_or(0));
    }
    assert_eq!(errcodes, [40001, 0, 0, 0], "the overlap is of two tokens");
    let stats = sandbox.get_json("/sandbox/stats").await;
    assert_eq!(stats["token_calls"], 5);
    assert_eq!(stats["calls"]["/cgi-bin/getcallbackip"], json!({"0": 3, "40001": 1}));
}

#[tokio::test]
async fn a_shortened_life_ends_tokens_that_are_out() {
    let sandbox = start(None);
    sandbox.account().await;
    let path = format!("/cgi-bin/user/get?access_token={}", sandbox.token().await);
    assert_eq!(sandbox.get_json(&path).await["total"], 0);
    sandbox.put("/sandbox/faults", json!({"token_ttl_s": 0})).await;
    assert_eq!(sandbox.get_json(&path).await["errcode"], 42001);
    sandbox.put("/sandbox/faults", json!({})).await;
    assert_eq!(sandbox.get_json(&path).await["total"], 0);
    assert_eq!(sandbox.get_json("/cgi-bin/user/get?access_token=garbage").await["errcode"], 40001);
    assert_eq!(sandbox.get_json("/cgi-bin/user/get").await["errcode"], 41001);
}

#[tokio::test]
async fn followers_are_listed_and_described() {
    let sandbox = start(None);
    sandbox.account().await;
    let (first, first_openid) = sandbox.person("小明").await;
    let (_, second_openid) = sandbox.person("小红").await;
    let followed =
        sandbox.post_json(&format!("/sandbox/people/{first}/follow"), json!({"appid": APPID})).await;
    assert_eq!(followed["person"]["following"], json!([APPID]));
    assert!(followed["callback"].is_null(), "this account has no callback");
    let token = sandbox.token().await;
    let all = sandbox.get_json(&format!("/cgi-bin/user/get?access_token={token}")).await;
    assert_eq!(all, json!({"total": 1, "count": 1, "data": {"openid": [first_openid]}, "next_openid": ""}));
    let info = |openid: &str| format!("/cgi-bin/user/info?access_token={token}&openid={openid}&lang=zh_CN");
    let described = sandbox.get_json(&info(&first_openid)).await;
    assert_eq!((&described["subscribe"], &described["openid"]), (&json!(1), &json!(first_openid)));
    assert!(described.get("nickname").is_none());
    assert_eq!(sandbox.get_json(&info(&second_openid)).await["subscribe"], 0);
    assert_eq!(sandbox.get_json(&info("oUnknown")).await["errcode"], 40003);
    let batch = json!({"user_list": [{"openid": first_openid, "lang": "zh_CN"}, {"openid": second_openid}]});
    let path = format!("/cgi-bin/user/info/batchget?access_token={token}");
    let list = sandbox.post_json(&path, batch).await;
    assert_eq!(list["user_info_list"].as_array().map(Vec::len), Some(2));
    let many: Vec<_> = (0..101).map(|_| json!({"openid": first_openid})).collect();
    assert_eq!(sandbox.post_json(&path, json!({"user_list": many})).await["errcode"], 40032);
}

#[tokio::test]
async fn a_body_of_unknown_length_is_refused() {
    let sandbox = start(None);
    let stream = futures_util::stream::iter([Ok::<_, std::io::Error>("{}")]);
    let body = reqwest::Body::wrap_stream(stream);
    let answer =
        sandbox.client.post(sandbox.url("/cgi-bin/stable_token")).body(body).send().await.expect("an answer");
    assert_eq!(answer.status(), 412);
}
