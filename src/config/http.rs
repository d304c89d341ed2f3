//! `[http]`: the public port.

use std::net::SocketAddr;
use std::str::FromStr;
use std::time::Duration;

use super::values::Values;
use super::{Cidr, ConfigError, Origin};

/// A language the pages are written in.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Language {
    /// Simplified Chinese, `zh-CN`.
    Chinese,
    /// English, `en`.
    English,
}

impl FromStr for Language {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        match text {
            "zh-CN" => Ok(Self::Chinese),
            "en" => Ok(Self::English),
            _ => Err(()),
        }
    }
}

/// The section `http`.
#[derive(Debug, Clone)]
pub struct Http {
    /// Address and port to listen on; port 0 picks a free one.
    pub listen: SocketAddr,
    /// How browsers reach the server; none means the bound address, see [`Http::public_origin`].
    pub public_url: Option<Origin>,
    /// Proxies whose `X-Forwarded-For` counts.
    pub trusted_proxies: Vec<Cidr>,
    /// Whether plain http is allowed on other than a loopback host.
    pub insecure: bool,
    /// Longest time of a stop.
    pub shutdown_seconds: u64,
    /// HTTP threads; 0 means one for each core.
    pub workers: usize,
    /// Open connections at once.
    pub max_connections: usize,
    /// Longest time for the head of a request.
    pub head_seconds: u64,
    /// Longest time for the body of a request.
    pub body_seconds: u64,
    /// Largest request body.
    pub body_bytes: usize,
    /// Longest URL.
    pub url_bytes: usize,
    /// Live connections of one client address.
    pub sockets_per_address: usize,
    /// Live connections that watch one QR session.
    pub sockets_per_session: usize,
    /// Live connections that watch the inbox of one account.
    pub sockets_per_account: usize,
    /// Language for browsers that ask for none of ours.
    pub default_language: Language,
}

impl Http {
    pub(super) fn read(values: &Values) -> Result<Self, ConfigError> {
        let section = values.section("http");
        let http = Self {
            listen: section.parse("listen", "an address and a port, such as 127.0.0.1:8080")?,
            public_url: section.parse_unless_empty("public_url", PUBLIC_URL_WANTED)?,
            trusted_proxies: section
                .parse_list("trusted_proxies", "addresses or CIDRs, such as 10.0.0.0/8")?,
            insecure: section.flag("insecure")?,
            shutdown_seconds: section.number("shutdown_seconds", 1..=3600)?,
            workers: section.number("workers", 0..=1024)?,
            max_connections: section.number("max_connections", 1..=1_000_000)?,
            head_seconds: section.number("head_seconds", 1..=600)?,
            body_seconds: section.number("body_seconds", 1..=600)?,
            body_bytes: section.number("body_bytes", 1024..=16_777_216)?,
            url_bytes: section.number("url_bytes", 256..=65_536)?,
            sockets_per_address: section.number("sockets_per_address", 1..=1_000_000)?,
            sockets_per_session: section.number("sockets_per_session", 1..=1000)?,
            sockets_per_account: section.number("sockets_per_account", 1..=1000)?,
            default_language: section.parse("default_language", "\"zh-CN\" or \"en\"")?,
        };
        http.validate()?;
        Ok(http)
    }

    /// Checks what concerns more than one key: a public URL has to be said, and has to be https, where others can reach us.
    ///
    /// # Errors
    /// Names `http.public_url`.
    pub fn validate(&self) -> Result<(), ConfigError> {
        let problem = match &self.public_url {
            None if !self.listen.ip().is_loopback() => {
                "must be set when http.listen is not a loopback address, such as \"https://login.example.com\"".to_owned()
            }
            Some(url) if !url.is_https() && !url.is_loopback() && !self.insecure => {
                format!("must begin with https:// (got \"{url}\"); http.insecure = true allows plain http in a closed network")
            }
            _ => return Ok(()),
        };
        Err(ConfigError::new("http.public_url", problem))
    }

    /// The origin everything public is built on, once it is known which address was bound.
    pub fn public_origin(&self, bound: SocketAddr) -> Origin {
        self.public_url.clone().unwrap_or_else(|| Origin::http(bound))
    }

    /// Longest time of a stop.
    pub fn shutdown(&self) -> Duration {
        Duration::from_secs(self.shutdown_seconds)
    }

    /// Longest time for the head of a request.
    pub fn head(&self) -> Duration {
        Duration::from_secs(self.head_seconds)
    }

    /// Longest time for the body of a request.
    pub fn body(&self) -> Duration {
        Duration::from_secs(self.body_seconds)
    }
}

const PUBLIC_URL_WANTED: &str =
    "an absolute http(s) URL without a path, in lower case and without the scheme's own port";
