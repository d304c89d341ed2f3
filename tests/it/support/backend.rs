//! A backend with an API key.

use reqwest::Method;
use serde_json::Value;

use super::TestServer;
use super::web::{Answer, Web};

/// A program that calls the API; none of a browser's habits.
pub(crate) struct Backend {
    web: Web,
    url: String,
    key: Option<String>,
}

impl Backend {
    pub(crate) fn new(server: &TestServer, key: Option<&str>) -> Self {
        let web = Web::new(&server.http, "backend/1.0");
        Self { web, url: format!("{}/api/v1", server.url), key: key.map(ToOwned::to_owned) }
    }

    /// A request to a route, still to be sent.
    pub(crate) fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        let request = self.web.request(method, &format!("{}{path}", self.url));
        match &self.key {
            Some(key) => request.bearer_auth(key),
            None => request,
        }
    }

    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        self.web.send(request).await
    }

    pub(crate) async fn get(&self, path: &str) -> Answer {
        self.send(self.request(Method::GET, path)).await
    }

    pub(crate) async fn post(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::POST, path).json(&body)).await
    }

    pub(crate) async fn put(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PUT, path).json(&body)).await
    }

    pub(crate) async fn patch(&self, path: &str, body: Value) -> Answer {
        self.send(self.request(Method::PATCH, path).json(&body)).await
    }

    pub(crate) async fn delete(&self, path: &str) -> Answer {
        self.send(self.request(Method::DELETE, path)).await
    }

    /// Posts a file of comma-separated values.
    pub(crate) async fn post_csv(&self, path: &str, file: impl Into<reqwest::Body>) -> Answer {
        let request = self.request(Method::POST, path).header("content-type", "text/csv");
        self.send(request.body(file)).await
    }

    /// The account of a phone in an app, as the API lists it.
    pub(crate) async fn user_of(&self, app: &str, number: &str) -> Value {
        let listed = self.get(&format!("{app}/external-users?phone={number}")).await.expect(200).json();
        let items = listed["items"].as_array().unwrap();
        assert!(items.len() <= 1, "{listed}");
        items.first().cloned().unwrap_or(Value::Null)
    }

    /// Posts under an `Idempotency-Key`.
    pub(crate) async fn post_once(&self, path: &str, key: &str, body: Value) -> Answer {
        let request = self.request(Method::POST, path).header("idempotency-key", key);
        self.send(request.json(&body)).await
    }
}
