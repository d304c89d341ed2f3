//! A running sandbox, and the few requests that every story makes.

use reqwest::{Client, Response, redirect::Policy};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};
use wechat_sandbox::{RunningSandbox, Sandbox, SandboxConfig};

pub(crate) const APPID: &str = "wx0123456789abcdef";
pub(crate) const SECRET: &str = "0123456789abcdef0123456789abcdef";
pub(crate) const WECHAT: &str = "Mozilla/5.0 (iPhone; CPU iPhone OS 17_0 like Mac OS X) AppleWebKit/605.1.15 Mobile/15E148 MicroMessenger/8.0.50";

/// A template with two values.
pub(crate) const ORDER: &str = "order_template_0123456789_0123456789_012345";
/// A template with one value.
pub(crate) const NOTE: &str = "note_template_0123456789_0123456789_0123456";

/// A message of [`NOTE`], with more beside it.
pub(crate) fn note(openid: &str, more: &Value) -> Value {
    let mut message = json!({"touser": openid, "template_id": NOTE, "data": {"thing1": {"value": "你好"}}});
    for (name, value) in more.as_object().into_iter().flatten() {
        message[name] = value.clone();
    }
    message
}

/// A sandbox with a client that follows no redirect.
pub(crate) struct Running {
    pub(crate) sandbox: RunningSandbox,
    pub(crate) client: Client,
}

/// Starts one on a free port, in memory or on a folder.
pub(crate) fn start(data: Option<&std::path::Path>) -> Running {
    let config = SandboxConfig { listen: "127.0.0.1:0".to_owned(), data: data.map(Into::into) };
    let sandbox = Sandbox::bind(config).expect("binds").start();
    let client = Client::builder().redirect(Policy::none()).no_proxy().build().expect("a client");
    Running { sandbox, client }
}

impl Running {
    pub(crate) fn url(&self, path: &str) -> String {
        format!("{}{path}", self.sandbox.url())
    }

    pub(crate) async fn get(&self, path: &str) -> Response {
        self.client.get(self.url(path)).send().await.expect("an answer")
    }

    pub(crate) async fn get_json(&self, path: &str) -> Value {
        let text = self.get(path).await.text().await.expect("a body");
        serde_json::from_str(&text).unwrap_or_else(|_| panic!("{path} answered {text}"))
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Response {
        self.client.post(self.url(path)).json(&body).send().await.expect("an answer")
    }

    pub(crate) async fn post_json(&self, path: &str, body: Value) -> Value {
        self.post(path, body).await.json().await.expect("JSON")
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Response {
        self.client.put(self.url(path)).json(&body).send().await.expect("an answer")
    }

    /// Registers the account with more settings than the plain ones.
    pub(crate) async fn account_with(&self, more: Value) -> Value {
        let mut body = json!({
            "original_id": "gh_0123456789ab", "appid": APPID, "secret": SECRET, "token": "token",
            "encoding_aes_key": "Q7wKp2Zt9XbLm4VnR8sYd1HcJf6GuEa3TqWoPi5NzAv", "mode": "safe",
            "redirect_domains": ["www.example.org"],
        });
        for (name, value) in more.as_object().expect("settings") {
            body[name] = value.clone();
        }
        self.post_json("/sandbox/accounts", body).await
    }

    pub(crate) async fn account(&self) {
        self.account_with(json!({})).await;
    }

    /// Lets somebody come, and gives their id and their openid.
    pub(crate) async fn person(&self, nickname: &str) -> (String, String) {
        let person = self.post_json("/sandbox/people", json!({"nickname": nickname})).await;
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        (text(&person["id"]), text(&person["openids"][APPID]))
    }

    pub(crate) async fn token(&self) -> String {
        let path = format!("/cgi-bin/token?grant_type=client_credential&appid={APPID}&secret={SECRET}");
        self.get_json(&path).await["access_token"].as_str().expect("a token").to_owned()
    }

    /// The token that stays, however often it is asked for.
    pub(crate) async fn stable_token(&self) -> String {
        let body = json!({
            "grant_type": "client_credential", "appid": APPID, "secret": SECRET, "force_refresh": false,
        });
        let answer = self.post_json("/cgi-bin/stable_token", body).await;
        answer["access_token"].as_str().expect("a token").to_owned()
    }

    /// Registers the account with a callback that tells, in clear, what it is sent.
    pub(crate) async fn listening_account(&self) -> mpsc::Receiver<(String, String)> {
        let (url, events) = listening_callback().await;
        self.account_with(json!({"mode": "plain", "callback_url": url})).await;
        events
    }

    /// Lets somebody come and follow the account.
    pub(crate) async fn follower(&self, nickname: &str) -> (String, String) {
        let (id, openid) = self.person(nickname).await;
        self.post(&format!("/sandbox/people/{id}/follow"), json!({"appid": APPID})).await;
        (id, openid)
    }

    /// Registers the account with two templates, and gives it a token.
    pub(crate) async fn sending_account(&self, more: Value) -> String {
        let mut settings = json!({"mode": "plain", "templates": [
            {"template_id": ORDER, "title": "订单通知", "content": "单号:{{character_string1.DATA}}\n商品:{{thing2.DATA}}\n"},
            {"template_id": NOTE, "title": "提醒", "fields": ["thing1"]},
        ]});
        for (name, value) in more.as_object().expect("settings") {
            settings[name] = value.clone();
        }
        self.account_with(settings).await;
        self.stable_token().await
    }

    /// Sends a message as it stands.
    pub(crate) async fn send(&self, token: &str, message: Value) -> Value {
        self.post_json(&format!("/cgi-bin/message/template/send?access_token={token}"), message).await
    }

    /// Lets the account make a menu.
    pub(crate) async fn create_menu(&self, buttons: Value) {
        let path = format!("/cgi-bin/menu/create?access_token={}", self.stable_token().await);
        assert_eq!(self.post_json(&path, json!({"button": buttons})).await["errcode"], 0);
    }

    /// Opens the authorize link on a phone that this person holds.
    pub(crate) async fn authorize(&self, scope: &str, cookies: &str) -> Response {
        let link = authorize_link(scope);
        let request = self.client.get(self.url(&link)).header("User-Agent", WECHAT).header("Cookie", cookies);
        request.send().await.expect("an answer")
    }

    /// Authorizes and gives the code.
    pub(crate) async fn code(&self, scope: &str, person: &str) -> String {
        let answer = self.authorize(scope, &format!("sandbox_person={person}; sandbox_consent=yes")).await;
        code_of(&answer)
    }

    pub(crate) async fn exchange(&self, code: &str) -> Value {
        self.get_json(&exchange_path(APPID, SECRET, code)).await
    }
}

pub(crate) fn authorize_link(scope: &str) -> String {
    format!(
        "/connect/oauth2/authorize?appid={APPID}&redirect_uri=https%3A%2F%2Fwww.example.org%2Fback&response_type=code\
         &scope={scope}&state=s1"
    )
}

pub(crate) fn exchange_path(appid: &str, secret: &str, code: &str) -> String {
    format!(
        "/sns/oauth2/access_token?appid={appid}&secret={secret}&code={code}&grant_type=authorization_code"
    )
}

pub(crate) fn code_of(answer: &Response) -> String {
    assert_eq!(answer.status(), 302);
    let location = answer.headers()["Location"].to_str().expect("a location");
    let rest = location.strip_prefix("https://www.example.org/back?code=").expect("the way back");
    rest.strip_suffix("&state=s1").expect("the state").to_owned()
}

/// A callback that takes every event and tells what it was sent: the address, and the body.
pub(crate) async fn listening_callback() -> (String, mpsc::Receiver<(String, String)>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/events", listener.local_addr().expect("an address"));
    let (sender, receiver) = mpsc::channel(64);
    tokio::spawn(async move {
        while let Ok((mut stream, _)) = listener.accept().await {
            let request = read_request(&mut stream).await;
            if request.0.starts_with("POST") {
                sender.send(request).await.expect("the test listens");
            }
            let answer = "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\nsuccess";
            let _ = stream.write_all(answer.as_bytes()).await;
        }
    });
    (url, receiver)
}

/// Reads a whole request, head and body: closing with bytes unread would reset the connection.
pub(crate) async fn read_request(stream: &mut TcpStream) -> (String, String) {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head.to_lowercase().split("content-length: ").nth(1).and_then(|rest| {
                let digits: String = rest.chars().take_while(char::is_ascii_digit).collect();
                digits.parse().ok()
            });
            if body.len() >= length.unwrap_or(0) {
                return (head.to_owned(), body.to_owned());
            }
        }
        let mut chunk = [0; 4096];
        let count = stream.read(&mut chunk).await.unwrap_or_default();
        assert_ne!(count, 0, "the request ended early");
        bytes.extend_from_slice(&chunk[..count]);
    }
}
