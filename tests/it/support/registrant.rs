//! A person who registers with the platform, on the mobile app or in a browser.

use std::sync::Mutex;

use reqwest::Method;
use serde_json::{Value, json};

use super::web::{Answer, Web};
use super::{Browser, Socket, TestServer};

pub(crate) const PASSWORD: &str = "correct horse battery";

/// A person with a phone, a name and a password.
pub(crate) struct Registrant {
    pub(crate) web: Web,
    pub(crate) number: String,
    pub(crate) name: String,
    url: String,
    token: Mutex<Option<String>>,
}

impl Registrant {
    pub(crate) fn new(server: &TestServer, name: &str) -> Self {
        Self::with_number(server, name, &server.fresh_number())
    }

    pub(crate) fn with_number(server: &TestServer, name: &str, number: &str) -> Self {
        let web = Web::new(&server.http, "menfang-app/1.0");
        let (number, name, url) = (number.to_owned(), name.to_owned(), format!("{}/api/v1", server.url));
        Self { web, number, name, url, token: Mutex::default() }
    }

    /// A request of the mobile app, with its token if it has one.
    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.web.request(method, &format!("{}{path}", self.url));
        match &*self.token.lock().unwrap() {
            Some(token) => request.bearer_auth(token),
            None => request,
        }
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.web.send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.web.send(self.request(Method::POST, path).json(&body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.web.send(self.request(Method::DELETE, path)).await
    }

    pub(crate) async fn ask_code(&self, invitation: &str) -> Answer {
        self.post("/accounts/codes", json!({"phone": self.number, "invitation": invitation})).await
    }

    pub(crate) async fn register_with(&self, invitation: &str, code: &str) -> Answer {
        let body = json!({
            "invitation": invitation, "phone": self.number, "code": code, "password": PASSWORD, "name": self.name,
        });
        self.post("/accounts/register", body).await
    }

    /// Proves the phone and registers.
    pub(crate) async fn register(&self, server: &TestServer, invitation: &str) -> Answer {
        self.ask_code(invitation).await.expect(202);
        self.register_with(invitation, &server.last_code(&self.number).await).await
    }

    /// Tries to sign in on the mobile app.
    pub(crate) async fn try_sign_in(&self, password: &str) -> Answer {
        let body = json!({"phone": self.number, "password": password, "client": "app"});
        self.post("/accounts/sign-in", body).await
    }

    /// Signs in on the mobile app and stays so.
    pub(crate) async fn sign_in(&self) {
        let token = self.try_sign_in(PASSWORD).await.expect(200).json()["token"].as_str().unwrap().to_owned();
        assert!(token.starts_with("mfa_"));
        self.hold(Some(&token));
    }

    /// The token that is held.
    pub(crate) fn token(&self) -> String {
        self.token.lock().unwrap().clone().unwrap()
    }

    /// Opens the live inbox on the mobile app.
    pub(crate) async fn watch_inbox(&self) -> Socket {
        let bearer = format!("Bearer {}", self.token());
        let headers = [("authorization", bearer.as_str()), ("x-forwarded-for", self.web.address())];
        let place = format!("{}/accounts/me/inbox/ws", self.url);
        Socket::open_by(&place, "menfang.inbox.v1", &headers).await.unwrap()
    }

    /// Signs in with a browser, which has the cookie then.
    pub(crate) async fn browse(&self, server: &TestServer) -> Browser {
        let pc = server.browser();
        let body = json!({"phone": self.number, "password": PASSWORD, "client": "web"});
        let request = pc.web.request(Method::POST, &format!("{}/accounts/sign-in", self.url)).json(&body);
        pc.web.send(request).await.expect(200);
        pc
    }

    /// Holds this token from now on, or none.
    pub(crate) fn hold(&self, token: Option<&str>) {
        *self.token.lock().unwrap() = token.map(ToOwned::to_owned);
    }

    /// What the person has joined, by organization.
    pub(crate) async fn joined(&self) -> Vec<Value> {
        self.get("/accounts/me/apps").await.expect(200).json()["items"].as_array().unwrap().clone()
    }
}
