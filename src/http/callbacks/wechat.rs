//! WeChat's side: `/wechat/{appid}/oauth/callback` and `/wechat/{appid}/events`.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};
use serde::Deserialize;

use crate::http::answers::{problem, see_other, store_failed};
use crate::http::extract::{Visitor, body};
use crate::http::pages::entrance::to_wechat;
use crate::http::pages::phone::{add_login, cookie};
use crate::http::problem::{Code, Problem};
use crate::http::site::Site;
use crate::usecases::arrive::{Arrival, ArriveError};
use crate::usecases::follow::PushError;
use crate::wechat::callback::PushQuery;

/// What WeChat appends to our address.
#[derive(Deserialize)]
pub struct Returned {
    code: Option<String>,
    state: Option<String>,
}

/// `GET /wechat/{appid}/oauth/callback`.
pub async fn authorized(
    request: HttpRequest,
    site: web::Data<Site>,
    visitor: Visitor,
    appid: web::Path<String>,
    returned: web::Query<Returned>,
) -> HttpResponse {
    let cookie = cookie(&request, &site);
    let code = returned.code.as_deref().filter(|code| !code.is_empty());
    let state = returned.state.as_deref().unwrap_or_default();
    match site.sign_in.arrive(&appid, cookie.as_deref(), code, state, &visitor.caller()).await {
        Ok(Arrival::Phone { slug }) => see_other(&format!("/p/{slug}/phone")),
        Ok(Arrival::Again(departure)) => to_wechat(&site, &departure),
        Ok(Arrival::SignedIn(granted)) => {
            let mut answer = see_other(&granted.home());
            add_login(&site, &mut answer, &granted);
            answer
        }
        Err(error) => problem(&site, &visitor, &why(&visitor, error)),
    }
}

fn why(visitor: &Visitor, error: ArriveError) -> Problem {
    visitor.problem(match error {
        ArriveError::BadState => Code::BadState,
        ArriveError::Taken => Code::AlreadyTaken,
        ArriveError::TooLate => Code::Expired,
        ArriveError::NoConsent => Code::ConsentRefused,
        ArriveError::Snapshot => Code::SnapshotUser,
        ArriveError::WeChat(error) => {
            tracing::warn!(request.id = visitor.request_id, error = %error, "WeChat did not say who it is");
            Code::WeChatUnavailable
        }
        ArriveError::Store(error) => return store_failed(visitor, &error),
    })
}

/// `GET /wechat/{appid}/events`: the check that WeChat makes when the address is saved.
pub async fn verify(
    site: web::Data<Site>,
    visitor: Visitor,
    appid: web::Path<String>,
    query: web::Query<PushQuery>,
) -> HttpResponse {
    match site.sign_in.verify_push_url(&appid, &query).await {
        Ok(echo) => HttpResponse::Ok().insert_header((header::CONTENT_TYPE, "text/plain")).body(echo),
        Err(error) => refused(&visitor, error),
    }
}

/// `POST /wechat/{appid}/events`: stored first, answered then.
pub async fn push(
    site: web::Data<Site>,
    visitor: Visitor,
    appid: web::Path<String>,
    query: web::Query<PushQuery>,
    payload: web::Payload,
) -> HttpResponse {
    let Ok(body) = body::bytes(payload, &visitor, &site).await else {
        return HttpResponse::Forbidden().finish();
    };
    match site.sign_in.take_push(&appid, &query, &body, &visitor.caller()).await {
        Ok(()) => HttpResponse::Ok().insert_header((header::CONTENT_TYPE, "text/plain")).body("success"),
        Err(error) => refused(&visitor, error),
    }
}

/// Whatever was wrong: one and the same answer, so that nothing can be learned from it.
fn refused(visitor: &Visitor, error: PushError) -> HttpResponse {
    match error {
        PushError::Refused => HttpResponse::Forbidden().finish(),
        PushError::Store(error) => {
            drop(store_failed(visitor, &error));
            HttpResponse::ServiceUnavailable().finish()
        }
    }
}
