//! The WebSocket of an inbox, subprotocol `menfang.inbox.v1`; it lives as long as the login by which it was opened.

use std::time::Duration;

use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, web};

use crate::domain::account::Client;
use crate::http::extract::Account;
use crate::http::problem::{Code, Problem};

use super::websocket::{Socket, handshake, upgrade};

const PROTOCOLS: &[&str] = &["menfang.inbox.v1"];

/// `GET /accounts/me/inbox/ws`.
pub async fn connect(
    asking: Account,
    request: HttpRequest,
    stream: web::Payload,
) -> Result<HttpResponse, Problem> {
    let Account { who, visitor, site } = asking;
    let origin = request.headers().get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    // Nothing but the Origin keeps a foreign page from opening a socket with the cookie of whoever reads it.
    if who.login.client == Client::Web && origin != Some(site.front.origin.as_str()) {
        return Err(visitor.problem(Code::OriginNotAllowed));
    }
    // Before anything is begun for it.
    handshake(&request, PROTOCOLS, &visitor)?;
    let place = site
        .take_socket(visitor.network.key())
        .ok_or_else(|| visitor.problem(Code::TooManyRequests).retry_after(Duration::from_secs(5)))?;
    let updates = site.inboxes.watch(who.account.id, who.login.id);
    let updates = updates.map_err(|_| visitor.problem(Code::Unavailable))?;
    Ok(upgrade(Socket::new(updates, place), PROTOCOLS, &visitor, &request, stream))
}
