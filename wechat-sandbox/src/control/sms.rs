//! The SMS gateway, and its inbox.

use std::collections::HashMap;

use actix_web::{
    HttpResponse,
    web::{Bytes, Data, Query},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::problem::{Problem, read};
use crate::{
    instant::{now, rfc3339},
    state::{Change, Sms},
    traffic::Outcome,
    world::World,
};

#[derive(Deserialize)]
struct Sending {
    id: String,
    phone: String,
    code: Option<String>,
    #[serde(default)]
    text: String,
}

/// `POST /sms`: takes an SMS. A repeat of the same id is answered alike and kept once.
///
/// The signature headers are not checked: the sandbox was told no secret, and everything on this machine may send.
pub(super) async fn accept(world: Data<World>, body: Bytes) -> Result<HttpResponse, Problem> {
    let Sending { id, phone, code, text } = read(&body)?;
    if id.is_empty() || !phone.bytes().any(|byte| byte.is_ascii_digit()) {
        return Err(Problem::unfit("id must not be empty, and phone must be a number"));
    }
    let mut ledger = world.ledger();
    if !ledger.state().sms.knows(&id) {
        let sms = Sms { id: id.clone(), phone, code, text, at: now() };
        ledger.record(Change::SmsAccepted(sms))?;
    }
    let mut response = HttpResponse::Ok().json(json!({"id": id}));
    response.extensions_mut().insert(Outcome(0));
    Ok(response)
}

/// `GET /sandbox/sms?phone=…`: the inbox of one phone or of all, newest last.
pub(super) async fn inbox(world: Data<World>, query: Query<HashMap<String, String>>) -> HttpResponse {
    let phone = query.get("phone").map(String::as_str).filter(|phone| !phone.trim().is_empty());
    let ledger = world.ledger();
    let items: Vec<_> = ledger.state().sms.messages(phone).map(describe).collect();
    HttpResponse::Ok().json(json!({"items": items}))
}

/// An SMS as the inbox shows it.
fn describe(sms: &Sms) -> Value {
    json!({"phone": sms.phone, "code": sms.code, "text": sms.text, "at": rfc3339(sms.at)})
}
