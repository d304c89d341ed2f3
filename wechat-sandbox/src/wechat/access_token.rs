//! `/cgi-bin/token` and `/cgi-bin/stable_token`: the server credentials.

use actix_web::{
    HttpResponse,
    dev::PeerAddr,
    web::{Bytes, Data},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    answer::{Refusal, Surface, api},
    call::{Query, Shown, account_by_secret, json_body, required},
};
use crate::{
    instant::{Millis, now},
    ledger::Ledger,
    random,
    state::{Change, FamilyName, StableAnswer, TokenLife},
    world::World,
};

const GRANT: &str = "client_credential";

/// `GET /cgi-bin/token`: a new token at each call.
pub(super) async fn token(world: Data<World>, from: PeerAddr, query: Query) -> Result<HttpResponse, Refusal> {
    if required(&query, "grant_type", Refusal::api(40002))? != GRANT {
        return Err(Refusal::api(40002));
    }
    let appid = required(&query, "appid", Refusal::api(41002))?;
    let secret = required(&query, "secret", Refusal::api(41004))?;
    let mut ledger = world.ledger();
    account_by_secret(ledger.state(), &Shown { appid, secret, from: &from }, Surface::Api)?;
    let life = world.faults.token_life();
    mint(&mut ledger, &Minting { appid, family: FamilyName::Token, forced: false, life, now: now() })
}

#[derive(Deserialize)]
struct StableRequest {
    #[serde(default)]
    grant_type: String,
    #[serde(default)]
    appid: String,
    #[serde(default)]
    secret: String,
    force_refresh: Option<bool>,
}

/// `POST /cgi-bin/stable_token`: the same token until it nears its end.
pub(super) async fn stable_token(
    world: Data<World>,
    from: PeerAddr,
    body: Bytes,
) -> Result<HttpResponse, Refusal> {
    let asked: StableRequest = json_body(&body)?;
    if asked.grant_type != GRANT {
        return Err(Refusal::api(40002));
    }
    if asked.appid.is_empty() {
        return Err(Refusal::api(41002));
    }
    if asked.secret.is_empty() {
        return Err(Refusal::api(41004));
    }
    // Documented as optional; without it developers have met this errcode.
    let forced = asked.force_refresh.ok_or(Refusal::api(41002))?;
    let mut ledger = world.ledger();
    let shown = Shown { appid: &asked.appid, secret: &asked.secret, from: &from };
    account_by_secret(ledger.state(), &shown, Surface::Api)?;
    let (life, now) = (world.faults.token_life(), now());
    let answer = match ledger.state().tokens.get(&asked.appid) {
        Some(tokens) => tokens.stable_answer(forced, now, life),
        None => StableAnswer::Mint,
    };
    match answer {
        StableAnswer::Keep { token, expires_in } => Ok(api(&token_body(&token, expires_in))),
        StableAnswer::TooManyForced => Err(Refusal::api(45009)),
        StableAnswer::Mint => {
            let appid = &asked.appid;
            mint(&mut ledger, &Minting { appid, family: FamilyName::Stable, forced, life, now })
        }
    }
}

struct Minting<'a> {
    appid: &'a str,
    family: FamilyName,
    forced: bool,
    life: TokenLife,
    now: Millis,
}

fn mint(ledger: &mut Ledger, minting: &Minting<'_>) -> Result<HttpResponse, Refusal> {
    let token = format!("89_{}", random::base62(133));
    ledger.record(Change::TokenIssued {
        appid: minting.appid.to_owned(),
        family: minting.family,
        token: token.clone(),
        forced: minting.forced,
        at: minting.now,
    })?;
    Ok(api(&token_body(&token, minting.life.seconds)))
}

fn token_body(token: &str, expires_in: u64) -> Value {
    json!({"access_token": token, "expires_in": expires_in})
}
