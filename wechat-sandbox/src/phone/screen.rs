//! The screen: either the choice of a person, or what the person at hand can do.

use std::collections::BTreeSet;

use actix_web::{
    HttpRequest, HttpResponse,
    http::{StatusCode, header::LOCATION},
    web::{Data, Query},
};
use askama::Template;
use serde::Deserialize;

use super::{
    Language,
    actions::{After, holder},
    chat,
    menu::{MenuButton, buttons},
    render::{page, page_with},
};
use crate::{
    instant::rfc3339,
    state::{Account, Person, Sms, State},
    world::World,
};

/// People offered to choose from, newest first.
const OFFERED: usize = 50;
/// Messages of the inbox on the screen.
const SHOWN: usize = 30;
/// Messages whose numbers can be chosen.
const REMEMBERED: usize = 500;
/// Nicknames for the first people, so that one tap is enough.
const NAMES: [(&str, &str); 6] = [
    ("小明", "Ming"),
    ("小红", "Hong"),
    ("阿强", "Qiang"),
    ("丽丽", "Lili"),
    ("大伟", "Wei"),
    ("晓晓", "Xiao"),
];

struct Contact {
    id: String,
    nickname: String,
}

struct AccountRow {
    appid: String,
    original_id: String,
    follows: bool,
    /// Where its messages are.
    chat: String,
    messages: u32,
    /// Empty if the account has none, or is not followed.
    menu: Vec<MenuButton>,
}

struct Message {
    phone: String,
    code: Option<String>,
    text: String,
    at: String,
}

#[derive(Template)]
#[template(path = "phone.html")]
struct Screen<'a> {
    language: Language,
    me: Option<Contact>,
    people: Vec<Contact>,
    people_in_all: usize,
    accounts: Vec<AccountRow>,
    messages: Vec<Message>,
    /// The numbers that messages came to.
    phones: Vec<&'a str>,
    chosen_phone: &'a str,
    suggestion: &'static str,
    notice: &'a str,
    /// What the accounts' part has to say.
    after: Option<(After, &'static str)>,
    link: &'a str,
}

#[derive(Template)]
#[template(path = "messages_part.html")]
struct Messages {
    language: Language,
    messages: Vec<Message>,
}

/// What a request may ask of the screen.
#[derive(Default, Deserialize)]
#[serde(default)]
pub(super) struct Wanted {
    /// A link to fill in.
    pub(super) link: String,
    /// Only the messages to this number.
    phone: String,
    /// What came of the last tap or the last change of following.
    after: Option<After>,
}

impl Wanted {
    /// The screen with this link filled in.
    pub(super) fn link(link: &str) -> Self {
        Self { link: link.to_owned(), ..Self::default() }
    }
}

/// `GET /phone`
pub(super) async fn show(world: Data<World>, request: HttpRequest, wanted: Query<Wanted>) -> HttpResponse {
    if let Some(place) = own_address(&world, &request) {
        return HttpResponse::SeeOther().insert_header((LOCATION, place)).finish();
    }
    show_with(&world, &request, &wanted, StatusCode::OK, "")
}

/// Where to go on by address for whoever came by the name `localhost`: the person's cookie belongs to one host, and links
/// to WeChat's pages carry the address.
fn own_address(world: &World, request: &HttpRequest) -> Option<String> {
    let named = request.connection_info().host().split(':').next() == Some("localhost");
    let by_address = world.url.starts_with("http://127.");
    (named && by_address).then(|| format!("{}{}", world.url, request.uri()))
}

/// `GET /phone/messages?phone=…`: the list of messages alone, for the script that keeps it fresh.
pub(super) async fn messages(
    world: Data<World>,
    request: HttpRequest,
    wanted: Query<Wanted>,
) -> HttpResponse {
    let messages = inbox(world.ledger().state(), &wanted.phone);
    page(&Messages { language: Language::of(&request), messages })
}

/// The screen with a sentence at its top.
pub(super) fn show_with(
    world: &World,
    request: &HttpRequest,
    wanted: &Wanted,
    status: StatusCode,
    notice: &str,
) -> HttpResponse {
    let language = Language::of(request);
    let ledger = world.ledger();
    let state = ledger.state();
    let me = state.people.get(&holder(request));
    let people_in_all = state.people.count();
    let (chinese, english) = NAMES[state.people.list().len() % NAMES.len()];
    let screen = Screen {
        language,
        me: me.as_deref().map(contact),
        people: state.people.list().iter().rev().take(OFFERED).map(contact).collect(),
        people_in_all,
        accounts: me.map(|me| accounts(state, &me)).unwrap_or_default(),
        messages: inbox(state, &wanted.phone),
        phones: numbers(state),
        chosen_phone: &wanted.phone,
        suggestion: language.say(chinese, english),
        notice,
        after: wanted.after.map(|after| (after, sentence(language, after))),
        link: &wanted.link,
    };
    page_with(status, &screen)
}

fn inbox(state: &State, phone: &str) -> Vec<Message> {
    let phone = Some(phone).filter(|phone| !phone.is_empty());
    state.sms.messages(phone).rev().take(SHOWN).map(message).collect()
}

/// The numbers of the latest messages, each once.
fn numbers(state: &State) -> Vec<&str> {
    let latest = state.sms.messages(None).rev().take(REMEMBERED).map(|sms| sms.phone.as_str());
    latest.collect::<BTreeSet<_>>().into_iter().collect()
}

fn contact(person: &Person) -> Contact {
    Contact { id: person.id.clone(), nickname: person.nickname.clone() }
}

fn accounts(state: &State, me: &Person) -> Vec<AccountRow> {
    let row = |account: &Account| AccountRow {
        appid: account.appid.clone(),
        original_id: account.original_id.clone(),
        follows: me.follows(&account.appid),
        chat: chat::address(&account.appid),
        messages: state.messages.count(&account.appid, &me.id),
        menu: menu(state, &account.appid, me),
    };
    state.accounts.values().map(row).collect()
}

/// Only followers see an account's menu.
fn menu(state: &State, appid: &str, me: &Person) -> Vec<MenuButton> {
    let menu = state.menus.get(appid).filter(|_| me.follows(appid));
    menu.map(buttons).unwrap_or_default()
}

fn sentence(language: Language, after: After) -> &'static str {
    match after {
        After::Told => language.say("服务号的服务器收到了这个事件。", "The account’s server has been told."),
        After::Undelivered => language.say(
            "已完成，但服务号的服务器没有收到这个事件。",
            "Done, but the account’s server did not take the event.",
        ),
        After::Nothing => language.say(
            "这一项在模拟手机上没有可打开的，也没有服务器可通知。",
            "This entry has nothing to open on the pretend phone, and no server to tell.",
        ),
    }
}

fn message(sms: &Sms) -> Message {
    Message { phone: sms.phone.clone(), code: sms.code.clone(), text: sms.text.clone(), at: rfc3339(sms.at) }
}
