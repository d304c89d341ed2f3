//! `POST /sandbox/people/bulk`: many people at once.

use actix_web::{
    HttpResponse,
    web::{Bytes, Data},
};
use serde::Deserialize;
use serde_json::json;

use super::problem::{Problem, read};
use crate::{
    instant::now,
    state::{Change, Crowd, Member},
    world::World,
};

/// The most people at once.
const AT_ONCE: u32 = 10_000_000;

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    appid: String,
    count: u32,
    #[serde(default = "yes")]
    following: bool,
}

const fn yes() -> bool {
    true
}

/// Lets a crowd come. No event tells of it: they stand there as people do who followed before anybody asked.
pub(super) async fn create(world: Data<World>, body: Bytes) -> Result<HttpResponse, Problem> {
    let Asked { appid, count, following } = read(&body)?;
    if !(1..=AT_ONCE).contains(&count) {
        return Err(Problem::unfit(format!("count must be a number from 1 to {AT_ONCE}")));
    }
    let mut ledger = world.ledger();
    if !ledger.state().accounts.contains_key(&appid) {
        return Err(Problem::unknown_account());
    }
    let crowd = ledger.state().people.next_crowd();
    ledger.record(Change::CrowdCame(Crowd { appid, count, following, at: now() }))?;
    let id = |number| Member { crowd, number }.id();
    Ok(HttpResponse::Created().json(json!({"created": count, "first_id": id(1), "last_id": id(count)})))
}
