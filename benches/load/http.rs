//! HTTP/1.1, as little of it as is needed: one request after the other on one connection.

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpSocket, TcpStream};

/// A connection that was silent for so long is not used again: the other side may close it at the same time.
const STALE: Duration = Duration::from_secs(2);
/// How long an answer may take.
const PATIENCE: Duration = Duration::from_secs(30);
/// Connections of one source address: fewer than there are ports for it.
const OF_ADDRESS: u32 = 8_000;

/// An answer, read to its end.
#[derive(Debug)]
pub(crate) struct Answer {
    pub(crate) status: u16,
    pub(crate) head: String,
    pub(crate) body: String,
}

impl Answer {
    /// The same, unless its status is another one.
    pub(crate) fn expect(self, status: u16) -> anyhow::Result<Self> {
        anyhow::ensure!(self.status == status, "{} instead of {status}: {}", self.status, self.body);
        Ok(self)
    }

    /// Each value of a header.
    pub(crate) fn all<'a>(&'a self, name: &str) -> impl Iterator<Item = &'a str> {
        let fields = self.head.lines().filter_map(|line| line.split_once(':'));
        fields.filter(move |(field, _)| field.eq_ignore_ascii_case(name)).map(|(_, value)| value.trim())
    }

    /// Where it leads.
    pub(crate) fn location(&self) -> anyhow::Result<&str> {
        self.all("location").next().with_context(|| format!("{} leads nowhere: {}", self.status, self.body))
    }

    /// The value of a cookie that it sets.
    pub(crate) fn cookie(&self, name: &str) -> Option<&str> {
        self.all("set-cookie")
            .find_map(|cookie| cookie.split(';').next()?.strip_prefix(name)?.strip_prefix('='))
    }

    /// Its body, read.
    pub(crate) fn json(&self) -> anyhow::Result<serde_json::Value> {
        serde_json::from_str(&self.body).with_context(|| format!("no JSON: {}", self.body))
    }
}

/// A client with one connection at most.
pub(crate) struct Client {
    to: SocketAddr,
    stream: Option<TcpStream>,
    used: Instant,
}

impl Client {
    pub(crate) fn new(to: SocketAddr) -> Self {
        Self { to, stream: None, used: Instant::now() }
    }

    /// Sends a request and reads its answer.
    pub(crate) async fn ask(&mut self, request: &[u8]) -> anyhow::Result<Answer> {
        self.connect().await?;
        let answer = tokio::time::timeout(PATIENCE, self.exchange(request)).await;
        let answer = answer.context("no answer came in time").flatten();
        self.used = Instant::now();
        if answer.is_err() {
            self.stream = None;
        }
        answer
    }

    /// Has a connection that can be used.
    pub(crate) async fn connect(&mut self) -> anyhow::Result<()> {
        if self.stream.is_none() || self.used.elapsed() > STALE {
            self.stream = Some(connect(self.to).await?);
        }
        Ok(())
    }

    async fn exchange(&mut self, request: &[u8]) -> anyhow::Result<Answer> {
        let stream = self.stream.as_mut().context("there is a connection")?;
        stream.write_all(request).await?;
        let mut read = Vec::with_capacity(4_096);
        let body = loop {
            if let Some(end) = end_of_head(&read) {
                break end;
            }
            anyhow::ensure!(stream.read_buf(&mut read).await? > 0, "the connection was closed");
        };
        let head = String::from_utf8_lossy(&read[..body]).into_owned();
        let status = head.get(9..12).and_then(|status| status.parse().ok()).context("no HTTP")?;
        let mut answer = Answer { status, head, body: String::new() };
        let length: usize = answer.all("content-length").next().map_or(Ok(0), str::parse)?;
        while read.len() < body + length {
            anyhow::ensure!(stream.read_buf(&mut read).await? > 0, "the connection was closed");
        }
        answer.body = String::from_utf8_lossy(&read[body..]).into_owned();
        if answer.all("connection").any(|value| value.eq_ignore_ascii_case("close")) {
            self.stream = None;
        }
        Ok(answer)
    }
}

/// Where the head of a message ends, if it is there whole.
pub(crate) fn end_of_head(read: &[u8]) -> Option<usize> {
    read.windows(4).position(|four| four == b"\r\n\r\n").map(|at| at + 4)
}

/// Connects from one of many addresses of this machine: one alone has too few ports.
pub(crate) async fn connect(to: SocketAddr) -> anyhow::Result<TcpStream> {
    static NEXT: AtomicU32 = AtomicU32::new(0);
    // 127.1.0.0 and up: nobody else has an address there.
    let from = 0x7f01_0000 + NEXT.fetch_add(1, Ordering::Relaxed) / OF_ADDRESS;
    let socket = TcpSocket::new_v4()?;
    socket.bind((Ipv4Addr::from(from), 0).into())?;
    let stream = socket.connect(to).await.context("nobody takes connections")?;
    stream.set_nodelay(true)?;
    Ok(stream)
}
