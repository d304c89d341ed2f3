//! URLs of servers: where they are, and whether the way to them is protected.

use std::collections::HashSet;
use std::net::IpAddr;

/// A URL of a database or Redis server.
pub(super) struct ServerUrl(::url::Url);

impl ServerUrl {
    /// Reads a URL of one of these schemes that names a host.
    pub(super) fn read(text: &str, schemes: &[&str]) -> Option<Self> {
        let url = ::url::Url::parse(text).ok()?;
        (schemes.contains(&url.scheme()) && url.has_host()).then_some(Self(url))
    }

    /// Whether the server is on this host.
    pub(super) fn is_here(&self) -> bool {
        let host = self.0.host_str().unwrap_or_default().trim_matches(['[', ']']);
        // An empty host is a socket file; `%2F…` is a folder of one.
        host.is_empty()
            || host == "localhost"
            || host.starts_with("%2F")
            || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
    }

    /// Whether nobody on the way can listen: the connection fails rather than going on without TLS.
    pub(super) fn asks_for_tls(&self) -> bool {
        self.0.scheme() == "rediss"
            || self.0.query_pairs().any(|(name, mode)| {
                matches!(&*name, "sslmode" | "ssl-mode")
                    && ["require", "required", "verify-ca", "verify_ca", "verify-full", "verify_identity"]
                        .contains(&mode.to_ascii_lowercase().as_str())
            })
    }
}

impl ServerUrl {
    /// Whether nothing stands after the `?` but these names, and none of them twice, also not in its other spelling.
    pub(super) fn takes_only(&self, names: &[&str]) -> bool {
        let mut seen = HashSet::new();
        self.0.query_pairs().all(|(name, _)| names.contains(&&*name) && seen.insert(name.replace('-', "")))
    }

    /// Whether a database stands after the host.
    pub(super) fn names_a_database(&self) -> bool {
        !self.0.path().trim_start_matches('/').is_empty()
    }

    /// The number of the database of a Redis; none when something else stands after the host.
    pub(super) fn database(&self) -> Option<u32> {
        if self.0.query().is_some() || self.0.fragment().is_some() {
            return None;
        }
        match self.0.path().trim_start_matches('/') {
            "" => Some(0),
            number => number.parse().ok(),
        }
    }

    /// With this port, unless it names one.
    pub(super) fn with_port(mut self, port: u16) -> Option<Self> {
        if self.0.port().is_none() {
            self.0.set_port(Some(port)).ok()?;
        }
        Some(self)
    }

    pub(super) fn as_str(&self) -> &str {
        self.0.as_str()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> ServerUrl {
        ServerUrl::read(text, &["postgres", "mysql", "redis", "rediss"]).unwrap()
    }

    #[test]
    fn a_server_on_this_host_needs_no_tls() {
        for here in ["postgres://u:p@127.0.0.1:5432/m", "postgres://[::1]/m", "mysql://localhost/m"] {
            assert!(read(here).is_here(), "{here}");
        }
        for there in ["postgres://u:p@db.example.com/m", "mysql://10.0.0.7/m", "redis://[fd00::7]"] {
            assert!(!read(there).is_here(), "{there}");
        }
    }

    #[test]
    fn tls_counts_when_it_cannot_be_talked_out_of() {
        for safe in ["postgres://h/m?sslmode=verify-full", "mysql://h/m?ssl-mode=REQUIRED", "rediss://h"] {
            assert!(read(safe).asks_for_tls(), "{safe}");
        }
        for open in
            ["postgres://h/m", "postgres://h/m?sslmode=prefer", "mysql://h/m?ssl-mode=PREFERRED", "redis://h"]
        {
            assert!(!read(open).asks_for_tls(), "{open}");
        }
    }

    #[test]
    fn other_schemes_and_no_host_are_no_server() {
        assert!(ServerUrl::read("http://h/m", &["postgres"]).is_none());
        assert!(ServerUrl::read("postgres", &["postgres"]).is_none());
    }
}
