//! A client of one person: its own cookies, its own address, its own User-Agent. It follows nothing by itself, and a connection
//! serves one request: the next one may meet another node.

use std::collections::BTreeMap;
use std::sync::Mutex;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use reqwest::Method;
use reqwest::header::{COOKIE, HOST, HeaderMap, ORIGIN, SET_COOKIE, USER_AGENT};
use serde_json::Value;

use super::{Door, random_below};

/// How long a page goes on trying.
const PATIENCE: Duration = Duration::from_secs(90);

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) body: String,
}

/// The connection broke, or nothing came in time: what was asked for may be done or not.
#[derive(Debug)]
pub(crate) struct Broken;

impl Answer {
    /// Fails the story unless the status is this one.
    #[track_caller]
    pub(crate) fn expect(self, status: u16) -> Self {
        assert_eq!(self.status, status, "{}", self.body);
        self
    }

    #[track_caller]
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.body).unwrap()
    }

    /// The word of a problem; the status where there is none.
    pub(crate) fn code(&self) -> String {
        let body: Value = serde_json::from_str(&self.body).unwrap_or_default();
        body["code"].as_str().map_or_else(|| self.status.to_string(), ToOwned::to_owned)
    }

    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.get(name).map_or("", |value| value.to_str().unwrap())
    }

    /// Whether a page asks again by itself.
    pub(crate) fn passes(&self) -> bool {
        [502, 503].contains(&self.status)
    }
}

/// A client for tests: patient as a browser, without a proxy.
pub(crate) fn client() -> reqwest::Client {
    let builder = reqwest::Client::builder().redirect(reqwest::redirect::Policy::none());
    let builder = builder.timeout(Duration::from_secs(15)).connect_timeout(Duration::from_secs(3));
    builder.pool_max_idle_per_host(0).no_proxy().build().unwrap()
}

/// One person's client.
pub(crate) struct Web {
    http: reqwest::Client,
    cookies: Mutex<BTreeMap<String, String>>,
    pub(crate) address: String,
    agent: &'static str,
    slowest: Mutex<Duration>,
}

impl Web {
    pub(crate) fn new(http: &reqwest::Client, agent: &'static str) -> Self {
        static NEXT: AtomicU32 = AtomicU32::new(1);
        let n = NEXT.fetch_add(1, Ordering::Relaxed);
        let address = format!("10.{}.{}.{}", n >> 16, (n >> 8) & 0xff, n & 0xff);
        let (http, slowest) = (http.clone(), Mutex::default());
        Self { http, cookies: Mutex::default(), address, agent, slowest }
    }

    /// How long the slowest answer took so far.
    pub(crate) fn slowest(&self) -> Duration {
        *self.slowest.lock().unwrap()
    }

    /// All cookies as they are now, for [`Web::keep`].
    pub(crate) fn kept(&self) -> BTreeMap<String, String> {
        self.cookies.lock().unwrap().clone()
    }

    /// Holds these cookies from now on, whatever was told since.
    pub(crate) fn keep(&self, cookies: BTreeMap<String, String>) {
        *self.cookies.lock().unwrap() = cookies;
    }

    /// The cookies, as the header has them.
    pub(crate) fn cookies(&self) -> String {
        let cookies = self.cookies.lock().unwrap();
        cookies.iter().map(|(name, value)| format!("{name}={value}")).collect::<Vec<_>>().join("; ")
    }

    /// A request through a door, as a script of a page sends it.
    pub(crate) fn request(&self, method: &Method, door: &Door, path: &str) -> reqwest::RequestBuilder {
        let request = self.http.request(method.clone(), door.at(path)).header(HOST, door.authority());
        let request = request.header(USER_AGENT, self.agent).header("accept", "application/json");
        let request = request.header("x-forwarded-for", &self.address).header(COOKIE, self.cookies());
        if *method == Method::POST { request.header(ORIGIN, &door.public) } else { request }
    }

    /// Sends it and keeps the cookies of the answer.
    pub(crate) async fn send(&self, request: reqwest::RequestBuilder) -> Result<Answer, Broken> {
        let begun = Instant::now();
        let answer = request.send().await.map_err(|_| Broken)?;
        let (status, headers) = (answer.status().as_u16(), answer.headers().clone());
        let body = answer.text().await.map_err(|_| Broken)?;
        let mut slowest = self.slowest.lock().unwrap();
        *slowest = begun.elapsed().max(*slowest);
        let mut cookies = self.cookies.lock().unwrap();
        for line in headers.get_all(SET_COOKIE) {
            let line = line.to_str().unwrap();
            let (name, value) = line.split(';').next().unwrap().split_once('=').unwrap();
            if line.to_ascii_lowercase().contains("max-age=0") {
                cookies.remove(name);
            } else {
                cookies.insert(name.to_owned(), value.to_owned());
            }
        }
        Ok(Answer { status, headers, body })
    }

    pub(crate) async fn try_get(&self, door: &Door, path: &str) -> Result<Answer, Broken> {
        self.send(self.request(&Method::GET, door, path)).await
    }

    pub(crate) async fn try_post(
        &self,
        door: &Door,
        path: &str,
        form: &[(&str, &str)],
    ) -> Result<Answer, Broken> {
        self.send(self.request(&Method::POST, door, path).form(form)).await
    }

    /// Where nothing breaks.
    pub(crate) async fn post(&self, door: &Door, path: &str, form: &[(&str, &str)]) -> Answer {
        self.try_post(door, path, form).await.unwrap()
    }

    /// Asks again, as pages and people do, for as long as it breaks or passes.
    pub(crate) async fn get_again(&self, door: &Door, path: &str) -> Result<Answer, Broken> {
        self.again(async || self.try_get(door, path).await).await
    }

    /// The same for a post that may come twice.
    pub(crate) async fn post_again(&self, door: &Door, path: &str) -> Result<Answer, Broken> {
        self.again(async || self.try_post(door, path, &[]).await).await
    }

    async fn again(&self, ask: impl AsyncFn() -> Result<Answer, Broken>) -> Result<Answer, Broken> {
        let until = Instant::now() + PATIENCE;
        let mut tries = 0;
        loop {
            match ask().await {
                Ok(answer) if !answer.passes() => return Ok(answer),
                last if Instant::now() > until => return last,
                _ => tokio::time::sleep(jitter(tries)).await,
            }
            tries += 1;
        }
    }
}

/// Waiting time before try n, as the page has it: up to 1, 2, 4 … 30 s, any of it equally likely.
pub(crate) fn jitter(tries: u32) -> Duration {
    let most = 2_u32.saturating_pow(tries).min(30) * 1_000;
    Duration::from_millis(random_below(most).into())
}
