//! `/sns/…`: what an authorization code turns into.

use actix_web::{HttpResponse, dev::PeerAddr, web::Data};
use serde_json::{Value, json};

use super::{
    answer::{Refusal, Surface, sns},
    call::{Query, Shown, account_by_secret, required},
};
use crate::{
    instant::now,
    random,
    state::{Change, CodeStanding, RefreshStanding, Scope, State, UserToken},
    world::World,
};

/// `GET /sns/oauth2/access_token`: a code for user tokens, once.
pub(super) async fn exchange(
    world: Data<World>,
    from: PeerAddr,
    query: Query,
) -> Result<HttpResponse, Refusal> {
    let appid = required(&query, "appid", Refusal::sns(41002))?;
    let secret = required(&query, "secret", Refusal::sns(41004))?;
    let code = required(&query, "code", Refusal::sns(41008))?;
    if query.get("grant_type").map(String::as_str) != Some("authorization_code") {
        return Err(Refusal::sns(40002));
    }
    let (mut ledger, at) = (world.ledger(), now());
    account_by_secret(ledger.state(), &Shown { appid, secret, from: &from }, Surface::Sns)?;
    let (openid, scope, snapshot) = match ledger.state().authorizations.code(code, appid, at) {
        CodeStanding::Good(record) => (record.openid.clone(), record.scope, record.snapshot),
        CodeStanding::Used => return Err(Refusal::sns(40163)),
        CodeStanding::Invalid => return Err(Refusal::sns(40029)),
    };
    let (access_token, refresh_token) = fresh_tokens();
    let mut answer = tokens_body(&access_token, &refresh_token, &openid, scope);
    if snapshot {
        answer["is_snapshotuser"] = json!(1);
    }
    ledger.record(Change::CodeExchanged { code: code.to_owned(), access_token, refresh_token, at })?;
    Ok(sns(&answer))
}

/// `GET /sns/oauth2/refresh_token`: new user tokens for the old; the refresh token rotates.
pub(super) async fn refresh(world: Data<World>, query: Query) -> Result<HttpResponse, Refusal> {
    let appid = required(&query, "appid", Refusal::sns(41002))?;
    let old = required(&query, "refresh_token", Refusal::sns(41003))?;
    if query.get("grant_type").map(String::as_str) != Some("refresh_token") {
        return Err(Refusal::sns(40002));
    }
    let (mut ledger, at) = (world.ledger(), now());
    if !ledger.state().accounts.contains_key(appid) {
        return Err(Refusal::sns(40013));
    }
    let (openid, scope) = match ledger.state().authorizations.refresh_token(old, appid, at) {
        RefreshStanding::Good(grant) => (grant.openid.clone(), grant.scope),
        RefreshStanding::Expired => return Err(Refusal::sns(42002)),
        RefreshStanding::Invalid => return Err(Refusal::sns(40030)),
    };
    let (access_token, refresh_token) = fresh_tokens();
    let answer = tokens_body(&access_token, &refresh_token, &openid, scope);
    let old_refresh_token = old.to_owned();
    ledger.record(Change::UserTokenRefreshed { old_refresh_token, access_token, refresh_token, at })?;
    Ok(sns(&answer))
}

/// `GET /sns/userinfo`: nickname and picture, only with consent and never in snapshot mode.
pub(super) async fn userinfo(world: Data<World>, query: Query) -> Result<HttpResponse, Refusal> {
    let ledger = world.ledger();
    let grant = holder(ledger.state(), &query)?;
    if grant.scope != Scope::Userinfo || grant.snapshot {
        return Err(Refusal::sns(48001));
    }
    let person = ledger.state().people.get(&grant.person);
    let nickname = person.as_ref().map_or("", |person| person.nickname.as_str());
    // Since 2021 the keys of sex and place are there, without a value.
    Ok(sns(&json!({
        "openid": grant.openid, "nickname": nickname, "sex": 0, "language": "", "city": "", "province": "",
        "country": "", "headimgurl": format!("{}/phone/avatars/{}.svg", world.url, grant.person),
        "privilege": [],
    })))
}

/// `GET /sns/auth`: whether a user token is still good.
pub(super) async fn auth(world: Data<World>, query: Query) -> Result<HttpResponse, Refusal> {
    let ledger = world.ledger();
    holder(ledger.state(), &query)?;
    Ok(sns(&json!({"errcode": 0, "errmsg": "ok"})))
}

fn holder<'a>(
    state: &'a State,
    query: &std::collections::HashMap<String, String>,
) -> Result<&'a UserToken, Refusal> {
    let token = required(query, "access_token", Refusal::sns(41001))?;
    let openid = required(query, "openid", Refusal::sns(41009))?;
    let grant = state.authorizations.user_token(token).ok_or(Refusal::sns(40001))?;
    if grant.is_expired(now()) {
        return Err(Refusal::sns(42001));
    }
    if grant.openid != openid {
        return Err(Refusal::sns(40003));
    }
    Ok(grant)
}

fn fresh_tokens() -> (String, String) {
    (format!("89_{}", random::base62(83)), format!("89_{}", random::base62(83)))
}

fn tokens_body(access_token: &str, refresh_token: &str, openid: &str, scope: Scope) -> Value {
    json!({
        "access_token": access_token, "expires_in": 7200, "refresh_token": refresh_token,
        "openid": openid, "scope": scope.name(),
    })
}
