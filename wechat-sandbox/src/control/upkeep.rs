//! Counters, faults and forgetting.

use actix_web::{
    HttpResponse,
    web::{Bytes, Data},
};
use serde_json::json;

use super::problem::{Problem, read};
use crate::{state::Change, traffic::FaultSettings, world::World};

/// The paths whose calls are token calls.
const TOKEN_PATHS: [&str; 2] = ["/cgi-bin/token", "/cgi-bin/stable_token"];

/// `GET /sandbox/stats`: what was asked of the sandbox, and what came of it.
///
/// An outcome is an errcode, or `dropped`, `hung` or `http_…` where a fault left no errcode.
pub(super) async fn stats(world: Data<World>) -> HttpResponse {
    let calls = world.stats.calls();
    let token_calls: u64 =
        TOKEN_PATHS.iter().filter_map(|path| calls.get(*path)).flat_map(|outcomes| outcomes.values()).sum();
    let ledger = world.ledger();
    HttpResponse::Ok().json(json!({
        "calls": calls,
        // No message can be sent yet: nobody has one.
        "messages": {
            "people": ledger.state().people.followers_of_all(),
            "min": 0, "max": 0, "total": 0, "duplicates_dropped": 0,
        },
        "token_calls": token_calls,
        "peak_sends_per_second": 0,
        "sms": ledger.state().sms.accepted,
    }))
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

/// `POST /sandbox/reset`: forgets everything: accounts, people, SMS, faults and counters.
pub(super) async fn reset(world: Data<World>) -> Result<HttpResponse, Problem> {
    world.ledger().record(Change::Reset)?;
    world.faults.replace(FaultSettings::default());
    world.stats.clear();
    Ok(HttpResponse::NoContent().finish())
}
