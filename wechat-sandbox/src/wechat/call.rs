//! What all calls have in common: the method, the body, the credential.

use std::collections::HashMap;

use actix_web::{
    HttpRequest, HttpResponse,
    body::MessageBody,
    dev::{PeerAddr, ServiceRequest, ServiceResponse},
    http::{
        StatusCode,
        header::{CONTENT_LENGTH, TRANSFER_ENCODING},
    },
    middleware::Next,
    web,
};
use serde::de::DeserializeOwned;
use serde_json::json;

use super::answer::{Refusal, Surface, api};
use crate::{
    instant::{Millis, now},
    state::{Account, AccountStanding, Standing, State},
    world::World,
};

/// A query string as WeChat reads it: the order does not matter, unknown parameters neither.
pub(super) type Query = web::Query<HashMap<String, String>>;

/// The answer to another method than GET.
pub(super) async fn needs_get(request: HttpRequest) -> Result<HttpResponse, Refusal> {
    Err(Refusal::on(Surface::of(request.path()), 43001))
}

/// The answer to another method than POST.
pub(super) async fn needs_post(request: HttpRequest) -> Result<HttpResponse, Refusal> {
    Err(Refusal::on(Surface::of(request.path()), 43002))
}

/// Refuses a body of unknown length, which WeChat's gateway answers with HTTP 412.
///
/// # Errors
/// Those of the handler.
pub(crate) async fn refuse_chunked(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse, actix_web::Error> {
    let ours = ["/cgi-bin/", "/sns/", "/wxa"].iter().any(|prefix| request.path().starts_with(prefix));
    let headers = request.headers();
    if ours && headers.contains_key(TRANSFER_ENCODING) && !headers.contains_key(CONTENT_LENGTH) {
        return Ok(request.into_response(HttpResponse::new(StatusCode::PRECONDITION_FAILED)));
    }
    Ok(next.call(request).await?.map_into_boxed_body())
}

/// A parameter that must be there and say something, else the errcode.
pub(super) fn required<'a>(
    query: &'a HashMap<String, String>,
    name: &str,
    missing: Refusal,
) -> Result<&'a str, Refusal> {
    query.get(name).map(String::as_str).filter(|value| !value.is_empty()).ok_or(missing)
}

/// The JSON of a POST.
pub(super) fn json_body<T: DeserializeOwned>(body: &[u8]) -> Result<T, Refusal> {
    if body.iter().all(u8::is_ascii_whitespace) {
        return Err(Refusal::api(44002));
    }
    serde_json::from_slice(body).map_err(|_| Refusal::api(47001))
}

/// A secret, and who shows it.
pub(super) struct Shown<'a> {
    pub(super) appid: &'a str,
    pub(super) secret: &'a str,
    /// The address of the caller.
    pub(super) from: &'a PeerAddr,
}

/// The account whose appid and secret these are, if it may be used, and from there.
pub(super) fn account_by_secret<'a>(
    state: &'a State,
    shown: &Shown<'_>,
    surface: Surface,
) -> Result<&'a Account, Refusal> {
    let account = state.accounts.get(shown.appid).ok_or(Refusal::on(surface, 40013))?;
    if account.secret != shown.secret {
        return Err(Refusal::on(surface, 40125));
    }
    if account.frozen {
        return Err(Refusal::on(surface, 50007));
    }
    if account.secret_frozen {
        return Err(Refusal::on(surface, 40243));
    }
    let address = shown.from.0.ip();
    if !account.admits(address) {
        return Err(Refusal::not_in_whitelist(surface, address));
    }
    Ok(account)
}

/// The account with this appid, if it may use what only verified accounts have.
pub(super) fn verified_account<'a>(state: &'a State, appid: &str) -> Result<&'a Account, Refusal> {
    let account = state.accounts.get(appid).ok_or(Refusal::api(40013))?;
    if account.frozen {
        return Err(Refusal::api(50007));
    }
    match account.standing {
        AccountStanding::Good => Ok(account),
        AccountStanding::Unverified => Err(Refusal::api(48001)),
        AccountStanding::Banned => Err(Refusal::api(48004)),
        AccountStanding::Restricted => Err(Refusal::api(50002)),
    }
}

/// The appid of the account whose access token the call carries.
pub(super) fn appid_by_token(
    world: &World,
    state: &State,
    query: &HashMap<String, String>,
    now: Millis,
) -> Result<String, Refusal> {
    let token = required(query, "access_token", Refusal::api(41001))?;
    let life = world.faults.token_life();
    for (appid, tokens) in &state.tokens {
        match tokens.standing(token, now, life) {
            Some(Standing::Valid) => return Ok(appid.clone()),
            Some(Standing::Expired) => return Err(Refusal::api(42001)),
            Some(Standing::NotLatest) => return Err(Refusal::api(40001)),
            None => {}
        }
    }
    Err(Refusal::api(40001))
}

/// `GET /cgi-bin/getcallbackip`: where callbacks come from.
pub(super) async fn callback_addresses(
    world: web::Data<World>,
    query: Query,
) -> Result<HttpResponse, Refusal> {
    appid_by_token(&world, world.ledger().state(), &query, now())?;
    Ok(api(&json!({"ip_list": ["127.0.0.1"]})))
}
