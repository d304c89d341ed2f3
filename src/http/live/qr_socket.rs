//! The WebSocket of a waiting browser, subprotocol `menfang.qr.v1`; it lives no longer than the browser's secret.

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};

use crate::actors::frame::StateFrame;
use crate::http::extract::Visitor;
use crate::http::problem::Code;
use crate::http::site::Site;

use super::watch::{Owner, owner, watch};
use super::websocket::{Socket, Written, upgrade};

const PROTOCOLS: &[&str] = &["menfang.qr.v1"];

impl Written for StateFrame {
    fn text(&self, site: &Site) -> String {
        self.to_json(site.sign_in.now())
    }
}

/// `GET /qr/{id}/ws`.
pub async fn connect(
    request: HttpRequest,
    site: web::Data<Site>,
    visitor: Visitor,
    handle: web::Path<String>,
    stream: web::Payload,
) -> HttpResponse {
    let origin = request.headers().get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    if origin != Some(site.front.origin.as_str()) {
        return visitor.problem(Code::OriginNotAllowed).error_response();
    }
    let watched = owner(&request, &site, &visitor, &handle).and_then(|owner| match owner {
        Owner::Mine(waiting) => watch(&site, &visitor, waiting).map(Some),
        Owner::Unknown => Ok(None),
    });
    let watched = match watched {
        Ok(watched) => watched.map(|watch| (watch.updates, watch.place)),
        Err(error) => return error.error_response(),
    };
    let life = site.sign_in.lifetimes().browser;
    upgrade(Socket::new(watched, site.clone(), Some(life)), PROTOCOLS, &visitor, &request, stream)
}
