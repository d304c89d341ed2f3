//! What the client does with answers, chiefly its book-keeping of tokens; what WeChat means by them is the sandbox's to say.

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use serde_json::{Value, json};
use uuid::Uuid;
use wiremock::matchers::{body_partial_json, method, path, query_param};
use wiremock::{Mock, MockServer, Request, ResponseTemplate};

use crate::domain::clock::{Clock, Millis};
use crate::domain::ids::{OrgId, ServiceAccountId};

use super::*;

mod followers;
mod menu;
mod sandbox;

/// A clock that stands still until it is moved.
#[derive(Default)]
struct StillClock(AtomicI64);

impl StillClock {
    fn pass(&self, seconds: i64) {
        self.0.fetch_add(seconds * 1000, Ordering::SeqCst);
    }
}

impl Clock for StillClock {
    fn now(&self) -> Millis {
        Millis(1_767_225_600_000 + self.0.load(Ordering::SeqCst))
    }
}

struct Scene {
    server: MockServer,
    clock: Arc<StillClock>,
    wechat: WeChat,
    credentials: Credentials,
}

impl Scene {
    async fn set() -> Self {
        let server = MockServer::start().await;
        let clock = Arc::<StillClock>::default();
        let endpoints = Endpoints {
            api_url: format!("{}/", server.uri()),
            open_url: "https://open.weixin.qq.com".into(),
        };
        let http = reqwest::Client::builder()
            .no_proxy()
            .redirect(reqwest::redirect::Policy::none())
            .build()
            .unwrap();
        let wechat = WeChat::new(http, endpoints, clock.clone());
        let credentials = Credentials {
            account: ServiceAccountId(Uuid::from_u128(1)),
            organization: OrgId(Uuid::from_u128(2)),
            appid: "wx0123456789abcdef".into(),
            secret: "the-app-secret".into(),
        };
        Self { server, clock, wechat, credentials }
    }

    /// Answers from the first of `answers` on, the last one for ever.
    async fn answers(&self, at: &str, answers: impl IntoIterator<Item = Value>) {
        let mut answers: Vec<_> = answers.into_iter().collect();
        let last = answers.pop().unwrap();
        for answer in answers {
            self.mount(at, answer, Some(1)).await;
        }
        self.mount(at, last, None).await;
    }

    async fn mount(&self, at: &str, answer: Value, times: Option<u64>) {
        // As WeChat's `/sns` does: JSON under another name.
        let answer = ResponseTemplate::new(200).set_body_raw(answer.to_string(), "text/plain");
        let mock = Mock::given(path(at)).respond_with(answer);
        match times {
            Some(times) => mock.up_to_n_times(times).mount(&self.server).await,
            None => mock.mount(&self.server).await,
        }
    }

    async fn calls(&self, at: &str) -> Vec<Request> {
        let requests = self.server.received_requests().await.unwrap();
        requests.into_iter().filter(|request| request.url.path() == at).collect()
    }

    async fn follower(&self) -> Result<Followership, WeChatError> {
        self.wechat.follower(&self.credentials, "oPerson").await
    }
}

const TOKEN: &str = "/cgi-bin/stable_token";
const INFO: &str = "/cgi-bin/user/info";
const CODE: &str = "/sns/oauth2/access_token";

fn token(value: &str) -> Value {
    json!({"access_token": value, "expires_in": 7200})
}

fn refusal(errcode: i64) -> Value {
    json!({"errcode": errcode, "errmsg": "no rid: 6915a1b2-0c0ffee0-12345678"})
}

fn follows() -> Value {
    json!({"subscribe": 1, "openid": "oPerson", "subscribe_time": 1_700_000_000})
}

#[tokio::test]
async fn the_authorize_url_stands_in_wechats_order() {
    let scene = Scene::set().await;
    assert_eq!(
        scene.wechat.authorize_url("wx1", "https://m.example.org/cb?a=1&b=登", Scope::Base, "abc"),
        "https://open.weixin.qq.com/connect/oauth2/authorize?appid=wx1\
         &redirect_uri=https%3A%2F%2Fm.example.org%2Fcb%3Fa%3D1%26b%3D%E7%99%BB\
         &response_type=code&scope=snsapi_base&state=abc#wechat_redirect"
    );
    assert!(scene.wechat.is_real());
}

#[tokio::test]
async fn a_code_becomes_an_openid() {
    let scene = Scene::set().await;
    let answer =
        json!({"access_token": "ut", "expires_in": 7200, "openid": "oPerson", "scope": "snsapi_base"});
    scene.answers(CODE, [answer]).await;
    let authorization = scene.wechat.exchange_code(&scene.credentials, "CODE").await.unwrap();
    assert_eq!(authorization.openid, "oPerson");
    assert!(!format!("{authorization:?}{:?}", scene.credentials).contains("oPerson"));
    let call = &scene.calls(CODE).await[0];
    assert_eq!(
        call.url.query(),
        Some("appid=wx0123456789abcdef&secret=the-app-secret&code=CODE&grant_type=authorization_code")
    );
    assert_eq!(
        scene.wechat.user_profile(&authorization, "zh_CN").await.unwrap_err(),
        WeChatError::ScopeTooNarrow
    );
}

#[tokio::test]
async fn a_virtual_person_is_nobody_however_the_mark_is_written() {
    for mark in [json!(1), json!("1"), json!(true), json!(2)] {
        let scene = Scene::set().await;
        scene.answers(CODE, [json!({"access_token": "t", "openid": "oV", "is_snapshotuser": mark})]).await;
        let error = scene.wechat.exchange_code(&scene.credentials, "CODE").await.unwrap_err();
        assert_eq!(error, WeChatError::SnapshotUser);
    }
    let scene = Scene::set().await;
    scene.answers(CODE, [json!({"access_token": "t", "openid": "oReal", "is_snapshotuser": 0})]).await;
    assert!(scene.wechat.exchange_code(&scene.credentials, "CODE").await.is_ok());
}

#[tokio::test]
async fn a_busy_wechat_is_offered_the_code_once_more_and_a_used_code_is_not() {
    let scene = Scene::set().await;
    scene.answers(CODE, [refusal(-1), json!({"access_token": "t", "openid": "oPerson"})]).await;
    assert!(scene.wechat.exchange_code(&scene.credentials, "CODE").await.is_ok());

    let scene = Scene::set().await;
    scene.answers(CODE, [refusal(-1)]).await;
    assert_eq!(
        scene.wechat.exchange_code(&scene.credentials, "C").await.unwrap_err().advice(),
        Advice::Retry
    );
    assert_eq!(scene.calls(CODE).await.len(), 2);

    let scene = Scene::set().await;
    scene.answers(CODE, [refusal(40_163)]).await;
    let error = scene.wechat.exchange_code(&scene.credentials, "CODE").await.unwrap_err();
    assert_eq!(error.advice(), Advice::Reauthorize);
    assert_eq!(scene.calls(CODE).await.len(), 1);
}

#[tokio::test]
async fn a_profile_is_cleaned_and_its_refusal_is_a_snapshot() {
    let scene = Scene::set().await;
    let authorization = Authorization {
        openid: "oPerson".into(),
        user_token: "ut".into(),
        scope: "snsapi_userinfo".into(),
        unionid: None,
    };
    let shown = json!({"nickname": " 小\u{7}明 ", "headimgurl": "javascript:alert(1)"});
    scene.answers("/sns/userinfo", [shown, refusal(48_001)]).await;
    let profile = scene.wechat.user_profile(&authorization, "zh_CN").await.unwrap();
    assert_eq!(profile, Profile { nickname: Some("小明".into()), avatar_url: None });
    assert_eq!(
        scene.wechat.user_profile(&authorization, "zh_CN").await.unwrap_err(),
        WeChatError::SnapshotUser
    );
}

#[tokio::test]
async fn two_hundred_callers_fetch_one_token() {
    let scene = Scene::set().await;
    let slow = ResponseTemplate::new(200).set_body_json(token("t1")).set_delay(Duration::from_millis(50));
    let right = json!({"grant_type": "client_credential", "appid": "wx0123456789abcdef", "secret": "the-app-secret", "force_refresh": false});
    Mock::given(method("POST"))
        .and(path(TOKEN))
        .and(body_partial_json(right))
        .respond_with(slow)
        .mount(&scene.server)
        .await;
    Mock::given(method("GET"))
        .and(path(INFO))
        .and(query_param("access_token", "t1"))
        .respond_with(ResponseTemplate::new(200).set_body_json(follows()))
        .mount(&scene.server)
        .await;
    let answers = futures_util::future::join_all((0..200).map(|_| scene.follower())).await;
    for answer in answers {
        let since = Some(Millis(1_700_000_000_000));
        assert_eq!(answer.unwrap(), Followership { follows: true, since });
    }
    assert_eq!(scene.calls(TOKEN).await.len(), 1);
}

#[tokio::test]
async fn a_refused_secret_is_asked_about_once_for_all_who_wait() {
    let scene = Scene::set().await;
    let slow = ResponseTemplate::new(200).set_body_json(refusal(40_001)).set_delay(Duration::from_millis(50));
    Mock::given(path(TOKEN)).respond_with(slow).mount(&scene.server).await;
    let answers = futures_util::future::join_all((0..50).map(|_| scene.follower())).await;
    assert!(answers.iter().all(|answer| answer.as_ref().unwrap_err().advice() == Advice::Pause));
    assert_eq!(scene.calls(TOKEN).await.len(), 1);
}

#[tokio::test]
async fn a_token_is_renewed_five_minutes_before_its_end_and_kept_if_wechat_is_busy() {
    let scene = Scene::set().await;
    scene.answers(TOKEN, [token("t1"), refusal(-1), token("t2")]).await;
    scene.answers(INFO, [follows()]).await;
    scene.follower().await.unwrap();
    scene.clock.pass(6899);
    scene.follower().await.unwrap();
    assert_eq!(scene.calls(TOKEN).await.len(), 1);
    scene.clock.pass(2);
    scene.follower().await.unwrap();
    assert_eq!(scene.calls(TOKEN).await.len(), 2);
    scene.follower().await.unwrap();
    let used: Vec<_> =
        scene.calls(INFO).await.iter().map(|call| call.url.query().unwrap()[..15].to_owned()).collect();
    assert_eq!(used, ["access_token=t1", "access_token=t1", "access_token=t1", "access_token=t2"]);
}

#[tokio::test]
async fn a_dead_token_is_replaced_once_per_call_and_for_all_callers() {
    for errcode in [40_001, 40_014, 42_001] {
        let scene = Scene::set().await;
        scene.answers(TOKEN, [token("t1"), token("t2")]).await;
        Mock::given(path(INFO))
            .and(query_param("access_token", "t1"))
            .respond_with(ResponseTemplate::new(200).set_body_json(refusal(errcode)))
            .mount(&scene.server)
            .await;
        scene.answers(INFO, [follows()]).await;
        let answers = futures_util::future::join_all((0..20).map(|_| scene.follower())).await;
        assert!(answers.into_iter().all(|answer| answer.is_ok()));
        assert_eq!(scene.calls(TOKEN).await.len(), 2);
    }
}

#[tokio::test]
async fn a_new_token_that_is_refused_too_is_the_accounts_trouble() {
    let scene = Scene::set().await;
    scene.answers(TOKEN, [token("same")]).await;
    scene.answers(INFO, [refusal(40_001)]).await;
    let refused = WeChatError::TokenRefusedAgain { errcode: 40_001 };
    assert_eq!(scene.follower().await.unwrap_err(), refused);
    assert_eq!(refused.advice(), Advice::Pause);
    assert_eq!((scene.calls(TOKEN).await.len(), scene.calls(INFO).await.len()), (2, 2));
    // Within the minute the next caller does not even try a second time.
    assert_eq!(scene.follower().await.unwrap_err(), refused);
    assert_eq!((scene.calls(TOKEN).await.len(), scene.calls(INFO).await.len()), (3, 3));
}

#[tokio::test]
async fn a_token_that_worked_in_between_makes_the_next_refusal_a_first_one() {
    let scene = Scene::set().await;
    scene.answers(TOKEN, [token("same")]).await;
    scene.answers(INFO, [refusal(42_001), follows(), refusal(42_001), follows()]).await;
    scene.follower().await.unwrap();
    scene.follower().await.unwrap();
    assert_eq!(scene.calls(TOKEN).await.len(), 3);
}

#[tokio::test]
async fn other_credentials_never_get_the_old_ones_token() {
    let mut scene = Scene::set().await;
    scene.answers(TOKEN, [token("t1"), token("t2")]).await;
    scene.answers(INFO, [follows()]).await;
    scene.follower().await.unwrap();
    scene.credentials.secret = "another-secret".into();
    scene.follower().await.unwrap();
    assert_eq!(scene.calls(TOKEN).await.len(), 2);
}

#[tokio::test]
async fn checking_credentials_asks_wechat_each_time_and_names_our_address() {
    let scene = Scene::set().await;
    let closed = json!({"errcode": 40_164, "errmsg": "invalid ip 203.0.113.9 ipv6 ::ffff:203.0.113.9, not in whitelist"});
    scene.answers(TOKEN, [token("t1"), token("t1"), closed]).await;
    scene.wechat.check_credentials(&scene.credentials).await.unwrap();
    scene.wechat.check_credentials(&scene.credentials).await.unwrap();
    let error = scene.wechat.check_credentials(&scene.credentials).await.unwrap_err();
    let WeChatError::Api { errcode: 40_164, ip, .. } = error else { panic!("{error}") };
    assert_eq!(ip, "203.0.113.9".parse().ok());
}

#[tokio::test]
async fn answers_that_are_none_are_told_apart() {
    let scene = Scene::set().await;
    let failure = |answer: ResponseTemplate| async {
        scene.server.reset().await;
        Mock::given(path(CODE)).respond_with(answer).mount(&scene.server).await;
        scene.wechat.exchange_code(&scene.credentials, "CODE").await.unwrap_err()
    };
    let network = WeChatError::Network;
    assert_eq!(failure(ResponseTemplate::new(502)).await, network(NetworkFailure::Status(502)));
    let redirect = ResponseTemplate::new(302).insert_header("location", "/elsewhere");
    assert_eq!(failure(redirect).await, network(NetworkFailure::Status(302)));
    assert_eq!(
        failure(ResponseTemplate::new(200).set_body_string("<html>")).await,
        network(NetworkFailure::Body)
    );
    let huge = ResponseTemplate::new(200).set_body_string(" ".repeat(1024 * 1024 + 1));
    assert_eq!(failure(huge).await, network(NetworkFailure::Body));
    let strange = ResponseTemplate::new(200).set_body_json(json!({"access_token": "t", "openid": "a b"}));
    assert_eq!(failure(strange).await, network(NetworkFailure::Body));

    // Nobody listens on port 1.
    let nowhere = "http://127.0.0.1:1".to_owned();
    let endpoints = Endpoints { api_url: nowhere.clone(), open_url: nowhere };
    let http = reqwest::Client::builder().no_proxy().build().unwrap();
    let away = WeChat::new(http, endpoints, scene.clock.clone());
    let error = away.exchange_code(&scene.credentials, "CODE").await.unwrap_err();
    assert_eq!(error, network(NetworkFailure::Connect));
    assert!(!away.is_real());
    assert!(!format!("{error:?} {error}").contains("secret"));
}
