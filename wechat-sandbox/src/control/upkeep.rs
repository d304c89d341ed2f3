//! Counters, faults and forgetting.

use actix_web::{
    HttpResponse,
    web::{Bytes, Data},
};
use serde_json::{Value, json};

use super::problem::{Problem, read};
use crate::{
    instant::rfc3339,
    state::{Change, State},
    traffic::FaultSettings,
    world::World,
};

/// The paths whose calls are token calls.
const TOKEN_PATHS: [&str; 2] = ["/cgi-bin/token", "/cgi-bin/stable_token"];

/// `GET /sandbox/stats`: what was asked of the sandbox, and what came of it.
///
/// An outcome is an errcode, or `dropped`, `hung` or `http_…` where a fault left no errcode.
pub(super) async fn stats(world: Data<World>) -> HttpResponse {
    let calls = world.stats.calls();
    let token_calls: u64 =
        TOKEN_PATHS.iter().filter_map(|path| calls.get(*path)).flat_map(|outcomes| outcomes.values()).sum();
    let sends = world.sends.counts();
    let ledger = world.ledger();
    HttpResponse::Ok().json(json!({
        "calls": calls,
        "messages": messages(ledger.state()),
        "token_calls": token_calls,
        "peak_sends_per_second": sends.peak,
        "sends": {
            "calls": sends.calls,
            "first_at": sends.first_at.map(rfc3339),
            "last_at": sends.last_at.map(rfc3339),
        },
        "receipts": world.receipts.counts(),
        "sms": ledger.state().sms.accepted,
    }))
}

/// How many messages the followers of all accounts got: the fewest that one has, and the most.
fn messages(state: &State) -> Value {
    let people = state.people.followers_of_all();
    let followed = |appid| {
        let of_account = state.messages.counts(appid);
        of_account.filter(move |(person, _)| state.people.follows(person, appid)).map(|(_, count)| count)
    };
    let counts = state.accounts.keys().flat_map(|appid| followed(appid));
    let (mut with_some, mut min, mut max) = (0, u32::MAX, 0);
    for count in counts {
        with_some += 1;
        min = min.min(count);
        max = max.max(count);
    }
    json!({
        "people": people, "min": if with_some < people || people == 0 { 0 } else { min }, "max": max,
        "total": state.messages.total, "duplicates_dropped": state.messages.duplicates_dropped,
    })
}

/// `PUT /sandbox/faults`: these faults and no others from now on. `{}` ends all.
pub(super) async fn faults(world: Data<World>, body: Bytes) -> Result<HttpResponse, Problem> {
    let settings: FaultSettings = read(&body)?;
    if let Some(complaint) = settings.complaint() {
        return Err(Problem::unfit(complaint));
    }
    world.faults.replace(settings.clone());
    Ok(HttpResponse::Ok().json(settings))
}

/// `POST /sandbox/reset`: forgets everything: accounts, people, messages, SMS, faults and counters.
pub(super) async fn reset(world: Data<World>) -> Result<HttpResponse, Problem> {
    world.ledger().record(Change::Reset)?;
    world.faults.replace(FaultSettings::default());
    world.stats.clear();
    world.sends.clear();
    world.receipts.clear();
    Ok(HttpResponse::NoContent().finish())
}
