//! The WebSocket of a waiting browser, subprotocol `menfang.qr.v1`; it lives no longer than the browser's secret.

use actix_web::http::header;
use actix_web::{HttpMessage, HttpRequest, HttpResponse, web};

use crate::http::extract::Visitor;
use crate::http::problem::{Code, Problem};
use crate::http::site::Site;

use super::waiting_socket::{Handover, WaitingSocket};
use super::watch::{Owner, owner, watch};
use super::websocket::handshake;

const PROTOCOLS: &[&str] = &["menfang.qr.v1"];

/// `GET /qr/{id}/ws`.
pub async fn connect(
    request: HttpRequest,
    site: web::Data<Site>,
    visitor: Visitor,
    handle: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let origin = request.headers().get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    if origin != Some(site.front.origin.as_str()) {
        return Err(visitor.problem(Code::OriginNotAllowed));
    }
    let owner = owner(&request, &site, &visitor, &handle)?;
    let mut answer = handshake(&request, PROTOCOLS, &visitor)?;
    let handover = request.extensions().get::<Handover>().cloned();
    let handover = handover.ok_or_else(|| visitor.problem(Code::BadRequest))?;
    let watch = match owner {
        Owner::Mine(waiting) => Some(watch(&site, &visitor, waiting)?),
        Owner::Unknown => None,
    };
    let life = site.sign_in.lifetimes().browser;
    handover.leave(WaitingSocket::new(watch, site.sign_in.shared_clock(), life));
    Ok(answer.finish())
}
