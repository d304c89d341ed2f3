//! Who sends a request: where from, with which browser, in which language, and what for an answer they want.

use std::future::{Ready, ready};
use std::net::IpAddr;

use actix_web::http::header;
use actix_web::{FromRequest, HttpMessage, HttpRequest, dev::Payload, web};

use crate::domain::audit::Caller;
use crate::domain::network::Network;
use crate::domain::user_agent::UserAgent;

use crate::http::front_door::RequestId;
use crate::http::i18n::Lang;
use crate::http::problem::{Code, Problem};
use crate::http::site::Site;

/// Whoever sends a request.
#[derive(Clone, Debug)]
pub struct Visitor {
    /// Where from.
    pub network: Network,
    /// With what.
    pub agent: UserAgent,
    /// In which language.
    pub lang: Lang,
    /// Whether the answer shall be JSON.
    pub wants_json: bool,
    /// The id of the request.
    pub request_id: String,
}

impl Visitor {
    /// Reads a request.
    pub fn of(request: &HttpRequest, site: &Site) -> Self {
        let header = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
        let lang = match header(header::ACCEPT_LANGUAGE) {
            Some(text) => Lang::from_accept_language(Some(text)),
            None => site.front.default_lang,
        };
        Self {
            network: address(request, site).map_or(Network::Unknown, Network::of),
            agent: UserAgent::parse(header(header::USER_AGENT)),
            lang,
            // Whoever calls the API is a program, whatever it says of itself.
            wants_json: request.path().starts_with("/api/")
                || header(header::ACCEPT).is_some_and(|accept| accept.contains("application/json")),
            request_id: request.extensions().get::<RequestId>().map_or_else(String::new, |id| id.0.clone()),
        }
    }

    /// The same for the audit log.
    pub fn caller(&self) -> Caller {
        Caller {
            network: self.network,
            request_id: self.request_id.clone(),
            agent: format!("{} {}", self.agent.browser.name(), self.agent.system.name()),
        }
    }

    /// A problem of this request.
    pub fn problem(&self, code: Code) -> Problem {
        Problem::new(code, &self.request_id)
    }
}

/// The peer's address or, through our own proxies, the last one that is none of ours (the framework's own getters
/// believe the client).
fn address(request: &HttpRequest, site: &Site) -> Option<IpAddr> {
    let peer = request.peer_addr()?.ip().to_canonical();
    let mut nearest = peer;
    let forwarded = request.headers().get_all("x-forwarded-for").filter_map(|value| value.to_str().ok());
    let hops: Vec<&str> = forwarded.flat_map(|value| value.split(',')).map(str::trim).collect();
    for hop in hops.into_iter().rev() {
        if !(site.front.trusts)(nearest) {
            break;
        }
        let Ok(before) = hop.parse::<IpAddr>() else { break };
        nearest = before.to_canonical();
    }
    Some(nearest)
}

impl FromRequest for Visitor {
    type Error = Problem;
    type Future = Ready<Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        ready(match request.app_data::<web::Data<Site>>() {
            Some(site) => Ok(Self::of(request, site)),
            None => Err(Problem::new(Code::Internal, "")),
        })
    }
}
