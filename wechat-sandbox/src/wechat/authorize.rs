//! `/connect/oauth2/authorize`: the page that a phone opens to be sent back with a code.

use std::borrow::Cow;

use actix_web::{
    HttpRequest, HttpResponse,
    http::header::{LOCATION, USER_AGENT},
    web::Data,
};

use super::{authorize_link::AuthorizeLink, page};
use crate::{
    instant::now,
    phone::Language,
    random,
    state::{Change, Code, Person, Scope},
    traffic::Outcome,
    world::World,
};

/// Who holds the phone.
const PERSON: &str = "sandbox_person";
/// `yes` or `no`: answers the consent page by itself. As a cookie, or behind the link by the page's own buttons.
const CONSENT: &str = "sandbox_consent";
/// `yes`: the page is shown in snapshot mode (网页快照页), with a virtual account.
const SNAPSHOT: &str = "sandbox_snapshot";

/// Sends the phone back with a code, asks for consent, or says what is wrong with the link.
pub(super) async fn authorize(world: Data<World>, request: HttpRequest) -> HttpResponse {
    let language = Language::of(&request);
    let holder = cookie(&request, PERSON);
    if holder.is_none() && !is_wechat(&request) {
        return page::open_in_wechat(language);
    }
    let link = match AuthorizeLink::parse(request.query_string(), world.ledger().state()) {
        Ok(link) => link,
        Err(error) => return page::link_error(language, &error),
    };
    let Some(holder) = holder else { return page::nobody_holds_the_phone(language) };
    let Some(person) = world.ledger().state().people.get(&holder).map(Cow::into_owned) else {
        return page::unknown_person(language, &holder);
    };
    let snapshot = cookie(&request, SNAPSHOT).as_deref() == Some("yes");
    match consent(&request, &link, snapshot) {
        Consent::Given => send_back(&world, &link, &person, snapshot),
        Consent::Refused => page::refused(language, link.host()),
        Consent::Asked => page::consent(language, &link, &person, request.query_string()),
    }
}

enum Consent {
    Given,
    Refused,
    Asked,
}

fn consent(request: &HttpRequest, link: &AuthorizeLink, snapshot: bool) -> Consent {
    // A snapshot page comes up without a dialog; that is what it is for.
    let silent = link.scope == Scope::Base && !link.force_popup;
    if silent || snapshot {
        return Consent::Given;
    }
    // The buttons of the page put their answer at the end of the link.
    let answered =
        request.query_string().rsplit('&').next().and_then(|last| last.strip_prefix("sandbox_consent="));
    match answered.map(str::to_owned).or_else(|| cookie(request, CONSENT)).as_deref() {
        Some("yes") => Consent::Given,
        Some("no") => Consent::Refused,
        _ => Consent::Asked,
    }
}

fn send_back(world: &World, link: &AuthorizeLink, person: &Person, snapshot: bool) -> HttpResponse {
    let mut openid = person.openid(&link.appid);
    if snapshot {
        // A virtual account, another one each time and never a real one.
        openid.truncate(6);
        openid.push_str(&random::base62(22));
    }
    let code = random::base62(32);
    let record = Code {
        appid: link.appid.clone(),
        person: person.id.clone(),
        openid,
        scope: link.scope,
        snapshot,
        at: now(),
        used: false,
    };
    if let Err(error) = world.ledger().record(Change::CodeIssued { code: code.clone(), record }) {
        tracing::error!(%error, "the journal cannot be written");
        return HttpResponse::InternalServerError().finish();
    }
    let mut response = HttpResponse::Found().insert_header((LOCATION, link.back_with(&code))).finish();
    response.extensions_mut().insert(Outcome(0));
    response
}

fn cookie(request: &HttpRequest, name: &str) -> Option<String> {
    request.cookie(name).map(|cookie| cookie.value().to_owned()).filter(|value| !value.is_empty())
}

fn is_wechat(request: &HttpRequest) -> bool {
    let agent = request.headers().get(USER_AGENT).and_then(|agent| agent.to_str().ok()).unwrap_or_default();
    agent.to_ascii_lowercase().contains("micromessenger")
}
