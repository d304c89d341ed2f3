//! Server-sent events (WHATWG HTML, 9.2): the same frames, `id:` is the seq, `Last-Event-ID` resumes.

use std::time::Duration;

use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{Error, HttpRequest, HttpResponse, ResponseError, web};
use futures_util::stream;

use crate::actors::frame::StateFrame;
use crate::actors::qr_session::Update;
use crate::domain::qr_ticket::Waiting;
use crate::http::extract::Visitor;
use crate::http::site::Site;

use super::watch::{Watch, mine, watch};

/// How often a comment keeps proxies from closing an idle stream.
const KEEP_ALIVE: Duration = Duration::from_secs(20);

/// `GET /qr/{id}/events`.
pub async fn events(
    request: HttpRequest,
    site: web::Data<Site>,
    visitor: Visitor,
    handle: web::Path<String>,
) -> HttpResponse {
    let waiting = match mine(&request, &site, &visitor, &handle) {
        Ok(waiting) => waiting,
        Err(error) => return error.error_response(),
    };
    let watch = match watch(&site, &visitor, waiting) {
        Ok(watch) => watch,
        Err(error) => return error.error_response(),
    };
    let seen = request.headers().get("last-event-id").and_then(|id| id.to_str().ok()?.parse::<u32>().ok());
    // EventSource comes again when a stream ends; 204 tells it that nothing will follow (WHATWG HTML, 9.2.3).
    if let Some(seen) = seen
        && let Some(frame) = final_frame(&site, waiting).await
        && frame.seq <= seen
    {
        return HttpResponse::NoContent().finish();
    }
    let state = (watch, seen, site.clone());
    let frames = stream::unfold(state, |(mut watch, seen, site)| async move {
        let text = next(&mut watch, seen, &site).await?;
        Some((Ok::<Bytes, Error>(Bytes::from(text)), (watch, seen, site)))
    });
    HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/event-stream"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header(("x-accel-buffering", "no"))
        .streaming(frames)
}

/// The last frame of a session that has ended.
async fn final_frame(site: &Site, waiting: Waiting) -> Option<StateFrame> {
    let row = site.sign_in.store().qr_session(waiting.r).await.ok()?;
    let frame = StateFrame::of(&waiting, row.as_ref(), None, site.sign_in.now(), site.sign_in.lifetimes());
    let frame = if site.registry.is_closed(waiting.app) { frame.at_closed_portal() } else { frame };
    frame.end.is_some().then_some(frame)
}

async fn next(watch: &mut Watch, seen: Option<u32>, site: &Site) -> Option<String> {
    loop {
        match tokio::time::timeout(KEEP_ALIVE, watch.updates.recv()).await {
            Err(_) => return Some(":\n\n".to_owned()),
            Ok(Some(Update::Frame(frame))) if seen.is_none_or(|seen| frame.seq > seen) => {
                return Some(format!("id: {}\ndata: {}\n\n", frame.seq, frame.to_json(site.sign_in.now())));
            }
            Ok(Some(Update::Frame(_))) => {}
            Ok(Some(Update::Close(_)) | None) => return None,
        }
    }
}
