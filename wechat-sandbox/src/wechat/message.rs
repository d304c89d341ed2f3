//! `/cgi-bin/message/template/send`: a template message (模板消息) to one follower.

use actix_web::{
    HttpResponse,
    web::{Bytes, Data},
};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{
    answer::{Refusal, api},
    call::{Query, appid_by_token, json_body, verified_account},
    template_rules,
};
use crate::{
    callback::Receipt,
    instant::{Millis, now},
    state::{Account, Change, DAILY_SENDS, Payload, Sending, State},
    traffic::ReceiptPlan,
    world::World,
};

/// The longest page behind a card, in bytes.
const URL: usize = 1024;
/// The longest name of a template that is no more than unknown.
const TEMPLATE_ID: usize = 128;
/// What the receipt says of whoever blocks the account.
const USER_BLOCK: &str = "failed:user block";

/// The body. Whatever else it holds, such as colours, is ignored.
#[derive(Deserialize)]
#[serde(default)]
struct Asked {
    touser: String,
    template_id: String,
    url: Option<String>,
    data: Value,
    client_msg_id: Option<String>,
}

impl Default for Asked {
    fn default() -> Self {
        Self {
            touser: String::new(),
            template_id: String::new(),
            url: None,
            data: Value::Null,
            client_msg_id: None,
        }
    }
}

/// Takes a message on, tells its number, and lets the receipt come later. The same `client_msg_id` for the same person
/// within the window is the same message: it gets the same answer, and nothing else happens.
pub(super) async fn send(world: Data<World>, query: Query, body: Bytes) -> Result<HttpResponse, Refusal> {
    let asked: Result<Asked, Refusal> = json_body(&body);
    let mut ledger = world.ledger();
    let (state, at) = (ledger.state(), now());
    let appid = appid_by_token(&world, state, &query, at)?;
    let account = verified_account(state, &appid)?;
    within_limits(&world, state, account, at)?;
    let Asked { touser, template_id, url, data, client_msg_id } = asked?;
    let (url, client_msg_id) = (url.unwrap_or_default(), client_msg_id.unwrap_or_default());
    let person = recipient(state, &appid, &touser)?;
    check_content(state, &appid, &template_id, &data, &url)?;
    if person.refused.contains(&template_id) {
        return Err(Refusal::api(43101));
    }
    if !client_msg_id.is_empty()
        && let Some(before) = state.messages.by_client_msg_id(&appid, &person.id, &client_msg_id)
        && at < before.at.saturating_add(world.faults.dedupe_window())
    {
        let msgid = before.msgid;
        ledger.record(Change::DuplicateDropped { appid, at })?;
        world.sends.count(at);
        return Ok(accepted(msgid));
    }
    let plan = world.faults.receipt_plan();
    let status = if person.blocks { USER_BLOCK.to_owned() } else { plan.status.clone() };
    let payload = Payload { appid: appid.clone(), template_id, url, data: data.to_string() };
    let sending = Sending {
        person: &person.id,
        client_msg_id: &client_msg_id,
        at,
        arrived: status == ReceiptPlan::SUCCESS,
    };
    let (message, payload) = state.messages.number(payload, &sending);
    let msgid = message.msgid;
    ledger.record(Change::MessageSent { message, payload })?;
    world.sends.count(at);
    drop(ledger);
    let unnumbered = plan.msgid_zero && !client_msg_id.is_empty();
    let told = if unnumbered { 0 } else { msgid };
    world.receipts.put(
        &plan,
        Receipt { appid, openid: touser, msgid: told, status, due: at.saturating_add(plan.delay) },
    );
    Ok(accepted(msgid))
}

fn accepted(msgid: i64) -> HttpResponse {
    api(&json!({"errcode": 0, "errmsg": "ok", "msgid": msgid}))
}

/// The limits of the account, which stand before everything that a message says.
fn within_limits(world: &World, state: &State, account: &Account, at: Millis) -> Result<(), Refusal> {
    let daily = account.daily_quota.unwrap_or(DAILY_SENDS);
    if state.usages.sends(&account.appid, at) >= daily {
        return Err(Refusal::api(45009));
    }
    match account.rate_limit {
        Some(limit) if !world.sends.within(&account.appid, limit, at) => Err(Refusal::api(45011)),
        _ => Ok(()),
    }
}

struct Recipient {
    id: String,
    blocks: bool,
    refused: std::collections::BTreeSet<String>,
}

fn recipient(state: &State, appid: &str, openid: &str) -> Result<Recipient, Refusal> {
    let person = state.people.by_openid(appid, openid).ok_or(Refusal::api(40003))?;
    let relation = person.relations.get(appid).filter(|relation| relation.following);
    let relation = relation.ok_or(Refusal::api(43004))?;
    Ok(Recipient {
        id: person.id.clone(),
        blocks: relation.blocks_account,
        refused: relation.refused_templates.clone(),
    })
}

fn check_content(
    state: &State,
    appid: &str,
    template_id: &str,
    data: &Value,
    url: &str,
) -> Result<(), Refusal> {
    if template_id.is_empty() || template_id.len() > TEMPLATE_ID {
        return Err(Refusal::api(40036));
    }
    let template = state.templates.get(appid, template_id).ok_or(Refusal::api(40037))?;
    if let Some(key) = template_rules::first_invalid(template, data) {
        return Err(Refusal::invalid_value(key));
    }
    if url.len() > URL {
        return Err(Refusal::api(40039));
    }
    Ok(())
}
