//! The long poll: the present frame at once, or the next one when it comes.

use std::sync::Arc;
use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use serde::Deserialize;
use tokio::time::Instant;

use crate::actors::frame::StateFrame;
use crate::actors::qr_session::Update;
use crate::http::extract::Visitor;
use crate::http::problem::Code;
use crate::http::site::Site;

use super::watch::{mine, watch};

/// The longest wait, in seconds.
const LONGEST: u64 = 25;
/// The longest time for the first frame, which is there at once unless the database is away.
const FIRST: Duration = Duration::from_secs(5);

/// The query of a long poll.
#[derive(Deserialize)]
pub struct Wait {
    wait: Option<u64>,
    after: Option<u32>,
}

/// `GET /qr/{id}?wait=25&after=SEQ`.
pub async fn poll(
    request: HttpRequest,
    site: web::Data<Site>,
    visitor: Visitor,
    handle: web::Path<String>,
    query: web::Query<Wait>,
) -> HttpResponse {
    let waiting = match mine(&request, &site, &visitor, &handle) {
        Ok(waiting) => waiting,
        Err(error) => return error.error_response(),
    };
    let mut watch = match watch(&site, &visitor, waiting) {
        Ok(watch) => watch,
        Err(error) => return error.error_response(),
    };
    let wait = Duration::from_secs(query.wait.unwrap_or(LONGEST).min(LONGEST));
    let deadline = Instant::now() + wait;
    let mut present: Option<Arc<StateFrame>> = None;
    loop {
        let until = if present.is_none() { Instant::now() + FIRST } else { deadline };
        let Ok(Some(Update::Frame(frame))) = tokio::time::timeout_at(until, watch.updates.recv()).await
        else {
            break;
        };
        let is_news = query.after.is_none_or(|after| frame.seq > after);
        present = Some(frame);
        if is_news {
            break;
        }
    }
    match present {
        Some(frame) => HttpResponse::Ok()
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .insert_header((header::CONTENT_TYPE, "application/json"))
            .body(frame.to_json(site.sign_in.now())),
        None => visitor.problem(Code::Unavailable).error_response(),
    }
}
