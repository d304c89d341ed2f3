//! URLs in settings: origins that are compared with what browsers send, and bases that requests are built on.

use std::fmt;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::str::FromStr;

/// Why a text is no URL of the wanted kind.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a URL of this kind")]
pub struct InvalidUrl;

/// Scheme, host and port exactly as a browser writes them in `Origin`, so that comparing texts is comparing origins.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Origin {
    https: bool,
    /// Host with its port, if that is not the scheme's own.
    authority: String,
}

impl Origin {
    /// The plain origin of a bound address.
    pub fn http(bound: SocketAddr) -> Self {
        let authority = match (bound.port(), bound.ip()) {
            (80, IpAddr::V4(ip)) => ip.to_string(),
            (80, IpAddr::V6(ip)) => format!("[{ip}]"),
            _ => bound.to_string(),
        };
        Self { https: false, authority }
    }

    /// Whether the scheme is https.
    pub fn is_https(&self) -> bool {
        self.https
    }

    /// What stands in the `Host` header: the host, and the port unless it is the scheme's own.
    pub fn authority(&self) -> &str {
        &self.authority
    }

    /// The host without the port; an IPv6 address keeps its brackets.
    pub fn host(&self) -> &str {
        split_port(&self.authority).0
    }

    /// The port, also when it is the scheme's own.
    pub fn port(&self) -> u16 {
        let own = if self.https { 443 } else { 80 };
        split_port(&self.authority).1.and_then(|digits| digits.parse().ok()).unwrap_or(own)
    }

    /// Whether the host is `localhost` or a loopback address.
    pub fn is_loopback(&self) -> bool {
        let host = self.host();
        let bare = host.trim_matches(['[', ']']);
        host == "localhost" || bare.parse::<IpAddr>().is_ok_and(|ip| ip.is_loopback())
    }

    /// The same host for WebSockets: `wss://…` or `ws://…`.
    pub fn websocket(&self) -> String {
        format!("{}://{}", if self.https { "wss" } else { "ws" }, self.authority)
    }
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}://{}", if self.https { "https" } else { "http" }, self.authority)
    }
}

impl FromStr for Origin {
    type Err = InvalidUrl;

    fn from_str(text: &str) -> Result<Self, InvalidUrl> {
        let (https, authority) = match (text.strip_prefix("https://"), text.strip_prefix("http://")) {
            (Some(rest), _) => (true, rest),
            (None, Some(rest)) => (false, rest),
            (None, None) => return Err(InvalidUrl),
        };
        let (host, port) = split_port(authority);
        let own = if https { "443" } else { "80" };
        let port_is_fine = port.is_none_or(|port| {
            port != own && port.parse().is_ok_and(|n: u16| n > 0 && n.to_string() == port)
        });
        if !is_host(host) || !port_is_fine {
            return Err(InvalidUrl);
        }
        Ok(Self { https, authority: authority.to_owned() })
    }
}

fn split_port(authority: &str) -> (&str, Option<&str>) {
    match authority.rsplit_once(':') {
        Some((host, port)) if !port.ends_with(']') => (host, Some(port)),
        _ => (authority, None),
    }
}

/// A host as browsers write it: a name in lower case (international names as `xn--…`), or an address in its shortest form.
fn is_host(host: &str) -> bool {
    if let Some(bare) = host.strip_prefix('[').and_then(|rest| rest.strip_suffix(']')) {
        return bare.parse::<Ipv6Addr>().is_ok_and(|ip| ip.to_string() == bare);
    }
    let label_is_fine = |label: &str| {
        let inner =
            |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-' || byte == b'_';
        !label.is_empty()
            && label.len() <= 63
            && label.bytes().all(inner)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    // A browser takes a name whose last part is a number for an IPv4 address.
    let last_is_number =
        host.rsplit('.').next().is_some_and(|last| last.bytes().all(|byte| byte.is_ascii_digit()));
    let address_is_fine = !last_is_number || host.parse::<Ipv4Addr>().is_ok();
    host.len() <= 253 && host.split('.').all(label_is_fine) && address_is_fine
}

/// An origin with an optional path that requests are built on; without a slash at the end, a query or a fragment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct BaseUrl {
    origin: Origin,
    text: String,
}

impl BaseUrl {
    /// The URL as it was written.
    pub fn as_str(&self) -> &str {
        &self.text
    }

    /// Scheme, host and port.
    pub fn origin(&self) -> &Origin {
        &self.origin
    }
}

impl fmt::Display for BaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl FromStr for BaseUrl {
    type Err = InvalidUrl;

    fn from_str(text: &str) -> Result<Self, InvalidUrl> {
        let host_starts = text.find("://").ok_or(InvalidUrl)? + 3;
        let path_starts = text[host_starts..].find('/').map_or(text.len(), |at| host_starts + at);
        let (origin, path) = text.split_at(path_starts);
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || b"/-._~%".contains(&byte);
        if path.ends_with('/') || path.contains("//") || !path.bytes().all(allowed) {
            return Err(InvalidUrl);
        }
        Ok(Self { origin: origin.parse()?, text: text.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_origin_reads_back_as_it_was_written() {
        for text in
            ["https://login.example.com", "http://127.0.0.1:8080", "http://[::1]:8080", "http://localhost"]
        {
            assert_eq!(text.parse::<Origin>().unwrap().to_string(), text);
        }
        let origin: Origin = "http://[::1]:8080".parse().unwrap();
        assert_eq!((origin.host(), origin.port(), origin.is_loopback()), ("[::1]", 8080, true));
        let origin: Origin = "https://login.example.com".parse().unwrap();
        assert_eq!((origin.host(), origin.port(), origin.is_loopback()), ("login.example.com", 443, false));
        assert_eq!(origin.websocket(), "wss://login.example.com");
    }

    #[test]
    fn what_a_browser_would_write_otherwise_is_refused() {
        let refused = [
            "",
            "login.example.com",
            "ftp://a.example",
            "https://",
            "https://a.example/",
            "https://a.example/x",
            "https://A.example",
            "https://a.example:443",
            "http://a.example:80",
            "https://a.example:0443",
            "https://a.example:",
            "https://a.example:70000",
            "https://u@a.example",
            "https://a.example?x",
            "https://a.example#x",
            "https://门房.cn",
            "https://a..example",
            "https://-a.example",
            "http://[::0001]",
            "http://1.2.3",
            "http://127.1",
            "https://a b",
            "https://a.example:0",
            "http://[::1",
        ];
        for text in refused {
            assert_eq!(text.parse::<Origin>(), Err(InvalidUrl), "{text}");
        }
    }

    #[test]
    fn a_bound_address_is_an_origin() {
        assert_eq!(Origin::http("127.0.0.1:8080".parse().unwrap()).to_string(), "http://127.0.0.1:8080");
        assert_eq!(Origin::http("[::1]:80".parse().unwrap()).to_string(), "http://[::1]");
    }

    #[test]
    fn a_base_may_have_a_path() {
        let base: BaseUrl = "http://127.0.0.1:8090/sms".parse().unwrap();
        assert_eq!(
            (base.as_str(), base.origin().to_string().as_str()),
            ("http://127.0.0.1:8090/sms", "http://127.0.0.1:8090")
        );
        for text in
            ["http://a.example/", "http://a.example/x/", "http://a.example/x?y", "http://a.example//x", "/x"]
        {
            assert_eq!(text.parse::<BaseUrl>(), Err(InvalidUrl), "{text}");
        }
    }
}
