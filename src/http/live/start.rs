//! Starting a QR session and claiming its login.

use actix_web::cookie::SameSite;
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde_json::json;

use crate::domain::qr_ticket::{BrowserSecret, Computer, DeviceMark, HandleError};
use crate::http::answers::{refusal, store_failed};
use crate::http::extract::Visitor;
use crate::http::pages::entrance::find;
use crate::http::pages::phone::add_login;
use crate::http::problem::{Code, Problem};
use crate::http::qr_code;
use crate::http::site::Site;
use crate::usecases::claim::ClaimError;
use crate::usecases::open_qr::OpenQrError;

use super::watch::browser;

/// `POST /p/{slug}/qr`.
pub async fn start(
    request: HttpRequest,
    site: web::Data<Site>,
    visitor: Visitor,
    slug: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let portal = find(&site, &visitor, &slug).await?;
    let secret = browser(&request, &site).unwrap_or_else(|| site.sign_in.new_browser());
    let device = device_cookie(&request, &site);
    let computer = Computer {
        browser: visitor.agent.browser,
        system: visitor.agent.system,
        network: visitor.network,
        device: DeviceMark::of_cookie(&device),
    };
    let opened = site.sign_in.open_qr(&portal, &secret, computer).await.map_err(|error| match error {
        OpenQrError::Closed => visitor.problem(Code::PortalClosed),
        OpenQrError::Limited(reached) => {
            visitor.problem(Code::TooManyRequests).retry_after(reached.retry_after)
        }
    })?;
    let drawn = qr_code::quick_svg(&opened.scan_url).ok_or_else(|| visitor.problem(Code::Internal))?;
    let path = format!("/qr/{}", opened.handle);
    let life = site.sign_in.lifetimes();
    Ok(HttpResponse::Created()
        .cookie(site.cookie("menfang_browser", secret.to_cookie(), SameSite::Strict, Some(life.browser)))
        .cookie(site.cookie("menfang_device", device, SameSite::Strict, Some(life.device)))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .json(json!({
            "id": opened.handle,
            "scan_url": opened.scan_url,
            "svg": drawn,
            "expires_in": opened.expires_in.as_secs(),
            "live": {"websocket": format!("{path}/ws"), "events": format!("{path}/events"), "poll": path},
            "claim": format!("{path}/claim"),
        })))
}

/// The device cookie's value; anything that we did not write is replaced.
fn device_cookie(request: &HttpRequest, site: &Site) -> String {
    let known = request.cookie(&site.cookie_name("menfang_device")).map(|cookie| cookie.value().to_owned());
    known
        .filter(|value| BrowserSecret::from_cookie(value).is_some())
        .unwrap_or_else(|| site.sign_in.new_browser().to_cookie())
}

/// `POST /qr/{id}/claim`.
pub async fn claim(
    request: HttpRequest,
    site: web::Data<Site>,
    visitor: Visitor,
    handle: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let secret = browser(&request, &site).ok_or_else(|| visitor.problem(Code::NotThisBrowser))?;
    let waiting = site.sign_in.waiting(&handle, &secret).map_err(|error| match error {
        HandleError::WrongBrowser => visitor.problem(Code::NotThisBrowser),
        HandleError::Unknown | HandleError::Malformed => visitor.problem(Code::NotFound),
    })?;
    let granted = site.sign_in.claim(&waiting, &visitor.caller()).await.map_err(|error| match error {
        ClaimError::NotAuthorized => visitor.problem(Code::NotAuthorized),
        ClaimError::AlreadyClaimed => visitor.problem(Code::AlreadyClaimed),
        ClaimError::TooLate => visitor.problem(Code::Expired),
        ClaimError::Refused(reason) => visitor.problem(refusal(reason)),
        ClaimError::Store(error) => store_failed(&visitor, &error),
    })?;
    let mut answer = HttpResponse::Ok();
    answer.insert_header((header::CACHE_CONTROL, "no-store"));
    let mut answer = answer.json(json!({"redirect_to": granted.home()}));
    add_login(&site, &mut answer, &granted);
    Ok(answer)
}
