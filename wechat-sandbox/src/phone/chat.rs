//! The chat of an account: its template messages as cards, and refusing them.

use std::fmt::Write;

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Form, Query},
};
use serde::Deserialize;
use serde_json::Value;

use super::{
    Language,
    actions::{complain, holder, inside_wechat, leave_for},
    render::page,
};
use crate::{
    control::{self, Problem},
    instant::rfc3339,
    state::{Message, Part, Payload, Person, Relation, State, Template},
    world::World,
};

/// Cards on the screen, the newest.
const SHOWN: usize = 50;
/// Values of the old library that WeChat shows no more.
const UNSHOWN: [&str; 2] = ["first", "remark"];

/// A line of a card.
#[derive(Debug, Default, PartialEq, Eq)]
struct Row {
    label: String,
    value: String,
}

/// A message as the phone shows it.
struct Card {
    template_id: String,
    title: String,
    rows: Vec<Row>,
    at: String,
    /// The page behind it, as WeChat's own browser opens it.
    link: Option<String>,
    /// Whether no more messages of this template are wanted.
    refused: bool,
}

struct Chat {
    appid: String,
    account: String,
    follows: bool,
    /// Whether nothing of the account is wanted.
    blocked: bool,
    cards: Vec<Card>,
}

#[derive(askama::Template)]
#[template(path = "chat.html")]
struct Screen<'a> {
    language: Language,
    nickname: &'a str,
    chat: Chat,
}

#[derive(askama::Template)]
#[template(path = "chat_cards.html")]
struct Cards {
    language: Language,
    chat: Chat,
}

#[derive(Deserialize)]
pub(super) struct Wanted {
    appid: String,
}

/// `GET /phone/chat?appid=…`
pub(super) async fn show(world: Data<World>, request: HttpRequest, wanted: Query<Wanted>) -> HttpResponse {
    let language = Language::of(&request);
    let found = {
        let ledger = world.ledger();
        let person = ledger.state().people.get(&holder(&request));
        person.map(|me| (me.nickname.clone(), chat(ledger.state(), &me, &wanted.appid)))
    };
    match found {
        Some((nickname, Some(chat))) => page(&Screen { language, nickname: &nickname, chat }),
        Some((_, None)) => complain(&world, &request, &Problem::unknown_account()),
        None => leave_for("/phone"),
    }
}

/// `GET /phone/chat/cards?appid=…`: the cards alone, for the script that keeps them fresh.
pub(super) async fn cards(world: Data<World>, request: HttpRequest, wanted: Query<Wanted>) -> HttpResponse {
    let language = Language::of(&request);
    let ledger = world.ledger();
    let me = ledger.state().people.get(&holder(&request));
    match me.and_then(|me| chat(ledger.state(), &me, &wanted.appid)) {
        Some(chat) => page(&Cards { language, chat }),
        None => HttpResponse::NotFound().finish(),
    }
}

#[derive(Deserialize)]
pub(super) struct Refusal {
    appid: String,
    /// One template; empty for all that the account sends.
    #[serde(default)]
    template_id: String,
}

impl Refusal {
    fn template(&self) -> Option<String> {
        Some(self.template_id.clone()).filter(|id| !id.is_empty())
    }
}

/// `POST /phone/block`: no more of this template, or of this account.
pub(super) async fn block(world: Data<World>, request: HttpRequest, form: Form<Refusal>) -> HttpResponse {
    let outcome = control::block(&world, &holder(&request), &form.appid, form.template());
    back(&world, &request, &form.appid, outcome)
}

/// `POST /phone/unblock`: they are wanted again.
pub(super) async fn unblock(world: Data<World>, request: HttpRequest, form: Form<Refusal>) -> HttpResponse {
    let outcome = control::unblock(&world, &holder(&request), &form.appid, form.template());
    back(&world, &request, &form.appid, outcome)
}

fn back(world: &World, request: &HttpRequest, appid: &str, outcome: Result<(), Problem>) -> HttpResponse {
    match outcome {
        Ok(()) => to_chat(appid),
        Err(problem) => complain(world, request, &problem),
    }
}

/// To the chat of an account, where the newest message is.
pub(super) fn to_chat(appid: &str) -> HttpResponse {
    leave_for(&format!("{}#newest", address(appid)))
}

/// Where the chat of an account is.
pub(super) fn address(appid: &str) -> String {
    let mut address = "/phone/chat?appid=".to_owned();
    // An appid of a test may be anything; those of WeChat need no escape.
    for byte in appid.bytes() {
        if byte.is_ascii_alphanumeric() {
            address.push(char::from(byte));
        } else {
            let _ = write!(address, "%{byte:02X}");
        }
    }
    address
}

fn chat(state: &State, me: &Person, appid: &str) -> Option<Chat> {
    let account = state.accounts.get(appid)?;
    let relation = me.relations.get(appid).cloned().unwrap_or_default();
    let mine =
        state.messages.list().rev().filter(|(message, payload)| {
            message.arrived && *message.person == *me.id && payload.appid == appid
        });
    let mut cards: Vec<_> =
        mine.take(SHOWN).map(|(message, payload)| card(state, &relation, message, payload)).collect();
    cards.reverse();
    Some(Chat {
        appid: appid.to_owned(),
        account: account.original_id.clone(),
        follows: relation.following,
        blocked: relation.blocks_account,
        cards,
    })
}

fn card(state: &State, relation: &Relation, message: &Message, payload: &Payload) -> Card {
    let data: Value = serde_json::from_str(&payload.data).unwrap_or_default();
    let template = state.templates.get(&payload.appid, &payload.template_id);
    Card {
        template_id: payload.template_id.clone(),
        title: template.map_or(&payload.template_id, |template| &template.title).clone(),
        rows: template.map_or_else(|| rows_of_data(&data), |template| rows(template, &data)),
        at: rfc3339(message.at),
        link: Some(&payload.url)
            .filter(|url| !url.is_empty())
            .map(|url| inside_wechat(url).unwrap_or_else(|| url.clone())),
        refused: relation.refused_templates.contains(&payload.template_id),
    }
}

fn value<'a>(data: &'a Value, key: &str) -> &'a str {
    data[key]["value"].as_str().unwrap_or_default()
}

/// The lines of the content with their values. What stands before the first value of a line is its label.
fn rows(template: &Template, data: &Value) -> Vec<Row> {
    let mut rows = vec![Row::default()];
    let mut has_value = false;
    for part in template.parts() {
        let Some(row) = rows.last_mut() else { break };
        match part {
            Part::Value(key) if UNSHOWN.contains(&key) => {}
            Part::Value(key) => {
                row.value.push_str(value(data, key));
                has_value = true;
            }
            Part::Text(text) => {
                let mut lines = text.split('\n');
                let first = lines.next().unwrap_or_default();
                let place = if has_value { &mut row.value } else { &mut row.label };
                place.push_str(first);
                for line in lines {
                    rows.push(Row { label: line.to_owned(), value: String::new() });
                    has_value = false;
                }
            }
        }
    }
    for row in &mut rows {
        row.label.truncate(row.label.trim_end().trim_end_matches([':', '：']).len());
    }
    rows.retain(|row| !(row.label.trim().is_empty() && row.value.is_empty()));
    rows
}

/// Of a template that is not there any more.
fn rows_of_data(data: &Value) -> Vec<Row> {
    let keys = data.as_object().into_iter().flat_map(|data| data.keys());
    keys.map(|key| Row { label: key.clone(), value: value(data, key).to_owned() }).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn shown(content: &str, data: &Value) -> Vec<(String, String)> {
        let template = Template { content: content.to_owned(), ..Template::default() };
        rows(&template, data).into_iter().map(|row| (row.label, row.value)).collect()
    }

    #[test]
    fn a_line_of_the_content_is_a_row() {
        let data =
            json!({"thing1": {"value": "茶"}, "amount2": {"value": "5"}, "first": {"value": "亲爱的"}});
        let row = |label: &str, value: &str| (label.to_owned(), value.to_owned());
        assert_eq!(
            shown("商品:{{thing1.DATA}}\n金额：{{amount2.DATA}}元\n", &data),
            [row("商品", "茶"), row("金额", "5元")]
        );
        assert_eq!(shown("{{first.DATA}}\n商品: {{thing1.DATA}}", &data), [row("商品", "茶")]);
        assert_eq!(shown("谢谢\n{{gone.DATA}}", &data), [row("谢谢", "")]);
        assert_eq!(rows_of_data(&data).len(), 3);
    }

    #[test]
    fn an_address_is_safe_whatever_the_appid() {
        assert_eq!(address("wx1"), "/phone/chat?appid=wx1");
        assert_eq!(address("a&b#c"), "/phone/chat?appid=a%26b%23c");
    }
}
