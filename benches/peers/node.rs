//! `ws`, the WebSocket server that most programs on Node use, from what the browser tests install.

use std::net::SocketAddr;
use std::path::Path;
use std::process::{Command, Stdio};

use crate::measure::program;

const SCRIPT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/benches/peers/ws.mjs");
const PACKAGE: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/browser/node_modules/ws");

pub(super) fn missing() -> Option<String> {
    let node = Command::new("node").arg("--version").stdout(Stdio::null()).stderr(Stdio::null()).status();
    if !node.is_ok_and(|status| status.success()) {
        return Some("Node is not installed".into());
    }
    (!Path::new(PACKAGE).exists()).then(|| "npm ci --prefix tests/browser was not run".into())
}

pub(super) fn command(core: usize, address: SocketAddr) -> Command {
    let mut command = program::command(core, "node");
    command.args([SCRIPT, &address.ip().to_string(), &address.port().to_string()]);
    command
}
