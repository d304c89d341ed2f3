//! `POST /sandbox/accounts`: what the console of a service account would hold.

use std::net::IpAddr;

use actix_web::{
    HttpResponse,
    web::{Bytes, Data, Path},
};
use reqwest::Url;
use serde::Deserialize;
use serde_json::json;

use super::{
    problem::{Problem, read},
    templates::{self, TemplateGiven},
};
use crate::{
    crypto::EncodingKey,
    state::{Account, AccountStanding, Change, Mode, RateLimit},
    world::World,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Registration {
    appid: String,
    original_id: Option<String>,
    secret: Option<String>,
    token: Option<String>,
    encoding_aes_key: Option<String>,
    mode: Option<Mode>,
    callback_url: Option<String>,
    redirect_domains: Option<Vec<String>>,
    daily_quota: Option<u64>,
    templates: Option<Vec<TemplateGiven>>,
    rate_limit: Option<RateLimit>,
    standing: Option<AccountStanding>,
    #[serde(default)]
    ip_whitelist: Whitelist,
    frozen: Option<bool>,
    secret_frozen: Option<bool>,
}

/// From where the secret may be used.
#[derive(Default, Deserialize)]
#[serde(from = "Option<Vec<IpAddr>>")]
enum Whitelist {
    /// Not given.
    #[default]
    AsBefore,
    /// Null.
    Everywhere,
    /// These addresses.
    Listed(Vec<IpAddr>),
}

impl From<Option<Vec<IpAddr>>> for Whitelist {
    fn from(given: Option<Vec<IpAddr>>) -> Self {
        given.map_or(Self::Everywhere, Self::Listed)
    }
}

/// Registers an account, or changes the settings that are given of one that is known. Then its callback is verified,
/// and the answer says how that went; a server that is not there yet does not stand in the way.
pub(super) async fn register(world: Data<World>, body: Bytes) -> Result<HttpResponse, Problem> {
    let mut registration: Registration = read(&body)?;
    let templates = registration.templates.take().map(templates::read).transpose()?;
    let (account, known) = {
        let mut ledger = world.ledger();
        let before = ledger.state().accounts.get(&registration.appid);
        let known = before.is_some();
        let account = registration.merge(before)?;
        ledger.record(Change::AccountRegistered(account.clone()))?;
        if let Some(templates) = templates {
            ledger.record(Change::TemplatesSet { appid: account.appid.clone(), templates })?;
        }
        (account, known)
    };
    let verified = world.outbox.verify(&account).await;
    let mut response = if known { HttpResponse::Ok() } else { HttpResponse::Created() };
    Ok(response.json(json!({
        "appid": account.appid, "original_id": account.original_id, "mode": account.mode,
        "callback_url": account.callback_url, "redirect_domains": account.redirect_domains,
        "ip_whitelist": account.ip_whitelist, "frozen": account.frozen, "secret_frozen": account.secret_frozen,
        "callback_verified": verified,
    })))
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct End {
    /// 42001: their time is over. 40001: somebody else has newer ones.
    #[serde(default = "expired")]
    errcode: i64,
}

const fn expired() -> i64 {
    42001
}

/// `POST /sandbox/accounts/{appid}/token/expire`: all access tokens that are out die at once. What they are answered from
/// then on is 42001, or with `{"errcode": 40001}` that.
pub(super) async fn end_tokens(
    world: Data<World>,
    appid: Path<String>,
    body: Bytes,
) -> Result<HttpResponse, Problem> {
    let End { errcode } = read(&body)?;
    let forgotten = match errcode {
        42001 => false,
        40001 => true,
        _ => return Err(Problem::unfit("errcode must be 42001 (expired) or 40001 (not the latest)")),
    };
    let (mut ledger, appid) = (world.ledger(), appid.into_inner());
    if !ledger.state().accounts.contains_key(&appid) {
        return Err(Problem::unknown_account());
    }
    ledger.record(Change::TokensEnded { appid, forgotten })?;
    Ok(HttpResponse::NoContent().finish())
}

impl Registration {
    fn merge(self, before: Option<&Account>) -> Result<Account, Problem> {
        if self.appid.trim().is_empty() {
            return Err(Problem::unfit("appid is empty"));
        }
        let text = |given: Option<String>, old: fn(&Account) -> &String| {
            given.or_else(|| before.map(|account| old(account).clone())).unwrap_or_default()
        };
        let account = Account {
            original_id: text(self.original_id, |account| &account.original_id),
            secret: text(self.secret, |account| &account.secret),
            token: text(self.token, |account| &account.token),
            encoding_aes_key: text(self.encoding_aes_key, |account| &account.encoding_aes_key),
            mode: self.mode.or_else(|| before.map(|account| account.mode)).unwrap_or_default(),
            callback_url: self
                .callback_url
                .or_else(|| before.and_then(|account| account.callback_url.clone()))
                .filter(|url| !url.is_empty()),
            redirect_domains: self
                .redirect_domains
                .or_else(|| before.map(|account| account.redirect_domains.clone()))
                .unwrap_or_default(),
            daily_quota: self.daily_quota.or_else(|| before.and_then(|account| account.daily_quota)),
            rate_limit: self.rate_limit.or_else(|| before.and_then(|account| account.rate_limit)),
            standing: self.standing.or_else(|| before.map(|account| account.standing)).unwrap_or_default(),
            ip_whitelist: match self.ip_whitelist {
                Whitelist::AsBefore => before.and_then(|account| account.ip_whitelist.clone()),
                Whitelist::Everywhere => None,
                Whitelist::Listed(addresses) => Some(addresses),
            },
            frozen: self.frozen.unwrap_or_else(|| before.is_some_and(|account| account.frozen)),
            secret_frozen: self
                .secret_frozen
                .unwrap_or_else(|| before.is_some_and(|account| account.secret_frozen)),
            appid: self.appid,
        };
        check(&account)?;
        Ok(account)
    }
}

fn check(account: &Account) -> Result<(), Problem> {
    if account.secret.is_empty() {
        return Err(Problem::unfit("secret is empty: without it no server can sign in as this account"));
    }
    let keyless = account.encoding_aes_key.is_empty();
    if !keyless && EncodingKey::parse(&account.encoding_aes_key).is_none() {
        return Err(Problem::unfit("encoding_aes_key must be the 43 characters of an EncodingAESKey"));
    }
    let Some(url) = &account.callback_url else { return Ok(()) };
    if !Url::parse(url).is_ok_and(|url| ["http", "https"].contains(&url.scheme())) {
        return Err(Problem::unfit("callback_url must be an absolute http or https URL"));
    }
    if keyless && account.mode != Mode::Plain {
        return Err(Problem::unfit(
            "encoding_aes_key is needed for callbacks in this mode; only plain goes without",
        ));
    }
    Ok(())
}
