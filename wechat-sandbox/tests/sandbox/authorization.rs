//! Web authorization and `/sns`.

use serde_json::json;

use crate::support::{APPID, SECRET, authorize_link, code_of, exchange_path, start};

#[tokio::test]
async fn a_silent_authorization_gives_the_openid() {
    let sandbox = start(None);
    sandbox.account().await;
    let (id, openid) = sandbox.person("小明").await;
    assert_eq!(openid.len(), 28);
    let code = sandbox.code("snsapi_base", &id).await;
    let answer = sandbox.get(&exchange_path(APPID, SECRET, &code)).await;
    assert_eq!(answer.headers()["Content-Type"], "text/plain");
    let body: serde_json::Value = serde_json::from_str(&answer.text().await.expect("a body")).expect("JSON");
    assert_eq!((&body["openid"], &body["scope"]), (&json!(openid), &json!("snsapi_base")));
    assert_eq!(body["expires_in"], 7200);
    assert!(body.get("is_snapshotuser").is_none() && body.get("errcode").is_none());
}

#[tokio::test]
async fn a_code_is_exchanged_once_and_only_by_its_account() {
    let sandbox = start(None);
    sandbox.account().await;
    let other = "wxfedcba9876543210";
    sandbox.post("/sandbox/accounts", json!({"appid": other, "secret": "other"})).await;
    let (id, _) = sandbox.person("小明").await;
    let code = sandbox.code("snsapi_base", &id).await;
    for (path, errcode) in [
        (exchange_path(other, "other", &code), 40029),
        (exchange_path(APPID, "wrong", &code), 40125),
        (exchange_path("wx0", SECRET, &code), 40013),
        (exchange_path(APPID, SECRET, "garbage"), 40029),
        (exchange_path("", SECRET, &code), 41002),
        (exchange_path(APPID, "", &code), 41004),
        (exchange_path(APPID, SECRET, ""), 41008),
        (exchange_path(APPID, SECRET, &code).replace("authorization_code", "x"), 40002),
    ] {
        let answer = sandbox.get_json(&path).await;
        assert_eq!(answer["errcode"], errcode, "{path}");
        assert!(answer["errmsg"].as_str().is_some_and(|text| text.contains(", rid: ")), "{answer}");
    }
    assert!(sandbox.exchange(&code).await["openid"].is_string(), "none of that has used it up");
    assert_eq!(sandbox.exchange(&code).await["errcode"], 40163);
}

#[tokio::test]
async fn consent_is_asked_for_a_profile_and_refusing_leads_nowhere() {
    let sandbox = start(None);
    sandbox.account().await;
    let (id, openid) = sandbox.person("小明").await;
    let me = format!("sandbox_person={id}");
    let asked = sandbox.authorize("snsapi_userinfo", &me).await;
    assert_eq!(asked.status(), 200);
    assert!(asked.text().await.expect("a page").contains("sandbox_consent=yes"));
    let refused = sandbox.authorize("snsapi_userinfo", &format!("{me}; sandbox_consent=no")).await;
    assert_eq!(refused.status(), 200, "no redirect at all");
    let by_button = format!("{}&sandbox_consent=yes", authorize_link("snsapi_userinfo"));
    let allowed =
        sandbox.client.get(sandbox.url(&by_button)).header("Cookie", &me).send().await.expect("an answer");
    let tokens = sandbox.exchange(&code_of(&allowed)).await;
    let token = tokens["access_token"].as_str().expect("a token");
    let profile =
        sandbox.get_json(&format!("/sns/userinfo?access_token={token}&openid={openid}&lang=zh_CN")).await;
    assert_eq!(profile["nickname"], "小明");
    assert_eq!((&profile["sex"], &profile["privilege"]), (&json!(0), &json!([])));
}

#[tokio::test]
async fn user_tokens_are_checked_and_renewed() {
    let sandbox = start(None);
    sandbox.account().await;
    let (id, openid) = sandbox.person("小明").await;
    let tokens = sandbox.exchange(&sandbox.code("snsapi_base", &id).await).await;
    let (access, refresh) =
        (tokens["access_token"].as_str().expect("a token"), tokens["refresh_token"].clone());
    for (path, errcode) in [
        (format!("/sns/auth?access_token={access}&openid={openid}"), 0),
        (format!("/sns/auth?access_token={access}&openid=o"), 40003),
        (format!("/sns/auth?access_token=garbage&openid={openid}"), 40001),
        (format!("/sns/auth?openid={openid}"), 41001),
        (format!("/sns/auth?access_token={access}"), 41009),
        (format!("/sns/userinfo?access_token={access}&openid={openid}"), 48001),
    ] {
        assert_eq!(sandbox.get_json(&path).await["errcode"], errcode, "{path}");
    }
    let refresh = refresh.as_str().expect("a token");
    let path =
        format!("/sns/oauth2/refresh_token?appid={APPID}&grant_type=refresh_token&refresh_token={refresh}");
    assert_eq!(sandbox.get_json(&path).await["openid"], openid);
    assert_eq!(sandbox.get_json(&path).await["errcode"], 40030, "it has rotated");
}

#[tokio::test]
async fn a_snapshot_visitor_is_a_virtual_account() {
    let sandbox = start(None);
    sandbox.account().await;
    let (id, openid) = sandbox.person("小明").await;
    let cookies = format!("sandbox_person={id}; sandbox_snapshot=yes");
    let answer = sandbox.authorize("snsapi_userinfo", &cookies).await;
    let tokens = sandbox.exchange(&code_of(&answer)).await;
    assert_eq!(tokens["is_snapshotuser"], 1);
    let virtual_openid = tokens["openid"].as_str().expect("an openid");
    assert_ne!(virtual_openid, openid);
    let token = tokens["access_token"].as_str().expect("a token");
    let profile =
        sandbox.get_json(&format!("/sns/userinfo?access_token={token}&openid={virtual_openid}")).await;
    assert_eq!(profile["errcode"], 48001);
}

#[tokio::test]
async fn the_page_tells_why_it_does_not_open() {
    let sandbox = start(None);
    sandbox.account().await;
    let outside = sandbox.get(&authorize_link("snsapi_base")).await.text().await.expect("a page");
    assert!(outside.contains("Please open this link in the WeChat client"));
    let nobody = sandbox.authorize("snsapi_base", "").await.text().await.expect("a page");
    assert!(nobody.contains("Nobody is holding this phone"));
    let unknown =
        sandbox.authorize("snsapi_base", "sandbox_person=per_gone").await.text().await.expect("a page");
    assert!(unknown.contains("per_gone"));
    let (id, _) = sandbox.person("小明").await;
    let foreign = authorize_link("snsapi_base").replace("www.example.org", "example.org");
    let request = sandbox.client.get(sandbox.url(&foreign)).header("Cookie", format!("sandbox_person={id}"));
    let page = request.send().await.expect("an answer");
    assert_eq!(page.status(), 200);
    assert!(page.text().await.expect("a page").contains("10003"));
}
