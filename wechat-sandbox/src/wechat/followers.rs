//! `/cgi-bin/user/…`: who follows an account.

use actix_web::{
    HttpResponse,
    web::{Bytes, Data},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    answer::{Refusal, api},
    call::{Query, appid_by_token, json_body, required},
};
use crate::{
    instant::{now, seconds},
    state::State,
    world::World,
};

/// Openids on a page of the list.
const PAGE: usize = 10_000;
/// Openids in one batch.
const BATCH: usize = 100;

/// `GET /cgi-bin/user/info`: one person. Nickname and picture have not been delivered here since 2021.
pub(super) async fn info(world: Data<World>, query: Query) -> Result<HttpResponse, Refusal> {
    let ledger = world.ledger();
    let appid = appid_by_token(&world, ledger.state(), &query, now())?;
    let openid = required(&query, "openid", Refusal::api(41009))?;
    Ok(api(&describe(ledger.state(), &appid, openid)?))
}

#[derive(Deserialize)]
struct Batch {
    user_list: Vec<BatchEntry>,
}

#[derive(Deserialize)]
struct BatchEntry {
    openid: String,
}

/// `POST /cgi-bin/user/info/batchget`: up to a hundred people.
pub(super) async fn batch(world: Data<World>, query: Query, body: Bytes) -> Result<HttpResponse, Refusal> {
    let ledger = world.ledger();
    let appid = appid_by_token(&world, ledger.state(), &query, now())?;
    let asked: Batch = json_body(&body)?;
    if asked.user_list.is_empty() {
        return Err(Refusal::api(40031));
    }
    if asked.user_list.len() > BATCH {
        return Err(Refusal::api(40032));
    }
    let people: Result<Vec<_>, _> =
        asked.user_list.iter().map(|entry| describe(ledger.state(), &appid, &entry.openid)).collect();
    Ok(api(&json!({"user_info_list": people?})))
}

/// `GET /cgi-bin/user/get`: the openids of all followers, ten thousand on a page.
pub(super) async fn list(world: Data<World>, query: Query) -> Result<HttpResponse, Refusal> {
    let ledger = world.ledger();
    let state = ledger.state();
    let appid = appid_by_token(&world, state, &query, now())?;
    let after = match query.get("next_openid").filter(|openid| !openid.is_empty()) {
        None => 0,
        Some(openid) => {
            let person = state.people.by_openid(&appid, openid).ok_or(Refusal::api(40003))?;
            person.relations.get(&appid).map_or(0, |relation| relation.place)
        }
    };
    let mut rest = state.people.followers_after(&appid, after);
    let page: Vec<String> = rest.by_ref().take(PAGE).collect();
    let next = if rest.next().is_some() { page.last().cloned().unwrap_or_default() } else { String::new() };
    let mut answer = json!({
        "total": state.people.follower_count(&appid), "count": page.len(), "next_openid": next,
    });
    if !page.is_empty() {
        answer["data"] = json!({"openid": page});
    }
    Ok(api(&answer))
}

fn describe(state: &State, appid: &str, openid: &str) -> Result<Value, Refusal> {
    let person = state.people.by_openid(appid, openid).ok_or(Refusal::api(40003))?;
    let Some(relation) = person.relations.get(appid).filter(|relation| relation.following) else {
        return Ok(json!({"subscribe": 0, "openid": openid}));
    };
    let way = if relation.scene.is_some() { "ADD_SCENE_QR_CODE" } else { "ADD_SCENE_SEARCH" };
    Ok(json!({
        "subscribe": 1, "openid": openid, "language": "", "subscribe_time": seconds(relation.since),
        "remark": "", "groupid": 0, "tagid_list": [], "subscribe_scene": way,
        "qr_scene": 0, "qr_scene_str": relation.scene.as_deref().unwrap_or_default(),
    }))
}
