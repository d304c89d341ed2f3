//! The client against the sandbox, which is written from WeChat's documents and knows nothing of the client.

use wechat_sandbox::{RunningSandbox, Sandbox, SandboxConfig};

use super::*;

const APPID: &str = "wx0123456789abcdef";
const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// A client and the WeChat that it speaks to.
struct Meeting {
    sandbox: RunningSandbox,
    http: reqwest::Client,
    wechat: WeChat,
    credentials: Credentials,
}

impl Meeting {
    async fn begin() -> Self {
        let config = SandboxConfig { listen: "127.0.0.1:0".into(), data: None };
        let sandbox = Sandbox::bind(config).unwrap().start();
        let http = reqwest::Client::builder().no_proxy().build().unwrap();
        let endpoints = Endpoints { api_url: sandbox.url().into(), open_url: sandbox.url().into() };
        let wechat = WeChat::new(http.clone(), endpoints, Arc::<StillClock>::default());
        let credentials = Credentials {
            account: ServiceAccountId(Uuid::from_u128(1)),
            organization: OrgId(Uuid::from_u128(2)),
            appid: APPID.into(),
            secret: SECRET.into(),
        };
        let meeting = Self { sandbox, http, wechat, credentials };
        let account = json!({
            "original_id": "gh_0123456789ab", "appid": APPID, "secret": SECRET, "token": "token",
            "encoding_aes_key": "Q7wKp2Zt9XbLm4VnR8sYd1HcJf6GuEa3TqWoPi5NzAv", "mode": "safe",
        });
        meeting.post("/sandbox/accounts", &account).await;
        meeting
    }

    async fn post(&self, path: &str, body: &Value) -> Value {
        let url = format!("{}{path}", self.sandbox.url());
        let answer = self.http.post(url).json(body).send().await.unwrap();
        assert!(answer.status().is_success(), "{path}: {}", answer.status());
        answer.json().await.unwrap()
    }

    /// Somebody comes, and follows or not; gives the openid.
    async fn person(&self, nickname: &str, follows: bool) -> String {
        let person = self.post("/sandbox/people", &json!({"nickname": nickname})).await;
        if follows {
            let path = format!("/sandbox/people/{}/follow", person["id"].as_str().unwrap());
            self.post(&path, &json!({"appid": APPID})).await;
        }
        person["openids"][APPID].as_str().unwrap().to_owned()
    }
}

#[actix_web::test]
async fn followers_are_listed_and_described() {
    let meeting = Meeting::begin().await;
    let page = meeting.wechat.follower_page(&meeting.credentials, None).await.unwrap();
    assert_eq!((page.total, page.openids.len(), page.next), (0, 0, None));

    let alice = meeting.person("Alice", true).await;
    let bob = meeting.person("Bob", false).await;
    let page = meeting.wechat.follower_page(&meeting.credentials, None).await.unwrap();
    assert_eq!((page.total, &page.openids, page.next), (1, &vec![alice.clone()], None));
    let after = meeting.wechat.follower_page(&meeting.credentials, Some(&alice)).await.unwrap();
    assert_eq!((after.openids.len(), after.next), (0, None));

    let asked = [alice.clone(), bob.clone()];
    let batch = OpenidBatch::split(&asked).next().unwrap();
    let told = meeting.wechat.follower_details(&meeting.credentials, batch).await.unwrap();
    assert_eq!([&told[0].openid, &told[1].openid], [&alice, &bob]);
    assert_eq!((told[0].follows, told[0].scene.as_deref()), (true, Some("ADD_SCENE_SEARCH")));
    assert!(told[0].followed_at.is_some());
    assert_eq!((told[1].follows, told[1].followed_at), (false, None));
    let one = meeting.wechat.follower(&meeting.credentials, &alice).await.unwrap();
    assert_eq!((one.follows, one.since), (true, told[0].followed_at));
}

#[actix_web::test]
async fn wrong_credentials_are_told_in_plain_words() {
    let mut meeting = Meeting::begin().await;
    meeting.wechat.check_credentials(&meeting.credentials).await.unwrap();
    meeting.credentials.secret = "ffffffffffffffffffffffffffffffff".into();
    let error = meeting.wechat.check_credentials(&meeting.credentials).await.unwrap_err();
    assert_eq!(error.trouble(), Trouble::WrongSecret);
    meeting.credentials.appid = "wxffffffffffffffff".into();
    let error = meeting.wechat.check_credentials(&meeting.credentials).await.unwrap_err();
    assert_eq!(error.trouble(), Trouble::UnknownAppid);
    meeting.sandbox.stop().await;
    let error = meeting.wechat.check_credentials(&meeting.credentials).await.unwrap_err();
    assert_eq!(error.trouble().word(), "unreachable");
}
