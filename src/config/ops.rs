//! `[ops]`: the port of probes and metrics.

use std::net::SocketAddr;

use super::ConfigError;
use super::values::Values;

/// The section `ops`.
#[derive(Debug, Clone)]
pub struct Ops {
    /// Address and port to listen on; port 0 picks a free one.
    pub listen: SocketAddr,
}

impl Ops {
    pub(super) fn read(values: &Values) -> Result<Self, ConfigError> {
        let section = values.section("ops");
        Ok(Self { listen: section.parse("listen", "an address and a port, such as 127.0.0.1:9090")? })
    }
}
