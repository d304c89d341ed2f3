//! `/cgi-bin/openapi/quota/get` and `/cgi-bin/clear_quota`: what is left of the daily numbers.

use actix_web::{
    HttpResponse,
    web::{Bytes, Data},
};
use serde::Deserialize;
use serde_json::json;

use super::{
    answer::{Refusal, api},
    call::{Query, appid_by_token, json_body},
};
use crate::{
    instant::now,
    state::{Change, DAILY_SENDS},
    world::World,
};

/// The one path whose calls are counted by the day.
const SEND: &str = "/cgi-bin/message/template/send";

#[derive(Default, Deserialize)]
#[serde(default)]
struct Asked {
    cgi_path: String,
}

/// `POST /cgi-bin/openapi/quota/get`: the numbers that 45009 goes by.
///
/// A quota that a fault has put on the path stands in front of the account's. Other paths have none: 76021.
pub(super) async fn get(world: Data<World>, query: Query, body: Bytes) -> Result<HttpResponse, Refusal> {
    let asked: Result<Asked, Refusal> = json_body(&body);
    let ledger = world.ledger();
    let (state, at) = (ledger.state(), now());
    let appid = appid_by_token(&world, state, &query, at)?;
    let Asked { cgi_path: path } = asked?;
    if !path.starts_with('/') || path.contains(['?', '#']) {
        return Err(Refusal::api(76003));
    }
    if path.starts_with("/sns/") {
        return Err(Refusal::api(76022));
    }
    let account = state.accounts.get(&appid).ok_or(Refusal::api(40013))?;
    let (limit, used) = match world.faults.quota(&path) {
        Some(of_fault) => of_fault,
        None if path == SEND => (account.daily_quota.unwrap_or(DAILY_SENDS), state.usages.sends(&appid, at)),
        None => return Err(Refusal::api(76021)),
    };
    let mut answer = json!({
        "errcode": 0, "errmsg": "ok",
        "quota": {"daily_limit": limit, "used": used, "remain": limit.saturating_sub(used)},
        "component_rate_limit": {},
    });
    if let Some(rate_limit) = account.rate_limit.filter(|_| path == SEND) {
        answer["rate_limit"] = json!(rate_limit);
    }
    Ok(api(&answer))
}

#[derive(Default, Deserialize)]
#[serde(default)]
struct Clearing {
    appid: String,
}

/// `POST /cgi-bin/clear_quota`: the counters begin anew, those of faults included; ten times a month.
pub(super) async fn clear(world: Data<World>, query: Query, body: Bytes) -> Result<HttpResponse, Refusal> {
    let asked: Result<Clearing, Refusal> = json_body(&body);
    let (mut ledger, at) = (world.ledger(), now());
    let appid = appid_by_token(&world, ledger.state(), &query, at)?;
    if asked?.appid != appid {
        return Err(Refusal::api(40013));
    }
    if !ledger.state().usages.may_clear(&appid, at) {
        return Err(Refusal::api(48006));
    }
    ledger.record(Change::QuotaCleared { appid, at })?;
    world.faults.clear_quota();
    Ok(api(&json!({"errcode": 0, "errmsg": "ok"})))
}
