//! Answers that people see: pages under their Content-Security-Policy, and problems as pages.

use std::time::Duration;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use askama::Template;

use super::extract::Visitor;
use super::pages::views::{Message, MessagePage};
use super::problem::{Code, Problem};
use super::site::Site;

/// When to ask again while the database is away.
const AWAY: Duration = Duration::from_secs(2);

/// A page.
pub fn page(site: &Site, status: StatusCode, template: &impl Template) -> HttpResponse {
    match template.render() {
        Ok(html) => HttpResponse::build(status)
            .insert_header((header::CONTENT_TYPE, "text/html; charset=utf-8"))
            .insert_header((header::CONTENT_SECURITY_POLICY, site.front.csp.clone()))
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .insert_header((header::VARY, "Accept, Accept-Language, User-Agent, Cookie"))
            .body(html),
        Err(error) => {
            tracing::error!(error = %error, "a page could not be drawn");
            HttpResponse::InternalServerError().finish()
        }
    }
}

/// On to another address, by GET.
pub fn see_other(place: &str) -> HttpResponse {
    HttpResponse::SeeOther()
        .insert_header((header::LOCATION, place.to_owned()))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .finish()
}

/// A problem: JSON for those who ask for it, else a page that says what is wrong and what to do.
pub fn problem(site: &Site, visitor: &Visitor, problem: &Problem) -> HttpResponse {
    if visitor.wants_json {
        return problem.error_response();
    }
    let message = match problem.code {
        Code::PortalClosed => Message::PortalClosed,
        Code::Expired => Message::LinkExpired,
        Code::NotFound => Message::LinkUnknown,
        Code::AlreadyTaken => Message::AlreadyTaken,
        Code::BadState | Code::CsrfInvalid | Code::BadRequest => Message::OpenAgain,
        Code::ConsentRefused => Message::ConsentRefused,
        Code::NoTransaction => Message::NoTransaction,
        Code::TooManyRequests => Message::TooManyRequests,
        Code::InvitationInvalid => Message::InvitationInvalid,
        Code::SnapshotUser => Message::Snapshot,
        Code::OriginNotAllowed | Code::NotThisBrowser => Message::Forbidden,
        Code::Unavailable | Code::WeChatUnavailable | Code::SmsUnavailable | Code::NotReady => {
            Message::Unavailable
        }
        _ => Message::Broken,
    };
    let mut view = MessagePage::new(visitor.lang, &site.front.authority, message);
    view.request_id = Some(problem.request_id.clone());
    let mut answer = page(site, problem.code.status(), &view);
    if let Some(seconds) = problem.retry_seconds() {
        answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
    }
    answer
}

/// The problem of a database that does not answer; the cause goes to the log, never to the caller.
pub fn store_failed(visitor: &Visitor, error: &crate::store::StoreError) -> Problem {
    tracing::error!(request.id = visitor.request_id, error = %error, cause = ?std::error::Error::source(error).map(ToString::to_string), "the store failed");
    match error {
        crate::store::StoreError::Inconsistent { .. } => visitor.problem(Code::Internal),
        _ => visitor.problem(Code::Unavailable).retry_after(AWAY),
    }
}

/// The code of a refusal.
pub fn refusal(refusal: crate::domain::qr_session::Refusal) -> Code {
    use crate::domain::qr_session::Refusal;
    match refusal {
        Refusal::SeatsFull => Code::SeatsFull,
        Refusal::AccountDisabled => Code::AccountDisabled,
        Refusal::InvitationRequired => Code::InvitationRequired,
        Refusal::PortalClosed => Code::PortalClosed,
        Refusal::PhoneInUse => Code::PhoneInUse,
    }
}
