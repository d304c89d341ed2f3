//! Home, `/p/{slug}/home`: who is signed in here; `/me`, the same for programs; signing out.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

use crate::domain::login::LoginKind;
use crate::domain::portal::Portal;
use crate::http::answers::{page, problem, see_other, store_failed};
use crate::http::extract::Visitor;
use crate::http::problem::{Code, Problem};
use crate::http::site::Site;
use crate::usecases::logins::SignedIn;

use super::entrance::{find, login_token};
use super::follow::{self, Screen};
use super::views::{HomePage, Message, MessagePage};

/// `GET /p/{slug}/home`.
pub async fn show(
    request: HttpRequest,
    site: web::Data<Site>,
    visitor: Visitor,
    slug: web::Path<String>,
) -> HttpResponse {
    match signed_in(&request, &site, &visitor, &slug).await {
        Ok((portal, Some(who))) => {
            let in_wechat = visitor.agent.in_wechat || who.login.kind == LoginKind::WeChat;
            let screen = if in_wechat { Screen::Phone } else { Screen::Computer };
            let nudge = follow::nudge(&site, &portal, who.follows, screen).await;
            let mut view = draw(&site, &visitor, portal, who);
            view.nudge = nudge;
            page(&site, StatusCode::OK, &view)
        }
        Ok((portal, None)) => see_other(&format!("/p/{}", portal.slug)),
        Err(error) => problem(&site, &visitor, &error),
    }
}

/// `GET /p/{slug}/me`.
pub async fn me(
    request: HttpRequest,
    site: web::Data<Site>,
    visitor: Visitor,
    slug: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let (portal, who) = signed_in(&request, &site, &visitor, &slug).await?;
    let who = who.ok_or_else(|| visitor.problem(Code::NotSignedIn))?;
    Ok(HttpResponse::Ok()
        .insert_header(("x-menfang-user", who.user.id.to_string()))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(json!({
            "id": who.user.id,
            "kind": "external_user",
            "nickname": who.user.nickname,
            "phone_masked": who.user.phone_masked(),
            "role": who.user.role,
            "app": {"id": portal.app, "slug": portal.slug, "name": portal.app_name},
            "organization": {"id": portal.organization, "name": portal.organization_name},
            "follows": who.follows == Some(true),
        })))
}

/// `POST /p/{slug}/logout`.
pub async fn logout(
    request: HttpRequest,
    site: web::Data<Site>,
    visitor: Visitor,
    slug: web::Path<String>,
) -> HttpResponse {
    let out = async {
        let portal = find(&site, &visitor, &slug).await?;
        if let Some(token) = login_token(&request, &site, &portal.slug) {
            let ended = site.sign_in.sign_out(&portal, &token, &visitor.caller()).await;
            ended.map_err(|error| store_failed(&visitor, &error))?;
        }
        let place = format!("/p/{}", portal.slug);
        let mut answer = if visitor.wants_json {
            HttpResponse::Ok()
                .insert_header((header::CACHE_CONTROL, "no-store"))
                .json(json!({"redirect_to": place}))
        } else if visitor.agent.in_wechat {
            // Inside WeChat the entrance signs in by itself: going there would undo what was asked for.
            let mut view = MessagePage::new(visitor.lang, &site.front.authority, Message::SignedOut);
            view.action = Some((visitor.lang.t("message.signed_out.action").to_owned(), place));
            page(&site, StatusCode::OK, &view)
        } else {
            see_other(&place)
        };
        let removal = site.removal(&format!("menfang_login_{}", portal.slug));
        answer.add_cookie(&removal).map_err(|_| visitor.problem(Code::Internal))?;
        // "cookies" would wipe those of the whole registrable domain.
        answer.headers_mut().insert(
            header::HeaderName::from_static("clear-site-data"),
            header::HeaderValue::from_static("\"cache\""),
        );
        Ok(answer)
    };
    out.await.unwrap_or_else(|error: Problem| problem(&site, &visitor, &error))
}

async fn signed_in(
    request: &HttpRequest,
    site: &Site,
    visitor: &Visitor,
    slug: &str,
) -> Result<(Portal, Option<SignedIn>), Problem> {
    let portal = find(site, visitor, slug).await?;
    let who = match login_token(request, site, &portal.slug) {
        Some(token) => {
            site.sign_in.who(&portal, &token).await.map_err(|error| store_failed(visitor, &error))?
        }
        None => None,
    };
    Ok((portal, who))
}

fn draw(site: &Site, visitor: &Visitor, portal: Portal, who: SignedIn) -> HomePage {
    HomePage {
        lang: visitor.lang,
        slug: portal.slug,
        organization: portal.organization_name,
        app: portal.app_name,
        logo_url: portal.logo_url,
        phone_masked: who.user.phone_masked().unwrap_or_default(),
        nickname: who.user.nickname,
        avatar_url: who.user.avatar_url,
        follows: who.follows == Some(true),
        nudge: None,
        in_wechat: who.login.kind == LoginKind::WeChat,
        host: site.front.authority.clone(),
    }
}
