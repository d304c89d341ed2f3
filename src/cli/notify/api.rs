//! The API, as a careful caller uses it: what may be repeated is, and who is told to wait waits.

use std::time::Duration;

use reqwest::header::{AUTHORIZATION, HeaderValue, RETRY_AFTER};
use reqwest::{Method, Response};
use secrecy::{ExposeSecret, SecretString};
use serde_json::Value;

use crate::cli::out;
use crate::server::world::client;

use super::UsageError;

/// How long a server that does not answer is asked again.
const PATIENCE: Duration = Duration::from_secs(30);
/// The first pause after which it is asked again; it doubles.
const FIRST_PAUSE: Duration = Duration::from_millis(500);
/// How long a stream may last.
const STREAM: Duration = Duration::from_hours(24);
/// How long a server is asked again that says "later".
const LATER: Duration = Duration::from_mins(10);
/// The longest pause that a server can ask for.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// A server and the key for it.
#[derive(Clone)]
pub(super) struct Api {
    http: reqwest::Client,
    base: String,
    key: HeaderValue,
}

/// Why there is no answer to work with.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    /// The server said no.
    #[error("refused ({status} {code}) at {asked}: {detail}")]
    Refused { status: u16, code: String, detail: String, asked: String },
    /// It said nothing, or nothing that can be read.
    #[error("no answer of {address}: {why}; is the server up, and is --url right?")]
    Away { address: String, why: String },
}

/// A text of an answer; empty when there is none.
pub(super) fn text(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

impl Api {
    pub(super) fn new(url: &str, key: &SecretString) -> anyhow::Result<Self> {
        let sound = reqwest::Url::parse(url).is_ok_and(|url| matches!(url.scheme(), "http" | "https"));
        if !sound {
            return Err(
                UsageError("--url: must be an address such as https://menfang.example.com".into()).into()
            );
        }
        let mut key = HeaderValue::try_from(format!("Bearer {}", key.expose_secret()))
            .map_err(|_| UsageError("the API key must be one line of letters and digits: mf_…".into()))?;
        key.set_sensitive(true);
        Ok(Self { http: client()?, base: format!("{url}/api/v1"), key })
    }

    /// Where a route is, to be shown.
    pub(super) fn address(&self, path: &str) -> String {
        format!("{}{path}", self.base)
    }

    pub(super) async fn get(&self, path: &str) -> Result<Value, Failure> {
        let answer = self.ask(|| self.request(Method::GET, path)).await?;
        self.json(answer).await
    }

    /// Posts a body; under its key it may be sent as often as it takes.
    pub(super) async fn post(&self, path: &str, body: &Value, key: &str) -> Result<Value, Failure> {
        let request = || self.request(Method::POST, path).header("idempotency-key", key).json(body);
        self.json(self.ask(request).await?).await
    }

    /// A stream of server-sent events.
    pub(super) async fn stream(&self, path: &str) -> Result<Response, Failure> {
        self.ask(|| self.request(Method::GET, path).timeout(STREAM)).await
    }

    async fn json(&self, answer: Response) -> Result<Value, Failure> {
        answer.json().await.map_err(|error| self.away(error))
    }

    /// Why there is no answer, with what was behind it.
    fn away(&self, error: reqwest::Error) -> Failure {
        let address = self.base.strip_suffix("/api/v1").unwrap_or(&self.base).to_owned();
        Failure::Away { address, why: format!("{:#}", anyhow::Error::new(error.without_url())) }
    }

    fn request(&self, method: Method, path: &str) -> reqwest::RequestBuilder {
        self.http.request(method, self.address(path)).header(AUTHORIZATION, self.key.clone())
    }

    async fn ask(&self, request: impl Fn() -> reqwest::RequestBuilder) -> Result<Response, Failure> {
        let (mut pause, mut waited, mut held) = (FIRST_PAUSE, Duration::ZERO, Duration::ZERO);
        loop {
            let away = match request().send().await {
                Ok(answer) if answer.status().is_success() => return Ok(answer),
                Ok(answer) => {
                    let (status, asked) = (answer.status().as_u16(), asked_pause(&answer));
                    let refused = refusal_of(answer).await;
                    let running =
                        matches!(&refused, Failure::Refused { code, .. } if code == "idempotency_running");
                    // Too much for the server just now: it says when to come again.
                    if (status == 429 || running) && held < LATER {
                        let asked = asked.unwrap_or(FIRST_PAUSE);
                        held += asked;
                        tokio::time::sleep(asked).await;
                        continue;
                    }
                    if !matches!(status, 502..=504) {
                        return Err(refused);
                    }
                    refused
                }
                Err(error) => self.away(error),
            };
            if waited >= PATIENCE {
                return Err(away);
            }
            if waited.is_zero() {
                out::note(&format!("{away}\nasking again for {} s …", PATIENCE.as_secs()));
            }
            tokio::time::sleep(pause).await;
            waited += pause;
            pause = (pause * 2).min(Duration::from_secs(8));
        }
    }
}

fn asked_pause(answer: &Response) -> Option<Duration> {
    let seconds = answer.headers().get(RETRY_AFTER)?.to_str().ok()?.parse().ok()?;
    Some(Duration::from_secs(seconds).min(LONGEST_PAUSE))
}

/// What the server said no to, and why.
async fn refusal_of(answer: Response) -> Failure {
    let (status, path) = (answer.status().as_u16(), answer.url().path().to_owned());
    let asked = path.split_once("/api/v1").map_or(path.as_str(), |(_, route)| route).to_owned();
    refusal(status, asked, &answer.json().await.unwrap_or_default())
}

fn refusal(status: u16, asked: String, problem: &Value) -> Failure {
    let told = [text(problem, "detail"), text(problem, "title")].into_iter().find(|text| !text.is_empty());
    let mut detail = told.unwrap_or_else(|| "the answer is not one of this server's; is --url right?".into());
    if let Some(users) = problem["users"].as_array() {
        let users: Vec<&str> = users.iter().filter_map(Value::as_str).collect();
        detail = format!("{detail} They are: {}", users.join(", "));
    }
    Failure::Refused { status, code: text(problem, "code"), detail, asked }
}
