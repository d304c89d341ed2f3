//! The client: one HTTP door to WeChat, with deadlines, a cap on answers and the repair of a dead access token.

use std::fmt;
use std::sync::Arc;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;
use serde::de::DeserializeOwned;

use crate::bus::Bus;
use crate::domain::clock::Clock;
use crate::domain::ids::{OrgId, ServiceAccountId};

use super::access_token::{AccessToken, AccessTokens};
use super::errcode::{Class, Interface};
use super::error::{NetworkFailure, WeChatError};

/// Longest any single call may take, its body included.
pub const DEADLINE: Duration = Duration::from_secs(8);

/// Longest answer that is read, in bytes; the largest real one is a page of 10,000 openids.
const ANSWER_LIMIT: usize = 1024 * 1024;

/// Where WeChat's own authorization page is, which no stand-in can pretend to be.
const REAL_OPEN_URL: &str = "https://open.weixin.qq.com";

/// Where WeChat is (or what stands in for it), without a trailing slash.
#[derive(Debug, Clone)]
pub struct Endpoints {
    /// Base of the calls that the server makes; WeChat's is `https://api.weixin.qq.com`.
    pub api_url: String,
    /// Base of the pages that the phone opens; WeChat's is `https://open.weixin.qq.com`.
    pub open_url: String,
}

/// A service account's credentials, as the client needs them.
#[derive(Clone)]
pub struct Credentials {
    /// Our row of the service account; tokens are cached under it.
    pub account: ServiceAccountId,
    /// Whose account it is.
    pub organization: OrgId,
    /// WeChat's public name for the account.
    pub appid: String,
    /// What proves to WeChat that it is us.
    pub secret: SecretString,
}

impl fmt::Debug for Credentials {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Credentials")
            .field("account", &self.account)
            .field("organization", &self.organization)
            .field("appid", &self.appid)
            .finish_non_exhaustive()
    }
}

/// WeChat's servers, as everybody here calls them; a clone is the same client.
#[derive(Clone)]
pub struct WeChat(Arc<Inner>);

struct Inner {
    http: reqwest::Client,
    endpoints: Endpoints,
    clock: Arc<dyn Clock>,
    tokens: AccessTokens,
}

impl WeChat {
    /// A client over `http`, which must follow no redirects: a query may hold the secret.
    pub fn new(http: reqwest::Client, endpoints: Endpoints, clock: Arc<dyn Clock>) -> Self {
        Self::sharing(http, endpoints, clock, &Bus::in_process())
    }

    /// The same, sharing access tokens with the nodes on the bus.
    pub fn sharing(
        http: reqwest::Client,
        mut endpoints: Endpoints,
        clock: Arc<dyn Clock>,
        bus: &Bus,
    ) -> Self {
        for url in [&mut endpoints.api_url, &mut endpoints.open_url] {
            url.truncate(url.trim_end_matches('/').len());
        }
        Self(Arc::new(Inner { http, endpoints, clock, tokens: AccessTokens::new(bus.shared()) }))
    }

    /// Whether people authorize on WeChat's own pages, not on a stand-in's.
    pub fn is_real(&self) -> bool {
        self.0.endpoints.open_url == REAL_OPEN_URL
    }

    /// Asks WeChat for a token with these credentials, past every cache.
    ///
    /// # Errors
    /// What WeChat says against the appid, the secret or our address; its advice is `Pause` then.
    pub async fn check_credentials(&self, credentials: &Credentials) -> Result<(), WeChatError> {
        self.0.tokens.renew(self, credentials).await.map(drop)
    }

    /// The pages of a phone to play with, where something stands in for WeChat; none with WeChat itself.
    pub fn pretend_phone(&self) -> Option<String> {
        (!self.is_real()).then(|| format!("{}/phone", self.open_url()))
    }

    pub(super) fn open_url(&self) -> &str {
        &self.0.endpoints.open_url
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        &*self.0.clock
    }

    /// A GET with everything in the query.
    pub(super) async fn get<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
        interface: Interface,
    ) -> Result<T, WeChatError> {
        let request = self.0.http.get(format!("{}{path}", self.0.endpoints.api_url)).query(query);
        counted(path, answer(request, interface).await)
    }

    /// A POST of JSON in one piece: WeChat answers chunked bodies with 412.
    pub(super) async fn post<T: DeserializeOwned>(
        &self,
        path: &str,
        query: &[(&str, &str)],
        body: &serde_json::Value,
        interface: Interface,
    ) -> Result<T, WeChatError> {
        let request = self
            .0
            .http
            .post(format!("{}{path}", self.0.endpoints.api_url))
            .query(query)
            .header(reqwest::header::CONTENT_TYPE, "application/json")
            .body(body.to_string());
        counted(path, answer(request, interface).await)
    }

    /// A GET with the account's access token, repaired once when WeChat refuses the token. [`DEADLINE`] is for
    /// each part: the token, the call, and the same once more after a repair.
    pub(super) async fn get_as_account<T: DeserializeOwned>(
        &self,
        credentials: &Credentials,
        path: &str,
        query: &[(&str, &str)],
    ) -> Result<T, WeChatError> {
        self.repaired(credentials, path, Asked::Get(query)).await
    }

    /// A POST of JSON with the account's access token, repaired and bounded like [`Self::get_as_account`].
    ///
    /// A refused token means that nothing was done, so the second try does nothing twice.
    pub(super) async fn post_as_account<T: DeserializeOwned>(
        &self,
        credentials: &Credentials,
        path: &str,
        body: &serde_json::Value,
    ) -> Result<T, WeChatError> {
        self.repaired(credentials, path, Asked::Post(body)).await
    }

    async fn repaired<T: DeserializeOwned>(
        &self,
        credentials: &Credentials,
        path: &str,
        asked: Asked<'_>,
    ) -> Result<T, WeChatError> {
        let tokens = &self.0.tokens;
        let first = tokens.current(self, credentials).await.map_err(without_token)?;
        match self.with_token(&first, path, asked).await {
            Err(refused) if refused.class() == Some(Class::Token) => {
                tokens.invalidate(self.clock(), credentials.account, &first, &refused).await?;
            }
            answered => {
                tokens.accepted(credentials.account, &first, &answered);
                return answered;
            }
        }
        let second = tokens.current(self, credentials).await.map_err(without_token)?;
        match self.with_token(&second, path, asked).await {
            Err(refused) if refused.class() == Some(Class::Token) => {
                // An error of its own, whether or not others have replaced the token meanwhile: one repair per call.
                tokens.invalidate(self.clock(), credentials.account, &second, &refused).await?;
                Err(WeChatError::TokenRefusedAgain { errcode: refused.errcode().unwrap_or_default() })
            }
            answered => {
                tokens.accepted(credentials.account, &second, &answered);
                answered
            }
        }
    }

    async fn with_token<T: DeserializeOwned>(
        &self,
        token: &AccessToken,
        path: &str,
        asked: Asked<'_>,
    ) -> Result<T, WeChatError> {
        let token = ("access_token", token.value().expose_secret());
        match asked {
            Asked::Get(query) => self.get(path, &[&[token], query].concat(), Interface::Account).await,
            Asked::Post(body) => self.post(path, &[token], body, Interface::Account).await,
        }
    }
}

/// What is asked of WeChat with the account's access token, once or twice.
#[derive(Clone, Copy)]
enum Asked<'a> {
    Get(&'a [(&'a str, &'a str)]),
    Post(&'a serde_json::Value),
}

/// Without a token nothing was asked: what went wrong is no doubt about the call.
fn without_token(error: WeChatError) -> WeChatError {
    match error {
        WeChatError::Network(failure) => WeChatError::NoToken(failure),
        other => other,
    }
}

/// Bounds an operation of several calls by the time one may take.
pub(super) async fn within_deadline<T>(
    operation: impl Future<Output = Result<T, WeChatError>>,
) -> Result<T, WeChatError> {
    let late = WeChatError::Network(NetworkFailure::Timeout);
    tokio::time::timeout(DEADLINE, operation).await.unwrap_or(Err(late))
}

/// The part of every answer that says whether it is one; a missing code is success.
#[derive(Deserialize)]
struct Verdict {
    #[serde(default)]
    errcode: i64,
    #[serde(default)]
    errmsg: String,
}

/// Counts a call by how it ended.
fn counted<T>(path: &str, answered: Result<T, WeChatError>) -> Result<T, WeChatError> {
    let outcome = match &answered {
        Ok(_) => "ok",
        Err(WeChatError::Network(_)) => "no_answer",
        Err(_) => "refused",
    };
    metrics::counter!("menfang_wechat_calls_total", "path" => path.to_owned(), "outcome" => outcome)
        .increment(1);
    answered
}

/// Sends, reads at most [`ANSWER_LIMIT`] bytes, and takes any content type for JSON: `/sns` says `text/plain`.
async fn answer<T: DeserializeOwned>(
    request: reqwest::RequestBuilder,
    interface: Interface,
) -> Result<T, WeChatError> {
    let network = |error: reqwest::Error| WeChatError::Network(NetworkFailure::of(&error));
    let unreadable = || WeChatError::Network(NetworkFailure::Body);
    let mut response = request.timeout(DEADLINE).send().await.map_err(network)?;
    if !response.status().is_success() {
        return Err(WeChatError::Network(NetworkFailure::Status(response.status().as_u16())));
    }
    let mut body = Vec::new();
    while let Some(piece) = response.chunk().await.map_err(network)? {
        if body.len() + piece.len() > ANSWER_LIMIT {
            return Err(unreadable());
        }
        body.extend_from_slice(&piece);
    }
    let verdict: Verdict = serde_json::from_slice(&body).map_err(|_| unreadable())?;
    if verdict.errcode != 0 {
        return Err(WeChatError::from_answer(verdict.errcode, &verdict.errmsg, interface));
    }
    serde_json::from_slice(&body).map_err(|_| unreadable())
}
