//! `GET /sandbox/messages`: the template messages that people got.

use std::collections::HashMap;

use actix_web::{
    HttpResponse,
    web::{Data, Query},
};
use serde::Serialize;
use serde_json::Value;

use super::problem::Problem;
use crate::{
    instant::{Millis, parse, rfc3339},
    state::{Message, Openids, Payload},
    world::World,
};

/// A message as the inbox shows it.
#[derive(Serialize)]
struct MessageView<'a> {
    person: &'a str,
    openid: String,
    appid: &'a str,
    template_id: &'a str,
    data: Value,
    url: Option<&'a str>,
    msgid: i64,
    client_msg_id: Option<&'a str>,
    at: String,
}

#[derive(Serialize)]
struct List<'a> {
    items: Vec<MessageView<'a>>,
}

/// What is asked for; everything without it.
struct Wanted<'a> {
    person: Option<&'a str>,
    openid: Option<&'a str>,
    appid: Option<&'a str>,
    /// Only what came at this moment or later.
    since: Millis,
    /// Only so many, the newest.
    limit: usize,
}

impl<'a> Wanted<'a> {
    fn read(query: &'a HashMap<String, String>) -> Result<Self, Problem> {
        let given = |name: &str| query.get(name).map(String::as_str).filter(|value| !value.trim().is_empty());
        let since = match given("since") {
            Some(text) => parse(text).ok_or_else(|| {
                Problem::unfit("since must be a moment as in `at`, or milliseconds since 1970")
            })?,
            None => 0,
        };
        let limit = match given("limit") {
            Some(text) => text.parse().map_err(|_| Problem::unfit("limit must be a number"))?,
            None => usize::MAX,
        };
        Ok(Self { person: given("person"), openid: given("openid"), appid: given("appid"), since, limit })
    }
}

/// The route: newest last.
pub(super) async fn inbox(
    world: Data<World>,
    query: Query<HashMap<String, String>>,
) -> Result<HttpResponse, Problem> {
    let wanted = Wanted::read(&query)?;
    let ledger = world.ledger();
    let state = ledger.state();
    let makers: HashMap<_, _> =
        state.openids().into_iter().map(|openids| (openids.appid(), openids)).collect();
    // An openid names one person at one account.
    let named = wanted.openid.map(|openid| {
        let found = makers.keys().find_map(|appid| Some((*appid, state.people.by_openid(appid, openid)?)));
        found.map(|(appid, person)| (appid, person.id.clone()))
    });
    let is_wanted = |message: &Message, payload: &Payload| {
        let is_named = match &named {
            None => true,
            Some(None) => false,
            Some(Some((appid, person))) => payload.appid == *appid && *message.person == **person,
        };
        is_named
            && message.at >= wanted.since
            && wanted.person.is_none_or(|person| &*message.person == person)
            && wanted.appid.is_none_or(|appid| payload.appid == appid)
    };
    let arrived = state.messages.list().rev().filter(|(message, _)| message.arrived);
    let chosen = arrived.filter(|(message, payload)| is_wanted(message, payload)).take(wanted.limit);
    let mut items: Vec<_> = chosen
        .filter_map(|(message, payload)| {
            Some(describe(message, payload, makers.get(payload.appid.as_str())?))
        })
        .collect();
    items.reverse();
    Ok(HttpResponse::Ok().json(List { items }))
}

fn describe<'a>(message: &'a Message, payload: &'a Payload, openids: &Openids<'_>) -> MessageView<'a> {
    MessageView {
        person: &message.person,
        openid: openids.person(&message.person),
        appid: &payload.appid,
        template_id: &payload.template_id,
        data: serde_json::from_str(&payload.data).unwrap_or_default(),
        url: Some(payload.url.as_str()).filter(|url| !url.is_empty()),
        msgid: message.msgid,
        client_msg_id: Some(&*message.client_msg_id).filter(|id| !id.is_empty()),
        at: rfc3339(message.at),
    }
}
