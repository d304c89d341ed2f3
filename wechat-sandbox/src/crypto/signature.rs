//! The two signatures of callbacks: SHA-1 over sorted, joined strings.

use sha1::{Digest, Sha1};

/// `signature`: over token, timestamp and nonce. It does not cover the body.
pub(crate) fn url_signature(token: &str, timestamp: &str, nonce: &str) -> String {
    sorted_sha1(&mut [token, timestamp, nonce])
}

/// `msg_signature`: covers the encrypted body as well.
pub(crate) fn message_signature(token: &str, timestamp: &str, nonce: &str, encrypted: &str) -> String {
    sorted_sha1(&mut [token, timestamp, nonce, encrypted])
}

fn sorted_sha1(parts: &mut [&str]) -> String {
    parts.sort_unstable();
    let digest = Sha1::digest(parts.concat().as_bytes());
    digest.iter().fold(String::with_capacity(40), |hex, byte| hex + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn published_url_signatures_are_reproduced() {
        // TV-0a, TV-0b: WeChat's own examples.
        assert_eq!(
            url_signature("AAAAA", "1714036504", "1514711492"),
            "f464b24fc39322e44b38aa78f5edd27bd1441696"
        );
        assert_eq!(
            url_signature("AAAAA", "1714037059", "486452656"),
            "899cf89e464efb63f54ddac96b0a0a235f53aa78"
        );
        // TV-1, TV-2 and the changed nonce of TV-4.
        let token = "portalToken2026";
        for (timestamp, nonce, expected) in [
            ("1767225600", "8274610035", "fcb56858126f30cbbed64bc957e5cf315d69f10e"),
            ("1767225605", "1357924680", "b645f94cf8fce99f12e841206d72e54976535eb8"),
            ("1767225605", "1357924681", "c94abefc3538bde3ddc10ca5ca0ebc68175b7230"),
        ] {
            assert_eq!(url_signature(token, timestamp, nonce), expected);
        }
    }
}
