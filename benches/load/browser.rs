//! A browser on a computer: asks for a QR code and waits for what becomes of it.

use std::net::SocketAddr;
use std::sync::atomic::{AtomicU32, Ordering};

use anyhow::Context as _;
use serde_json::Value;

use crate::measure::server::SLUG;

use super::http::Client;
use super::socket::{Open, Socket};

const FIREFOX: &str = "Mozilla/5.0 (X11; Linux x86_64; rv:128.0) Gecko/20100101 Firefox/128.0";

/// A code that is on a screen.
pub(crate) struct Shown {
    pub(crate) scan_url: String,
    pub(crate) claim: String,
    /// What tells the server that this browser was here before.
    pub(crate) device: String,
    live: String,
    /// The lines of its requests that only this browser sends.
    lines: String,
}

/// Where browsers go.
#[derive(Clone)]
pub(crate) struct Door {
    pub(crate) address: SocketAddr,
    /// Host and port, as browsers know it.
    pub(crate) authority: String,
}

impl Door {
    /// The head of a request of a page, with these further lines, and its body.
    pub(crate) fn request(&self, method: &str, path: &str, lines: &str, body: &str) -> Vec<u8> {
        let authority = &self.authority;
        let length = body.len();
        format!(
            "{method} {path} HTTP/1.1\r\nhost: {authority}\r\norigin: http://{authority}\r\n\
             accept: application/json\r\ncontent-type: application/x-www-form-urlencoded\r\n\
             content-length: {length}\r\n{lines}\r\n{body}"
        )
        .into_bytes()
    }
}

/// A computer that nobody knows has an address of its own.
fn anybody() -> String {
    static NEXT: AtomicU32 = AtomicU32::new(1);
    let n = NEXT.fetch_add(1, Ordering::Relaxed);
    format!(
        "user-agent: {FIREFOX}\r\nx-forwarded-for: 10.{}.{}.{}\r\n",
        (n >> 16) & 0xff,
        (n >> 8) & 0xff,
        n & 0xff
    )
}

/// Asks for a code, as a browser that was here before with this device cookie, or as a new one.
pub(crate) async fn show(door: &Door, http: &mut Client, device: Option<&str>) -> anyhow::Result<Shown> {
    let lines = anybody();
    let cookie = device.map(|device| format!("cookie: menfang_device={device}\r\n")).unwrap_or_default();
    let request = door.request("POST", &format!("/p/{SLUG}/qr"), &format!("{lines}{cookie}"), "");
    let answer = http.ask(&request).await?.expect(201)?;
    let body = answer.json()?;
    let text = |value: &Value| value.as_str().map(ToOwned::to_owned).context("a code has addresses");
    let cookie = |name| answer.cookie(name).context("a browser gets a cookie");
    let (secret, device) = (cookie("menfang_browser")?, cookie("menfang_device")?);
    let lines = format!("{lines}cookie: menfang_browser={secret}; menfang_device={device}\r\n");
    Ok(Shown {
        scan_url: text(&body["scan_url"])?,
        claim: text(&body["claim"])?,
        device: device.to_owned(),
        live: text(&body["live"]["websocket"])?,
        lines,
    })
}

/// Opens the socket of a code and waits for its first frame.
pub(crate) async fn watch(door: &Door, shown: &Shown, open: &Open) -> anyhow::Result<Socket> {
    let authority = &door.authority;
    let lines = format!(
        "host: {authority}\r\norigin: http://{authority}\r\nsec-websocket-protocol: menfang.qr.v1\r\n{}",
        shown.lines
    );
    let mut socket = Socket::open(door.address, &shown.live, &lines, open).await?;
    socket.until("\"waiting\"").await?;
    Ok(socket)
}

/// Takes up a sign-in that was approved.
pub(crate) async fn claim(door: &Door, http: &mut Client, shown: &Shown) -> anyhow::Result<()> {
    http.ask(&door.request("POST", &shown.claim, &shown.lines, "")).await?.expect(200)?;
    Ok(())
}
