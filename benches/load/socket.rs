//! The client's end of a WebSocket, in a few hundred bytes each.

use std::cell::Cell;
use std::net::SocketAddr;
use std::rc::Rc;
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::mpsc;
use tokio::task::JoinHandle;

use super::http::{connect, end_of_head};

/// How long a handshake, or a frame that has to come, may take.
const PATIENCE: Duration = Duration::from_secs(30);
const TEXT: u8 = 0x81;
const CLOSE: u8 = 0x88;
const PING: u8 = 0x89;
/// A client's frames are masked; zeros mask as well as any other key.
const MASK: [u8; 4] = [0; 4];

/// A text frame.
pub(crate) struct Heard {
    pub(crate) at: Instant,
    pub(crate) text: String,
}

/// How many sockets are open.
pub(crate) type Open = Rc<Cell<usize>>;

/// An open socket, which closes when it is dropped.
pub(crate) struct Socket {
    task: JoinHandle<()>,
    heard: mpsc::UnboundedReceiver<Heard>,
}

impl Drop for Socket {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Socket {
    /// Opens one at this path, with these further lines in the head of the request; it is counted while it is open.
    pub(crate) async fn open(to: SocketAddr, path: &str, lines: &str, open: &Open) -> anyhow::Result<Self> {
        let handshake = async {
            let mut stream = connect(to).await?;
            let head = format!(
                "GET {path} HTTP/1.1\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
                 sec-websocket-version: 13\r\nsec-websocket-key: dGhlIHNhbXBsZSBub25jZQ==\r\n{lines}\r\n"
            );
            stream.write_all(head.as_bytes()).await?;
            let mut read = Vec::new();
            let end = loop {
                if let Some(end) = end_of_head(&read) {
                    break end;
                }
                anyhow::ensure!(stream.read_buf(&mut read).await? > 0, "the handshake was cut off");
            };
            anyhow::ensure!(read.starts_with(b"HTTP/1.1 101"), "{}", String::from_utf8_lossy(&read));
            anyhow::Ok((stream, read.split_off(end)))
        };
        let (stream, rest) =
            tokio::time::timeout(PATIENCE, handshake).await.context("no handshake in time")??;
        let (tell, heard) = mpsc::unbounded_channel();
        let counted = Counted::one_of(open);
        let task = tokio::task::spawn_local(async move {
            let _counted = counted;
            // Whatever ends it, it is seen by the count and by whoever waits for a frame.
            drop(listen(&stream, rest, &tell).await);
        });
        Ok(Self { task, heard })
    }

    /// The next text.
    pub(crate) async fn next(&mut self) -> anyhow::Result<Heard> {
        let heard = tokio::time::timeout(PATIENCE, self.heard.recv()).await;
        heard.context("no frame came in time")?.context("the socket was closed")
    }

    /// The next text that says this.
    pub(crate) async fn until(&mut self, words: &str) -> anyhow::Result<Heard> {
        loop {
            let heard = self.next().await.with_context(|| format!("waiting for {words}"))?;
            if heard.text.contains(words) {
                return Ok(heard);
            }
        }
    }
}

async fn listen(
    stream: &TcpStream,
    mut rest: Vec<u8>,
    tell: &mpsc::UnboundedSender<Heard>,
) -> anyhow::Result<()> {
    loop {
        while let Some((kind, from, end)) = frame(&rest) {
            match kind {
                TEXT => {
                    let text = String::from_utf8_lossy(&rest[from..end]).into_owned();
                    drop(tell.send(Heard { at: Instant::now(), text }));
                }
                PING => pong(stream, &rest[from..end])?,
                CLOSE => return Ok(()),
                _ => {}
            }
            rest.drain(..end);
        }
        if rest.is_empty() {
            rest = Vec::new();
        }
        stream.readable().await?;
        // Not kept over a wait: thousands of them would be.
        let mut buffer = [0; 4_096];
        match stream.try_read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(many) => rest.extend_from_slice(&buffer[..many]),
            Err(error) if error.kind() == std::io::ErrorKind::WouldBlock => {}
            Err(error) => return Err(error.into()),
        }
    }
}

fn pong(stream: &TcpStream, said: &[u8]) -> anyhow::Result<()> {
    let length = u8::try_from(said.len())?;
    let frame = [&[0x8a, 0x80 | length], &MASK[..], said].concat();
    anyhow::ensure!(stream.try_write(&frame)? == frame.len(), "the other side reads nothing");
    Ok(())
}

/// The first frame, if it is there whole: its first byte, where what it says begins and ends.
fn frame(read: &[u8]) -> Option<(u8, usize, usize)> {
    let (kind, short) = (*read.first()?, *read.get(1)?);
    let (from, length) = match short {
        126 => (4, usize::from(u16::from_be_bytes(read.get(2..4)?.try_into().ok()?))),
        127 => (10, usize::try_from(u64::from_be_bytes(read.get(2..10)?.try_into().ok()?)).ok()?),
        short => (2, usize::from(short)),
    };
    (read.len() >= from + length).then_some((kind, from, from + length))
}

/// Counts one while it lives.
struct Counted(Open);

impl Counted {
    fn one_of(open: &Open) -> Self {
        open.set(open.get() + 1);
        Self(Rc::clone(open))
    }
}

impl Drop for Counted {
    fn drop(&mut self) {
        self.0.set(self.0.get() - 1);
    }
}
