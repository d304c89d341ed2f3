//! The pages of registered people: signing in, `/account/sign-in`, and "my apps and modules", `/account`.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;

use crate::domain::account::Client;
use crate::domain::inbox::InboxItem;
use crate::domain::invitation::InvitationToken;
use crate::http::answers::{page, problem, see_other, store_failed};
use crate::http::api::v1::accounts::{add_login, code_problem, sign_in_problem};
use crate::http::extract::account::{COOKIE, signed_in};
use crate::http::extract::body::Fields;
use crate::http::extract::{Visitor, fields};
use crate::http::i18n::Lang;
use crate::http::problem::{Code, Problem};
use crate::http::site::Site;
use crate::store::Page;
use crate::store::inbox_items::InboxFilter;
use crate::usecases::account_sign_in::Proof;
use crate::usecases::platform_accounts::Membership;

use super::views::{
    AccountPage, AccountSignInPage, InboxLine, JoinedOrganization, belonging_text, inbox_text, module_text,
};

/// Items of the inbox that the page shows.
const LINES: u64 = 20;

/// What the address of the sign-in page may name.
#[derive(Deserialize)]
pub struct Going {
    invitation: Option<String>,
}

/// `GET /account/sign-in`.
pub async fn sign_in_page(
    request: HttpRequest,
    site: web::Data<Site>,
    visitor: Visitor,
    going: web::Query<Going>,
) -> HttpResponse {
    let invitation = invitation(going.invitation.as_deref());
    match signed_in(&request, &site, &visitor).await {
        Ok(Some(_)) => see_other(&onward(invitation.as_deref())),
        Ok(None) => page(&site, StatusCode::OK, &draw(&site, &visitor, invitation)),
        Err(error) => problem(&site, &visitor, &error),
    }
}

/// `POST /account/sign-in`: signing in, or a code to sign in with, by the field `do`.
pub async fn sign_in(site: web::Data<Site>, visitor: Visitor, payload: web::Payload) -> HttpResponse {
    let done = async {
        let typed = fields(payload, &visitor, &site).await?;
        let invitation = invitation(typed.some("invitation"));
        match (typed.get("do"), &invitation) {
            ("code", Some(token)) => send_code(&site, &visitor, &typed, token).await,
            _ => prove(&site, &visitor, &typed, invitation).await,
        }
    };
    done.await.unwrap_or_else(|error: Problem| problem(&site, &visitor, &error))
}

async fn send_code(
    site: &Site,
    visitor: &Visitor,
    typed: &Fields,
    token: &str,
) -> Result<HttpResponse, Problem> {
    let sent = site.accounts.send_code(typed.get("phone"), token, &visitor.caller()).await;
    let mut drawn = draw(site, visitor, Some(token.to_owned()));
    drawn.phone = shortened(typed.get("phone"));
    match sent.map_err(|error| code_problem(visitor, error)) {
        Ok(phone) => {
            drawn.code_sent_to = Some(phone.masked());
            drawn.by_code = true;
            Ok(page(site, StatusCode::OK, &drawn))
        }
        Err(error) => again(site, visitor, drawn, error),
    }
}

async fn prove(
    site: &Site,
    visitor: &Visitor,
    typed: &Fields,
    invitation: Option<String>,
) -> Result<HttpResponse, Problem> {
    let proof = match typed.some("code") {
        Some(code) => Proof::Code(code),
        None => Proof::Password(typed.get("password")),
    };
    let proved = site.accounts.sign_in(typed.get("phone"), proof, Client::Web, &visitor.caller()).await;
    match proved.map_err(|error| sign_in_problem(visitor, error)) {
        Ok(token) => {
            let mut answer = see_other(&onward(invitation.as_deref()));
            add_login(site, &mut answer, &token);
            Ok(answer)
        }
        Err(error) => {
            let mut drawn = draw(site, visitor, invitation);
            drawn.phone = shortened(typed.get("phone"));
            drawn.by_code = drawn.invitation.is_some() && typed.some("code").is_some();
            again(site, visitor, drawn, error)
        }
    }
}

/// The page again, with what was wrong.
fn again(
    site: &Site,
    visitor: &Visitor,
    mut drawn: AccountSignInPage,
    error: Problem,
) -> Result<HttpResponse, Problem> {
    if visitor.wants_json || error.code.status().is_server_error() && error.code != Code::SmsUnavailable {
        return Err(error);
    }
    drawn.error = Some(typed_text(visitor.lang, error.code).to_owned());
    let mut answer = page(site, error.code.status(), &drawn);
    if let Some(seconds) = error.retry_seconds() {
        answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    Ok(answer)
}

/// `GET /account`.
pub async fn show(request: HttpRequest, site: web::Data<Site>, visitor: Visitor) -> HttpResponse {
    let shown = async {
        let Some(who) = signed_in(&request, &site, &visitor).await? else {
            return Ok(see_other("/account/sign-in"));
        };
        let found = site.accounts.memberships(who.account.id).await;
        let found = found.map_err(|error| store_failed(&visitor, &error))?;
        let (whose, newest) = (who.account.id, Page::first(LINES));
        let inbox = site.accounts.store().inbox(whose, InboxFilter::default(), newest).await;
        let inbox = inbox.map_err(|error| store_failed(&visitor, &error))?;
        let open = found.into_iter().filter(Membership::is_open);
        let view = AccountPage {
            lang: visitor.lang,
            host: site.front.authority.clone(),
            name: who.account.name,
            phone_masked: who.account.phone.masked(),
            inbox: inbox.items.items.into_iter().map(|item| line(visitor.lang, item)).collect(),
            unread: inbox.unread,
            organizations: open.map(|membership| joined(visitor.lang, membership)).collect(),
        };
        Ok(page(&site, StatusCode::OK, &view))
    };
    shown.await.unwrap_or_else(|error: Problem| problem(&site, &visitor, &error))
}

/// `POST /account/inbox/read`: marks an item of the inbox read by the field `id`, or all of them by `all`.
pub async fn read_inbox(
    request: HttpRequest,
    site: web::Data<Site>,
    visitor: Visitor,
    payload: web::Payload,
) -> HttpResponse {
    let read = async {
        let typed = fields(payload, &visitor, &site).await?;
        let Some(who) = signed_in(&request, &site, &visitor).await? else {
            return Ok(see_other("/account/sign-in"));
        };
        let failed = |error| store_failed(&visitor, &error);
        if typed.some("all").is_some() {
            site.accounts.read_inbox(who.account.id).await.map_err(failed)?;
        } else {
            let unknown = || visitor.problem(Code::NotFound);
            let id = typed.get("id").parse().map_err(|_| unknown())?;
            let found = site.accounts.read_inbox_item(who.account.id, id).await.map_err(failed)?;
            found.ok_or_else(unknown)?;
        }
        Ok(see_other("/account"))
    };
    read.await.unwrap_or_else(|error: Problem| problem(&site, &visitor, &error))
}

/// `POST /account/sign-out`: ends the login here, and goes on to an invitation if the form carries one.
pub async fn sign_out(
    request: HttpRequest,
    site: web::Data<Site>,
    visitor: Visitor,
    payload: web::Payload,
) -> HttpResponse {
    let out = async {
        let typed = fields(payload, &visitor, &site).await?;
        if let Some(who) = signed_in(&request, &site, &visitor).await? {
            let ended = site.accounts.end_login(who.account.id, who.login.id, &visitor.caller()).await;
            ended.map_err(|error| store_failed(&visitor, &error))?;
        }
        let invitation = invitation(typed.some("invitation"));
        let place =
            invitation.map_or_else(|| "/account/sign-in".to_owned(), |token| format!("/join/{token}"));
        let mut answer = see_other(&place);
        answer.add_cookie(&site.removal(COOKIE)).map_err(|_| visitor.problem(Code::Internal))?;
        // "cookies" would wipe those of the whole registrable domain.
        answer.headers_mut().insert(
            header::HeaderName::from_static("clear-site-data"),
            header::HeaderValue::from_static("\"cache\""),
        );
        Ok(answer)
    };
    out.await.unwrap_or_else(|error: Problem| problem(&site, &visitor, &error))
}

/// An invitation's token, if it has the form of one.
fn invitation(text: Option<&str>) -> Option<String> {
    text.and_then(InvitationToken::parse).map(|token| token.reveal().to_owned())
}

/// Where somebody goes who has signed in.
fn onward(invitation: Option<&str>) -> String {
    invitation.map_or_else(|| "/account".to_owned(), |token| format!("/join/{token}"))
}

/// An invitation in the address of the sign-in page.
pub(super) fn carry(token: &str) -> String {
    invitation(Some(token)).map_or_else(String::new, |token| format!("invitation={token}"))
}

fn draw(site: &Site, visitor: &Visitor, invitation: Option<String>) -> AccountSignInPage {
    AccountSignInPage {
        lang: visitor.lang,
        host: site.front.authority.clone(),
        invitation,
        phone: String::new(),
        by_code: false,
        code_sent_to: None,
        error: None,
    }
}

fn joined(lang: Lang, membership: Membership) -> JoinedOrganization {
    let placed = membership.placed;
    let apps = placed.apps.into_iter().filter(|app| app.enabled).map(|app| (app.name, app.slug));
    let modules = placed.modules.into_iter().map(|module| (module_text(lang, module.kind), module.name));
    JoinedOrganization {
        name: membership.organization.name,
        kind: belonging_text(lang, placed.affiliation.id.belonging()),
        apps: apps.collect(),
        modules: modules.collect(),
    }
}

fn line(lang: Lang, item: InboxItem) -> InboxLine {
    let instant = item.created_at.rfc3339();
    // 2026-11-22T10:00:00.000Z
    let minute = instant.get(..16).unwrap_or(&instant).replace('T', " ");
    InboxLine {
        id: item.id.to_string(),
        kind: inbox_text(lang, item.kind),
        from: format!("{} · {}", item.organization.1, item.app.1),
        fields: item.data.into_iter().collect(),
        url: item.url,
        when: format!("{minute} UTC"),
        instant,
        unread: item.read_at.is_none(),
    }
}

/// What was typed, bounded before it is shown again.
fn shortened(text: &str) -> String {
    text.chars().take(64).collect()
}

/// What was wrong with what somebody typed, as they read it.
pub(super) fn typed_text(lang: Lang, code: Code) -> &'static str {
    lang.t(match code {
        Code::PhoneInvalid => "phone.errors.phone_invalid",
        Code::CodeWrong => "phone.errors.code_wrong",
        Code::TooManyRequests => "phone.errors.too_many_requests",
        Code::InvitationInvalid => "join.errors.invitation",
        Code::AlreadyRegistered => "join.errors.registered",
        Code::SeatsFull => "join.errors.seats_full",
        Code::SignInFailed => "account.errors.failed",
        _ => "phone.errors.other",
    })
}
