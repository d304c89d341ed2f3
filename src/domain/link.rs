//! What a message may open: addresses of our own, and of hosts that the organization has named.

use url::{Host, Url};

/// Most bytes of a link. WeChat refuses what is too long (40039) and does not say from where on.
pub const MOST_BYTES: usize = 1024;

/// Most hosts that an organization names.
pub const MOST_HOSTS: usize = 20;

/// Most characters of a host's name (RFC 1035).
const LONGEST_HOST: usize = 253;

/// The port of https.
const USUAL_PORT: u16 = 443;

/// Why a message may not open an address.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLink {
    /// More than [`MOST_BYTES`].
    #[error("must have at most {MOST_BYTES} bytes")]
    TooLong,
    /// Not an absolute address, or with blanks or a user's name in it.
    #[error(
        "must be an absolute address, such as https://shop.example.com/orders/42, without blanks or a user's name"
    )]
    Malformed,
    /// Not https, and not of this server.
    #[error("must begin with https://")]
    NotHttps,
    /// Of a host that nobody has named.
    #[error(
        "must be an address of this server or of one of the organization's link hosts (PUT …/link-hosts names them)"
    )]
    ForeignHost,
}

/// Checks an address that a message opens; `public_url` is this server's own, without a slash at its end, `hosts` are names
/// with or without a port.
///
/// # Errors
/// Which rule it breaks.
pub fn check_link(link: &str, public_url: &str, hosts: &[String]) -> Result<(), InvalidLink> {
    if link.len() > MOST_BYTES {
        return Err(InvalidLink::TooLong);
    }
    // Browsers drop line breaks and take a backslash for a slash: what is checked would not be what is opened.
    let misread = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '\\' | '"' | '<' | '>');
    if link.contains(misread) || !link.contains("://") {
        return Err(InvalidLink::Malformed);
    }
    let url = Url::parse(link).map_err(|_| InvalidLink::Malformed)?;
    if !url.username().is_empty() || url.password().is_some() {
        return Err(InvalidLink::Malformed);
    }
    let own = Url::parse(public_url).ok();
    if own.as_ref().is_some_and(|own| own.origin() == url.origin()) {
        return Ok(());
    }
    if url.scheme() != "https" {
        return Err(InvalidLink::NotHttps);
    }
    let host = url.host_str().ok_or(InvalidLink::Malformed)?;
    let at = (host, url.port().unwrap_or(USUAL_PORT));
    let named = hosts.iter().any(|named| host_and_port(named) == at);
    let is_own = at.1 == USUAL_PORT && own.as_ref().and_then(Url::host_str) == Some(host);
    if named || is_own { Ok(()) } else { Err(InvalidLink::ForeignHost) }
}

fn host_and_port(named: &str) -> (&str, u16) {
    match named.rsplit_once(':') {
        Some((host, port)) => (host, port.parse().unwrap_or(USUAL_PORT)),
        None => (named, USUAL_PORT),
    }
}

/// Whether a text is a host's name in small letters, with a port if it has one; no wildcard, nothing else of an address.
pub fn is_link_host(text: &str) -> bool {
    let (host, port) = match text.split_once(':') {
        Some((host, port)) => (host, Some(port)),
        None => (text, None),
    };
    let is_port = |port: &str| {
        let number = port.parse::<u16>().is_ok_and(|number| number > 0);
        number && port.bytes().all(|b| b.is_ascii_digit()) && !port.starts_with('0')
    };
    let is_label = |label: &str| {
        let inside = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-';
        (1..=63).contains(&label.len())
            && label.bytes().all(inside)
            && !label.starts_with('-')
            && !label.ends_with('-')
    };
    // What a browser reads is what is written: no number that is an address in disguise.
    let as_written = || match Host::parse(host) {
        Ok(read) => read.to_string() == host,
        Err(_) => false,
    };
    host.len() <= LONGEST_HOST && host.split('.').all(is_label) && port.is_none_or(is_port) && as_written()
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: &str = "https://sign-in.example.com";

    fn check(link: &str) -> Result<(), InvalidLink> {
        check_link(link, OWN, &["shop.example.com".into(), "pay.example.com:8443".into()])
    }

    #[test]
    fn own_addresses_and_those_of_named_hosts_are_opened() {
        for link in [
            "https://sign-in.example.com/p/suppliers",
            "https://shop.example.com",
            "https://SHOP.example.com:443/orders?id=42#top",
            "https://pay.example.com:8443/订单",
        ] {
            assert_eq!(check(link), Ok(()), "{link}");
        }
        assert_eq!(check_link("http://127.0.0.1:8080/p/x", "http://127.0.0.1:8080", &[]), Ok(()));
        assert_eq!(check_link("https://gate.example.com/x", "https://gate.example.com:8443", &[]), Ok(()));
    }

    #[test]
    fn nothing_else_is() {
        use InvalidLink::{ForeignHost, Malformed, NotHttps, TooLong};
        let long = format!("https://shop.example.com/{}", "a".repeat(1_000));
        for (link, error) in [
            ("https://evil.example.com/", ForeignHost),
            ("https://shop.example.com.evil.com/", ForeignHost),
            ("https://a.shop.example.com/", ForeignHost),
            ("https://example.com/", ForeignHost),
            ("https://shop.example.com:8443/", ForeignHost),
            ("https://pay.example.com/", ForeignHost),
            ("https://shop.example.com./", ForeignHost),
            ("http://shop.example.com/", NotHttps),
            ("http://sign-in.example.com/", NotHttps),
            ("javascript://shop.example.com/%0aalert(1)", NotHttps),
            ("ftp://shop.example.com/", NotHttps),
            ("https://shop.example.com@evil.com/", Malformed),
            ("https://u:p@shop.example.com/", Malformed),
            ("https://shop.example.com\\@evil.com/", Malformed),
            (" https://shop.example.com/", Malformed),
            ("https://shop.example.com/a b", Malformed),
            ("//shop.example.com/", Malformed),
            ("/p/suppliers", Malformed),
            ("https:shop.example.com", Malformed),
            ("", Malformed),
            (&long, TooLong),
        ] {
            assert_eq!(check(link), Err(error), "{link}");
        }
        assert_eq!(check_link("http://127.0.0.1:8081/", "http://127.0.0.1:8080", &[]), Err(NotHttps));
    }

    #[test]
    fn a_host_is_a_name_and_nothing_else() {
        let long = "a.".repeat(130) + "com";
        for good in
            ["shop.example.com", "localhost", "a-b.example.com:8443", "xn--fiqs8s.example", "127.0.0.1"]
        {
            assert!(is_link_host(good), "{good}");
        }
        for bad in [
            "",
            ".",
            "*",
            "*.example.com",
            "Shop.example.com",
            "example.com.",
            "example.com:",
            "example.com:0",
            "example.com:65536",
            "example.com:080",
            "https://example.com",
            "example.com/",
            "u@example.com",
            "-a.com",
            "a..b",
            "商店.example.com",
            "exa mple.com",
            "[::1]",
            "1.2.3",
            "0x7f.1",
            &long,
        ] {
            assert!(!is_link_host(bad), "{bad}");
        }
    }
}
