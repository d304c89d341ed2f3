//! A client of one person: its own cookies (by origin), its own address, its own User-Agent. It follows nothing by
//! itself, so that a story sees every answer.

use std::collections::{BTreeMap, HashMap};
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};

use reqwest::header::{COOKIE, HeaderMap, LOCATION, ORIGIN, SET_COOKIE, USER_AGENT};
use reqwest::{Method, Url};
use serde_json::Value;

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

impl Answer {
    /// Fails the story unless the status is this one.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }

    /// Fails the story unless it is this problem.
    #[track_caller]
    pub(crate) fn expect_problem(self, status: u16, code: &str) -> Self {
        let answer = self.expect(status);
        assert_eq!(answer.header("content-type"), "application/problem+json");
        assert_eq!(answer.json()["code"], code);
        answer
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    #[track_caller]
    pub(crate) fn location(&self) -> &str {
        assert!(self.headers.contains_key(LOCATION), "no Location with {}: {}", self.status, self.body);
        self.header("location")
    }
}

type Jar = HashMap<String, BTreeMap<String, String>>;

/// One person's client.
pub(crate) struct Web {
    http: reqwest::Client,
    jar: Mutex<Jar>,
    address: String,
    agent: String,
}

impl Web {
    pub(crate) fn new(http: &reqwest::Client, agent: &str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let address = format!("10.{}.{}.{}", n >> 16, (n >> 8) & 0xff, n & 0xff);
        Self { http: http.clone(), jar: Mutex::default(), address, agent: agent.to_owned() }
    }

    /// A request that a browser would send: cookies and User-Agent; the address is told by a trusted proxy.
    pub(crate) fn request(&self, method: Method, url: &str) -> reqwest::RequestBuilder {
        let url: Url = url.parse().unwrap();
        let mut request = self.http.request(method, url.clone());
        let cookies = self.cookies(&url);
        if !cookies.is_empty() {
            request = request.header(COOKIE, cookies);
        }
        request.header(USER_AGENT, &self.agent).header("x-forwarded-for", &self.address)
    }

    /// Sends it and keeps the cookies of the answer.
    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Answer {
        let answer = request.send().await.unwrap();
        let (status, headers, url) =
            (answer.status().as_u16(), answer.headers().clone(), answer.url().clone());
        self.keep(&url, &headers);
        Answer { status, headers, body: answer.text().await.unwrap() }
    }

    pub(crate) async fn get(&self, url: &str) -> Answer {
        self.send(self.request(Method::GET, url).header("accept", "text/html")).await
    }

    pub(crate) async fn get_json(&self, url: &str) -> Answer {
        self.send(self.request(Method::GET, url).header("accept", "application/json")).await
    }

    /// Posts a form as a script of the page would: with the page's Origin, asking for JSON.
    pub(crate) async fn post(&self, url: &str, form: &[(&str, &str)]) -> Answer {
        let origin = origin(&url.parse().unwrap());
        let request = self.request(Method::POST, url).header(ORIGIN, origin);
        self.send(request.header("accept", "application/json").form(form)).await
    }

    /// All cookies for a place, as the header has them.
    pub(crate) fn cookies(&self, url: &Url) -> String {
        let jar = self.jar.lock().unwrap();
        let mine = jar.get(&origin(url)).cloned().unwrap_or_default();
        mine.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    pub(crate) fn cookie(&self, url: &str, name: &str) -> Option<String> {
        self.jar.lock().unwrap().get(&origin(&url.parse().unwrap()))?.get(name).cloned()
    }

    pub(crate) fn set_cookie(&self, url: &str, name: &str, value: &str) {
        let mut jar = self.jar.lock().unwrap();
        let mine = jar.entry(origin(&url.parse().unwrap())).or_default();
        mine.insert(name.to_owned(), value.to_owned());
    }

    pub(crate) fn drop_cookie(&self, url: &str, name: &str) {
        let mut jar = self.jar.lock().unwrap();
        jar.entry(origin(&url.parse().unwrap())).or_default().remove(name);
    }

    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    fn keep(&self, url: &Url, headers: &HeaderMap) {
        let mut jar = self.jar.lock().unwrap();
        let mine = jar.entry(origin(url)).or_default();
        for line in headers.get_all(SET_COOKIE) {
            let line = line.to_str().unwrap();
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            if line.to_ascii_lowercase().contains("max-age=0") {
                mine.remove(name);
            } else {
                mine.insert(name.to_owned(), value.to_owned());
            }
        }
    }
}

fn origin(url: &Url) -> String {
    url.origin().ascii_serialization()
}
