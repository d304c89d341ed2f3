//! A connection on which a story says every byte itself.

use std::time::Duration;

use serde_json::Value;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use super::{Browser, TestServer};

/// Answers come at once; this long only on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(30);

/// A connection.
pub(crate) struct Wire {
    stream: TcpStream,
    heard: Vec<u8>,
}

/// The head of an answer.
#[derive(Debug)]
pub(crate) struct Head {
    pub(crate) status: u16,
    headers: Vec<(String, String)>,
}

impl Head {
    /// A header, or nothing.
    pub(crate) fn header(&self, name: &str) -> &str {
        self.headers.iter().find(|(known, _)| known == name).map_or("", |(_, value)| value)
    }

    /// The names of all headers, sorted.
    pub(crate) fn names(&self) -> Vec<&str> {
        let mut names: Vec<_> = self.headers.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        names
    }
}

/// A request whose headers can be other than a browser would send them.
#[derive(Clone)]
pub(crate) struct Ask {
    first: String,
    headers: Vec<(&'static str, String)>,
}

impl Ask {
    /// What a browser asks of a server when it opens a WebSocket there.
    pub(crate) fn socket(server: &TestServer, path: &str, protocol: &str) -> Self {
        let headers = vec![
            ("host", server.url.strip_prefix("http://").unwrap().to_owned()),
            ("origin", server.url.clone()),
            ("connection", "Upgrade".into()),
            ("upgrade", "websocket".into()),
            ("sec-websocket-version", "13".into()),
            ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ==".into()),
            ("sec-websocket-protocol", protocol.into()),
        ];
        Self { first: format!("GET {path} HTTP/1.1"), headers }
    }

    /// What a browser asks when it watches a session.
    pub(crate) fn watch(server: &TestServer, pc: &Browser, id: &str) -> Self {
        Self::socket(server, &format!("/qr/{id}/ws"), "menfang.qr.v1")
            .with("cookie", &pc.web.cookies(&server.url.parse().unwrap()))
            .with("x-forwarded-for", pc.web.address())
    }

    /// The same by another method and path.
    pub(crate) fn to(mut self, first: &str) -> Self {
        self.first = format!("{first} HTTP/1.1");
        self
    }

    /// The same with another value of a header.
    pub(crate) fn with(mut self, name: &'static str, value: &str) -> Self {
        self = self.without(name);
        self.headers.push((name, value.to_owned()));
        self
    }

    /// The same without a header.
    pub(crate) fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| *known != name);
        self
    }

    /// As it is written.
    pub(crate) fn bytes(&self) -> Vec<u8> {
        let lines = self.headers.iter().map(|(name, value)| format!("{name}: {value}\r\n"));
        format!("{}\r\n{}\r\n", self.first, lines.collect::<String>()).into_bytes()
    }
}

/// A frame as a client sends it, its first byte (flags and opcode) given.
pub(crate) fn masked(first: u8, payload: &[u8]) -> Vec<u8> {
    let mask = [1, 2, 3, 4];
    let length = u16::try_from(payload.len()).unwrap();
    let mut frame = vec![first];
    match u8::try_from(length) {
        Ok(length) if length < 126 => frame.push(0x80 | length),
        _ => {
            // 126: the length is in the next two bytes.
            frame.push(0xfe);
            frame.extend(length.to_be_bytes());
        }
    }
    frame.extend(mask);
    frame.extend(payload.iter().zip(mask.iter().cycle()).map(|(byte, mask)| byte ^ mask));
    frame
}

impl Wire {
    pub(crate) async fn to(server: &TestServer) -> Self {
        let place = server.url.strip_prefix("http://").unwrap();
        Self { stream: TcpStream::connect(place).await.unwrap(), heard: Vec::new() }
    }

    /// A socket that was opened, and has heard of the first state.
    pub(crate) async fn watching(server: &TestServer, ask: &Ask) -> Self {
        let mut wire = Self::to(server).await;
        wire.say(&ask.bytes()).await;
        assert_eq!(wire.head().await.status, 101);
        let (first, text) = wire.frame().await;
        assert_eq!((first, state(&text)), (0x81, "waiting".into()));
        wire
    }

    pub(crate) async fn say(&mut self, bytes: &[u8]) {
        self.stream.write_all(bytes).await.unwrap();
    }

    /// Says nothing more, and still listens.
    pub(crate) async fn fall_silent(&mut self) {
        self.stream.shutdown().await.unwrap();
    }

    /// Is gone without a goodbye.
    pub(crate) fn reset(self) {
        self.stream.set_zero_linger().unwrap();
    }

    /// Hears more; false at the end.
    async fn hear(&mut self) -> bool {
        let read = self.stream.read_buf(&mut self.heard);
        let read = tokio::time::timeout(PATIENCE, read).await.expect("nothing came");
        // Whoever is cut off while it still speaks has heard all there is, too.
        read.is_ok_and(|count| count > 0)
    }

    async fn take(&mut self, count: usize) -> Vec<u8> {
        while self.heard.len() < count {
            assert!(self.hear().await, "it ended too early: {:?}", self.heard);
        }
        self.heard.drain(..count).collect()
    }

    /// The head of the next answer.
    pub(crate) async fn head(&mut self) -> Head {
        let ends = |heard: &[u8]| heard.windows(4).position(|four| four == b"\r\n\r\n");
        while ends(&self.heard).is_none() {
            assert!(self.hear().await, "no answer, only {:?}", String::from_utf8_lossy(&self.heard));
        }
        let length = ends(&self.heard).unwrap() + 4;
        let head = String::from_utf8(self.take(length).await).unwrap();
        let (first, rest) = head.split_once("\r\n").unwrap();
        let pairs = rest.lines().filter_map(|line| line.split_once(": "));
        Head {
            status: first.split(' ').nth(1).unwrap().parse().unwrap(),
            headers: pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect(),
        }
    }

    /// The body of this answer.
    pub(crate) async fn body(&mut self, head: &Head) -> String {
        let body = self.take(head.header("content-length").parse().unwrap()).await;
        String::from_utf8(body).unwrap()
    }

    /// The next frame: its first byte, and what it carries.
    pub(crate) async fn frame(&mut self) -> (u8, Vec<u8>) {
        let head = self.take(2).await;
        let length = match head[1] {
            126 => {
                let length = self.take(2).await;
                usize::from(u16::from_be_bytes([length[0], length[1]]))
            }
            length => usize::from(length),
        };
        (head[0], self.take(length).await)
    }

    /// The code with which it is closed next.
    pub(crate) async fn close_code(&mut self) -> u16 {
        let (first, reason) = self.frame().await;
        assert_eq!((first, reason.len()), (0x88, 2), "{reason:?}");
        u16::from_be_bytes([reason[0], reason[1]])
    }

    /// Fails the story unless the connection ends with nothing more said.
    pub(crate) async fn end(mut self) {
        while self.hear().await {}
        assert!(self.heard.is_empty(), "{:?}", self.heard);
    }
}

/// The state that a frame tells of.
pub(crate) fn state(text: &[u8]) -> String {
    let frame: Value = serde_json::from_slice(text).unwrap();
    frame["state"].as_str().unwrap().to_owned()
}
