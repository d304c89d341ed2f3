//! A way in: where a client connects to, and what it takes that for.

use std::net::SocketAddr;

/// The front of all nodes, or one of them; to the client both are the public URL.
#[derive(Clone, Debug)]
pub(crate) struct Door {
    /// Where to connect to.
    pub(crate) address: SocketAddr,
    /// The public URL.
    pub(crate) public: String,
}

impl Door {
    /// What stands in `Host`.
    pub(crate) fn authority(&self) -> &str {
        self.public.strip_prefix("http://").unwrap()
    }

    /// Where a path of the public URL is reached through this door.
    pub(crate) fn at(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The path of an address of the public URL.
    pub(crate) fn path<'a>(&self, url: &'a str) -> &'a str {
        url.strip_prefix(&self.public).unwrap_or_else(|| panic!("{url} leads elsewhere"))
    }
}
