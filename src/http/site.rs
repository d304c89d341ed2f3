//! What every handler knows of this server: its use cases, its live sessions, and the rules of its front door.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use actix_web::cookie::{Cookie, SameSite, time};

use crate::actors::change_feed::Views;
use crate::actors::inboxes::Inboxes;
use crate::actors::progress::ProgressWatchers;
use crate::actors::registry::Registry;
use crate::usecases::{Administration, PlatformAccounts, SignIn};

use super::api::limits::ApiLimits;
use super::i18n::Lang;

/// Decides whether an address is a proxy of ours.
pub type Trusts = Arc<dyn Fn(IpAddr) -> bool + Send + Sync>;

/// The rules of the front door.
pub struct Front {
    /// Scheme, host and port of the public URL, as a browser writes them in `Origin`.
    pub origin: String,
    /// Host and port, as they stand in `Host`.
    pub authority: String,
    /// The port alone, to send the name `localhost` on.
    pub loopback_port: Option<u16>,
    /// Whether the public URL is https: then cookies are `Secure` and named `__Host-…`.
    pub secure: bool,
    /// The Content-Security-Policy of every page.
    pub csp: String,
    /// Which peers may say where a request came from.
    pub trusts: Trusts,
    /// The language of those who ask for none.
    pub default_lang: Lang,
    /// Longest body.
    pub body_bytes: usize,
    /// Longest time for a body.
    pub body: Duration,
    /// Longest address.
    pub url_bytes: usize,
    /// Live connections of one address at most.
    pub sockets_per_address: usize,
}

/// This server, as handlers see it.
pub struct Site {
    /// Signing in.
    pub sign_in: SignIn,
    /// Administering, for backends.
    pub admin: Administration,
    /// Registered people.
    pub accounts: PlatformAccounts,
    /// How often the API may be asked.
    pub api_limits: ApiLimits,
    /// The live sessions.
    pub registry: Registry,
    /// The live inboxes.
    pub inboxes: Inboxes,
    /// Who watches notifications.
    pub progress: ProgressWatchers,
    /// The front door.
    pub front: Front,
    sockets: Arc<Mutex<HashMap<String, usize>>>,
}

/// One live connection, counted until it is dropped.
pub struct SocketPlace {
    sockets: Arc<Mutex<HashMap<String, usize>>>,
    address: String,
}

#[cfg(test)]
impl SocketPlace {
    /// A place that nobody counts.
    pub(crate) fn nowhere() -> Self {
        Self { sockets: Arc::default(), address: String::new() }
    }
}

impl Drop for SocketPlace {
    fn drop(&mut self) {
        let mut sockets = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(count) = sockets.get_mut(&self.address) {
            *count -= 1;
            if *count == 0 {
                sockets.remove(&self.address);
            }
        }
        metrics::gauge!("menfang_sockets").decrement(1);
    }
}

impl Site {
    /// A server with its use cases and live views.
    pub fn new(
        sign_in: SignIn,
        admin: Administration,
        accounts: PlatformAccounts,
        views: Views,
        front: Front,
        api_limits: ApiLimits,
    ) -> Self {
        let Views { registry, inboxes, progress } = views;
        let sockets = Arc::default();
        Self { sign_in, admin, accounts, api_limits, registry, inboxes, progress, front, sockets }
    }

    /// A place for one more live connection of this address or key; none when it has as many as it may.
    pub fn take_socket(&self, address: String) -> Option<SocketPlace> {
        let mut sockets = self.sockets.lock().unwrap_or_else(PoisonError::into_inner);
        let count = sockets.entry(address.clone()).or_default();
        if *count >= self.front.sockets_per_address {
            metrics::counter!("menfang_limit_hits_total", "limit" => "sockets_per_address").increment(1);
            return None;
        }
        *count += 1;
        metrics::gauge!("menfang_sockets").increment(1);
        Some(SocketPlace { sockets: Arc::clone(&self.sockets), address })
    }

    /// The name of a cookie on the wire.
    pub fn cookie_name(&self, name: &str) -> String {
        if self.front.secure { format!("__Host-{name}") } else { name.to_owned() }
    }

    /// A cookie for this host alone, out of reach of scripts; without an age it ends with the browser.
    pub fn cookie(
        &self,
        name: &str,
        value: String,
        same_site: SameSite,
        age: Option<Duration>,
    ) -> Cookie<'static> {
        let mut cookie = Cookie::build(self.cookie_name(name), value)
            .path("/")
            .http_only(true)
            .secure(self.front.secure)
            .same_site(same_site)
            .finish();
        if let Some(age) = age {
            cookie.set_max_age(time::Duration::seconds(i64::try_from(age.as_secs()).unwrap_or(i64::MAX)));
        }
        cookie
    }

    /// A cookie that takes another one away.
    pub fn removal(&self, name: &str) -> Cookie<'static> {
        let mut cookie = self.cookie(name, String::new(), SameSite::Lax, None);
        cookie.make_removal();
        cookie
    }
}
