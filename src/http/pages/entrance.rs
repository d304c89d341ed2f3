//! The entrance, `/p/{slug}`: a live code on a computer, WeChat's authorization inside WeChat, a hint on other phones.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};

use crate::domain::portal::Portal;
use crate::http::answers::{page, problem, refusal, see_other, store_failed};
use crate::http::extract::Visitor;
use crate::http::pages::views::{EntrancePage, LinkKind, OpenInWeChatPage};
use crate::http::problem::{Code, Problem};
use crate::http::qr_code;
use crate::http::site::Site;
use crate::usecases::arrive::DepartError;

use actix_web::cookie::SameSite;

/// `GET /p/{slug}`.
pub async fn show(
    request: HttpRequest,
    site: web::Data<Site>,
    visitor: Visitor,
    slug: web::Path<String>,
) -> HttpResponse {
    match enter(&request, &site, &visitor, &slug).await {
        Ok(answer) => answer,
        Err(error) => problem(&site, &visitor, &error),
    }
}

async fn enter(
    request: &HttpRequest,
    site: &Site,
    visitor: &Visitor,
    slug: &str,
) -> Result<HttpResponse, Problem> {
    let portal = find(site, visitor, slug).await?;
    portal.admit_visitor(None).map_err(|reason| visitor.problem(refusal(reason)))?;
    if let Some(token) = login_token(request, site, &portal.slug) {
        let known = site.sign_in.who(&portal, &token).await.map_err(|error| store_failed(visitor, &error))?;
        if known.is_some() {
            return Ok(see_other(&format!("/p/{}/home", portal.slug)));
        }
    }
    if is_in_wechat(request, site, visitor) {
        return depart(site, visitor, &portal, None).await;
    }
    let link = link(site, &portal);
    if visitor.agent.on_phone {
        return Ok(open_in_wechat(site, visitor, portal, link, LinkKind::Entrance));
    }
    let view = EntrancePage {
        lang: visitor.lang,
        title: portal
            .title
            .clone()
            .unwrap_or_else(|| EntrancePage::default_title(visitor.lang, &portal.app_name)),
        organization: portal.organization_name,
        app: portal.app_name,
        logo_url: portal.logo_url,
        slug: portal.slug,
        link,
        host: site.front.authority.clone(),
        pretend_phone: site.sign_in.pretend_phone(),
    };
    Ok(page(site, StatusCode::OK, &view))
}

/// `GET /p/{slug}/code.svg`: the portal's lasting code.
pub async fn lasting_code(
    site: web::Data<Site>,
    visitor: Visitor,
    slug: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let portal = find(&site, &visitor, &slug).await?;
    let drawn = qr_code::svg(&link(&site, &portal)).ok_or_else(|| visitor.problem(Code::Internal))?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "image/svg+xml"))
        .insert_header((header::CACHE_CONTROL, "public, max-age=3600"))
        .insert_header((header::CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'"))
        .body(drawn))
}

/// `GET /p/{slug}/q/{ticket}`: what a QR code encodes. It changes nothing.
pub async fn scan(
    request: HttpRequest,
    site: web::Data<Site>,
    visitor: Visitor,
    path: web::Path<(String, String)>,
) -> HttpResponse {
    let (slug, ticket) = path.into_inner();
    let answer = async {
        let portal = find(&site, &visitor, &slug).await?;
        if is_in_wechat(&request, &site, &visitor) {
            return depart(&site, &visitor, &portal, Some(&ticket)).await;
        }
        site.sign_in.check_ticket(&portal, &ticket).map_err(|error| visitor.problem(depart_code(&error)))?;
        let link = format!("{}/p/{}/q/{ticket}", site.sign_in.public_url(), portal.slug);
        Ok(open_in_wechat(&site, &visitor, portal, link, LinkKind::QrLink))
    };
    answer.await.unwrap_or_else(|error: Problem| problem(&site, &visitor, &error))
}

async fn depart(
    site: &Site,
    visitor: &Visitor,
    portal: &Portal,
    ticket: Option<&str>,
) -> Result<HttpResponse, Problem> {
    let departure = site.sign_in.depart(portal, ticket).await.map_err(|error| match error {
        DepartError::Store(error) => store_failed(visitor, &error),
        error => visitor.problem(depart_code(&error)),
    })?;
    Ok(to_wechat(site, &departure))
}

fn depart_code(error: &DepartError) -> Code {
    match error {
        DepartError::Forged => Code::NotFound,
        DepartError::Expired => Code::Expired,
        DepartError::Closed => Code::PortalClosed,
        DepartError::NoServiceAccount => Code::NotReady,
        DepartError::Store(_) => Code::Unavailable,
    }
}

/// Sends a phone to WeChat with its cookie.
pub(crate) fn to_wechat(site: &Site, departure: &crate::usecases::arrive::Departure) -> HttpResponse {
    // Lax: coming back from WeChat is a navigation from another site.
    let age = Some(site.sign_in.lifetimes().browser);
    HttpResponse::Found()
        .cookie(site.cookie("menfang_phone", departure.cookie.to_value(), SameSite::Lax, age))
        .insert_header((header::LOCATION, departure.url.clone()))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish()
}

/// The portal of a link.
pub(crate) async fn find(site: &Site, visitor: &Visitor, slug: &str) -> Result<Portal, Problem> {
    let portal = site.sign_in.portal(slug).await.map_err(|error| store_failed(visitor, &error))?;
    portal.ok_or_else(|| visitor.problem(Code::NotFound))
}

/// The value of this portal's login cookie.
pub(crate) fn login_token(request: &HttpRequest, site: &Site, slug: &str) -> Option<String> {
    let cookie = request.cookie(&site.cookie_name(&format!("menfang_login_{slug}")))?;
    Some(cookie.value().to_owned()).filter(|value| !value.is_empty())
}

fn link(site: &Site, portal: &Portal) -> String {
    format!("{}/p/{}", site.sign_in.public_url(), portal.slug)
}

/// WeChat's own browser; `?in=wechat` says so where something stands in for WeChat (a page cannot change its own
/// User-Agent, so the pretend phone needs it).
fn is_in_wechat(request: &HttpRequest, site: &Site, visitor: &Visitor) -> bool {
    let pretended = request.query_string().split('&').any(|pair| pair == "in=wechat");
    visitor.agent.in_wechat || (pretended && !site.sign_in.wechat_is_real())
}

fn open_in_wechat(
    site: &Site,
    visitor: &Visitor,
    portal: Portal,
    link: String,
    kind: LinkKind,
) -> HttpResponse {
    let view = OpenInWeChatPage {
        lang: visitor.lang,
        organization: portal.organization_name,
        app: portal.app_name,
        logo_url: portal.logo_url,
        link,
        kind,
        host: site.front.authority.clone(),
    };
    page(site, StatusCode::OK, &view)
}
