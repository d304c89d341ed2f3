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
async fn the_secret_serves_listed_addresses_only() {
    let sandbox = start(None);
    let set = |settings: serde_json::Value| {
        let mut body = json!({"appid": APPID});
        for (name, value) in settings.as_object().expect("settings") {
            body[name] = value.clone();
        }
        sandbox.post_json("/sandbox/accounts", body)
    };
    sandbox.account().await;
    let token = sandbox.token().await;
    let answer = set(json!({"ip_whitelist": ["203.0.113.7"]})).await;
    assert_eq!(answer["ip_whitelist"], json!(["203.0.113.7"]));
    let token_path = format!("/cgi-bin/token?grant_type=client_credential&appid={APPID}&secret={SECRET}");
    let stable =
        json!({"grant_type": "client_credential", "appid": APPID, "secret": SECRET, "force_refresh": false});
    let exchange = crate::support::exchange_path(APPID, SECRET, "code");
    for answer in [
        sandbox.get_json(&token_path).await,
        sandbox.post_json("/cgi-bin/stable_token", stable.clone()).await,
        sandbox.get_json(&exchange).await,
    ] {
        assert_eq!(answer["errcode"], 40164);
        let text = answer["errmsg"].as_str().expect("a text");
        assert!(text.starts_with("invalid ip 127.0.0.1 ipv6 ::ffff:127.0.0.1, not in whitelist"), "{text}");
    }
    let wrong = token_path.replace(SECRET, "wrong");
    assert_eq!(sandbox.get_json(&wrong).await["errcode"], 40125, "a wrong secret learns nothing of the list");
    let by_token = format!("/cgi-bin/getcallbackip?access_token={token}");
    assert!(sandbox.get_json(&by_token).await["ip_list"].is_array(), "a token is no secret");
    set(json!({"token": "other"})).await;
    assert_eq!(sandbox.get_json(&token_path).await["errcode"], 40164, "what is not given stays");
    for lifted in [json!({"ip_whitelist": ["203.0.113.7", "127.0.0.1"]}), json!({"ip_whitelist": null})] {
        set(json!({"ip_whitelist": []})).await;
        assert_eq!(sandbox.get_json(&token_path).await["errcode"], 40164);
        set(lifted).await;
        assert!(sandbox.get_json(&token_path).await["access_token"].is_string());
    }
    let bad = sandbox.post("/sandbox/accounts", json!({"appid": APPID, "ip_whitelist": ["here"]})).await;
    assert_eq!(bad.status(), 422);
}

#[tokio::test]
async fn what_is_frozen_gives_no_token() {
    let sandbox = start(None);
    sandbox.account().await;
    let path = format!("/cgi-bin/token?grant_type=client_credential&appid={APPID}&secret={SECRET}");
    for (settings, errcode) in [
        (json!({"appid": APPID, "secret_frozen": true}), 40243),
        (json!({"appid": APPID, "frozen": true}), 50007),
        (json!({"appid": APPID, "frozen": false}), 40243),
        (json!({"appid": APPID, "secret_frozen": false}), 0),
    ] {
        sandbox.post("/sandbox/accounts", settings.clone()).await;
        let answer = sandbox.get_json(&path).await;
        assert_eq!(answer["errcode"].as_i64().unwrap_or(0), errcode, "{settings}");
    }
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
