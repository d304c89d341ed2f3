//! What the three transports share: whose session is it, and a place to watch from.

use std::time::Duration;

use actix_web::HttpRequest;

use crate::actors::registry::Watching;
use crate::domain::qr_ticket::{BrowserSecret, HandleError, Waiting};
use crate::http::extract::Visitor;
use crate::http::problem::{Code, Problem};
use crate::http::site::{Site, SocketPlace};

/// Updates and the place they are watched from.
pub(crate) struct Watch {
    pub(crate) updates: Watching,
    pub(crate) place: SocketPlace,
}

/// Whose session it is.
pub(crate) enum Owner {
    /// This browser's.
    Mine(Waiting),
    /// Nobody's that we know.
    Unknown,
}

/// The secret in this browser's cookie.
pub(crate) fn browser(request: &HttpRequest, site: &Site) -> Option<BrowserSecret> {
    request
        .cookie(&site.cookie_name("menfang_browser"))
        .and_then(|cookie| BrowserSecret::from_cookie(cookie.value()))
}

/// Whose session a handle names.
pub(crate) fn owner(
    request: &HttpRequest,
    site: &Site,
    visitor: &Visitor,
    handle: &str,
) -> Result<Owner, Problem> {
    let browser = browser(request, site).ok_or_else(|| visitor.problem(Code::NotThisBrowser))?;
    match site.sign_in.waiting(handle, &browser) {
        Ok(waiting) => Ok(Owner::Mine(waiting)),
        Err(HandleError::Unknown) => Ok(Owner::Unknown),
        Err(HandleError::WrongBrowser) => Err(visitor.problem(Code::NotThisBrowser)),
        Err(HandleError::Malformed) => Err(visitor.problem(Code::NotFound)),
    }
}

/// Watches a session of this browser.
pub(crate) fn watch(site: &Site, visitor: &Visitor, waiting: Waiting) -> Result<Watch, Problem> {
    let place = site
        .take_socket(visitor.network.key())
        .ok_or_else(|| visitor.problem(Code::TooManyRequests).retry_after(Duration::from_secs(5)))?;
    let updates = site.registry.watch(waiting).map_err(|_| visitor.problem(Code::Unavailable))?;
    Ok(Watch { updates, place })
}

/// The session of a request that is no WebSocket's.
pub(crate) fn mine(
    request: &HttpRequest,
    site: &Site,
    visitor: &Visitor,
    handle: &str,
) -> Result<Waiting, Problem> {
    match owner(request, site, visitor, handle) {
        Ok(Owner::Mine(waiting)) => Ok(waiting),
        Ok(Owner::Unknown) => Err(visitor.problem(Code::NotFound)),
        Err(error) => Err(error),
    }
}
