//! Addresses of pages and pictures elsewhere, which our pages link to or show.

use url::{Host, Url};

/// Most characters of an address.
pub const MOST_CHARACTERS: usize = 1024;

/// Why a text is no address to link to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidWebAddress {
    /// More than [`MOST_CHARACTERS`].
    #[error("an address has at most {MOST_CHARACTERS} characters")]
    TooLong,
    /// Not an absolute address, or with blanks or a user's name in it.
    #[error("an address is absolute, such as https://example.com/terms, without blanks or a user's name")]
    Malformed,
    /// Neither https nor http to this machine.
    #[error("an address begins with https:// (http:// only for 127.0.0.1, [::1] and localhost)")]
    NotHttps,
}

/// Checks the address of a page or picture; it is used as it was written.
///
/// # Errors
/// Which rule it breaks.
pub fn check_web_address(address: &str) -> Result<(), InvalidWebAddress> {
    if address.chars().take(MOST_CHARACTERS + 1).count() > MOST_CHARACTERS {
        return Err(InvalidWebAddress::TooLong);
    }
    // Browsers drop line breaks and take a backslash for a slash: what people read would not be where they get.
    let misread = |c: char| c.is_whitespace() || c.is_control() || matches!(c, '\\' | '"' | '<' | '>');
    if address.contains(misread) {
        return Err(InvalidWebAddress::Malformed);
    }
    let url = Url::parse(address).map_err(|_| InvalidWebAddress::Malformed)?;
    match (address.split_once("://"), is_loopback(&url)) {
        (Some(("https", _)), _) | (Some(("http", _)), true) => {}
        (Some(_), _) => return Err(InvalidWebAddress::NotHttps),
        (None, _) => return Err(InvalidWebAddress::Malformed),
    }
    let names_a_user = !url.username().is_empty() || url.password().is_some();
    if names_a_user { Err(InvalidWebAddress::Malformed) } else { Ok(()) }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => ip.is_loopback(),
        Some(Host::Ipv6(ip)) => ip.is_loopback(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn https_anywhere_and_http_at_home() {
        for good in [
            "https://example.com",
            "https://example.com/terms?lang=zh#top",
            "https://例子.cn/条款",
            "https://example.com:8443/logo.png",
            "http://127.0.0.1:8090/logo.png",
            "http://localhost/logo.svg",
            "http://[::1]:3000/",
            &format!("https://example.com/{}", "a".repeat(1004)),
        ] {
            assert_eq!(check_web_address(good), Ok(()), "{good}");
        }
    }

    #[test]
    fn other_schemes_are_refused() {
        for bad in [
            "http://example.com/terms",
            "http://127.0.0.1.example.com/",
            "http://localhost.example.com",
            "ftp://example.com",
            "javascript://example.com/%0aalert(1)",
            "HTTPS://example.com",
        ] {
            assert_eq!(check_web_address(bad), Err(InvalidWebAddress::NotHttps), "{bad}");
        }
    }

    #[test]
    fn what_a_browser_would_take_for_something_else_is_refused() {
        for bad in [
            "",
            "example.com/terms",
            "/terms",
            "//example.com",
            "https://",
            "https:example.com",
            "javascript:alert(1)",
            "data:text/html,x",
            "https://a b.example",
            "https://example.com/\n",
            " https://example.com",
            "https:\\\\example.com",
            "https://good.example\\@evil.example",
            "https://user@example.com",
            "https://:hush@example.com",
            "https://example.com/\"onload=",
            "https://exa<mple.com",
            "https://[::1",
            "https://example.com:99999",
        ] {
            assert_eq!(check_web_address(bad), Err(InvalidWebAddress::Malformed), "{bad}");
        }
        let long = format!("https://example.com/{}", "a".repeat(1005));
        assert_eq!(check_web_address(&long), Err(InvalidWebAddress::TooLong));
    }
}
