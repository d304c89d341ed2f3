//! What the phone's forms do; each ends where it began, on the phone.

use actix_web::{
    HttpRequest, HttpResponse, ResponseError,
    cookie::{Cookie, SameSite},
    http::{StatusCode, header::LOCATION},
    web::{Data, Form, Query},
};
use reqwest::Url;
use serde::Deserialize;

use super::{
    HOLDER, Language, chat, scan,
    screen::{self, Wanted},
};
use crate::{callback::Delivered, control, control::Problem, state::is_link_of_qr_code, world::World};

/// `GET /`: the phone is all there is to see.
pub(super) async fn to_phone() -> HttpResponse {
    leave_for("/phone")
}

/// `GET /phone/open?link=…`: opens a scanned link as WeChat's own browser would; WeChat reads its own codes itself.
pub(super) async fn open(world: Data<World>, request: HttpRequest, query: Query<Wanted>) -> HttpResponse {
    let language = Language::of(&request);
    if is_link_of_qr_code(&query.link) {
        return scan::read(&world, &request, &query.link).await;
    }
    if let Some(url) = inside_wechat(&query.link) {
        return leave_for(&url);
    }
    let notice = language.say(
        "这不是网页链接：它应以 http:// 或 https:// 开头。",
        "That is no web link: it should begin with http:// or https://.",
    );
    screen::show_with(&world, &request, &query, StatusCode::BAD_REQUEST, notice)
}

/// The link with `in=wechat` in its query, which tells a server that this ordinary browser plays WeChat's.
pub(super) fn inside_wechat(link: &str) -> Option<String> {
    let mut url = Url::parse(link.trim()).ok().filter(|url| ["http", "https"].contains(&url.scheme()))?;
    if !url.query_pairs().any(|(name, value)| name == "in" && value == "wechat") {
        url.query_pairs_mut().append_pair("in", "wechat");
    }
    Some(url.into())
}

#[derive(Deserialize)]
pub(super) struct NewPerson {
    nickname: String,
    /// What the phone was about to open.
    #[serde(default)]
    link: String,
}

/// `POST /phone/people`: somebody new takes the phone.
pub(super) async fn create(world: Data<World>, request: HttpRequest, form: Form<NewPerson>) -> HttpResponse {
    let joined = control::join(&mut world.ledger(), &form.nickname);
    match joined {
        Ok(id) => held_by(&id, &form.link),
        Err(problem) => complain(&world, &request, &problem),
    }
}

#[derive(Deserialize)]
pub(super) struct Holder {
    person: String,
    /// What the phone was about to open.
    #[serde(default)]
    link: String,
}

/// `POST /phone/hold`: somebody known takes the phone.
pub(super) async fn hold(world: Data<World>, request: HttpRequest, form: Form<Holder>) -> HttpResponse {
    if world.ledger().state().people.get(&form.person).is_some() {
        return held_by(&form.person, &form.link);
    }
    complain(&world, &request, &Problem::not_found("nobody has this id any more"))
}

/// `POST /phone/put-down`: nobody holds the phone.
pub(super) async fn put_down() -> HttpResponse {
    let mut gone = cookie("");
    gone.make_removal();
    HttpResponse::SeeOther().insert_header((LOCATION, "/phone")).cookie(gone).finish()
}

#[derive(Deserialize)]
pub(super) struct Following {
    appid: String,
    /// The link of the parametric QR code that led to the account.
    #[serde(default)]
    link: String,
}

/// `POST /phone/follow`
pub(super) async fn follow(world: Data<World>, request: HttpRequest, form: Form<Following>) -> HttpResponse {
    let scene = scan::scene(&world, &form.link);
    let outcome = control::follow(&world, &holder(&request), &form.appid, scene).await;
    if outcome.is_ok() && !form.link.is_empty() {
        return chat::to_chat(&form.appid);
    }
    after_following(&world, &request, outcome)
}

/// `POST /phone/unfollow`
pub(super) async fn unfollow(
    world: Data<World>,
    request: HttpRequest,
    form: Form<Following>,
) -> HttpResponse {
    let outcome = control::unfollow(&world, &holder(&request), &form.appid).await;
    after_following(&world, &request, outcome)
}

fn after_following(
    world: &World,
    request: &HttpRequest,
    outcome: Result<Option<Delivered>, Problem>,
) -> HttpResponse {
    match outcome {
        Ok(Some(Delivered { delivered: false, .. })) => back_to_accounts(Some(After::Undelivered)),
        Ok(_) => back_to_accounts(None),
        Err(problem) => complain(world, request, &problem),
    }
}

/// What the accounts' part of the screen has to say.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum After {
    /// The account's server took the event.
    Told,
    /// It did not.
    Undelivered,
    /// There was nothing to open and nobody to tell.
    Nothing,
}

impl After {
    /// Whether all went as it should.
    pub(super) const fn is_good(self) -> bool {
        matches!(self, Self::Told)
    }
}

/// To the accounts' part of the screen.
pub(super) fn back_to_accounts(after: Option<After>) -> HttpResponse {
    leave_for(match after {
        None => "/phone#accounts",
        Some(After::Told) => "/phone?after=told#accounts",
        Some(After::Undelivered) => "/phone?after=undelivered#accounts",
        Some(After::Nothing) => "/phone?after=nothing#accounts",
    })
}

/// The browser goes on to another place.
pub(super) fn leave_for(place: &str) -> HttpResponse {
    HttpResponse::SeeOther().insert_header((LOCATION, place)).finish()
}

/// Who holds the phone, by the cookie.
pub(super) fn holder(request: &HttpRequest) -> String {
    request.cookie(HOLDER).map(|cookie| cookie.value().to_owned()).unwrap_or_default()
}

fn held_by(id: &str, link: &str) -> HttpResponse {
    // Of this only the query is used: it is written as forms write theirs.
    let asked = Url::parse_with_params("http://phone/", [("link", link)]).ok().filter(|_| !link.is_empty());
    let query = asked.as_ref().and_then(Url::query).map_or_else(String::new, |query| format!("?{query}"));
    HttpResponse::SeeOther().insert_header((LOCATION, format!("/phone{query}"))).cookie(cookie(id)).finish()
}

/// Cookies do not know ports: what is set here is sent to WeChat's pages on this port, which is what counts.
fn cookie(id: &str) -> Cookie<'static> {
    Cookie::build(HOLDER, id.to_owned()).path("/").same_site(SameSite::Lax).http_only(true).finish()
}

/// The screen, saying why something did not work.
pub(super) fn complain(world: &World, request: &HttpRequest, problem: &Problem) -> HttpResponse {
    let language = Language::of(request);
    let notice = match language {
        Language::English => problem.to_string(),
        Language::Chinese => format!("没有成功：{problem}"),
    };
    screen::show_with(world, request, &Wanted::default(), problem.status_code(), &notice)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_is_opened_inside_wechat_once() {
        for (link, expected) in [
            ("http://127.0.0.1:8080/p/shop/q/t", Some("http://127.0.0.1:8080/p/shop/q/t?in=wechat")),
            (" http://h/?a=1 ", Some("http://h/?a=1&in=wechat")),
            ("http://h/?in=wechat", Some("http://h/?in=wechat")),
            ("http://h/#part", Some("http://h/?in=wechat#part")),
            ("javascript:alert(1)", None),
            ("127.0.0.1:8080/p/shop", None),
            ("", None),
        ] {
            assert_eq!(inside_wechat(link).as_deref(), expected, "{link}");
        }
    }
}
