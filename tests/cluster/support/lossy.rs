//! A way to Redis on which published messages get lost.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use tokio::io::{AsyncReadExt, AsyncWriteExt, copy};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::task::JoinHandle;

use super::{free_port, random_below};

/// Of a hundred messages to a subscriber, so many do not come.
const LOST: u32 = 30;

/// It stops when it is dropped.
pub(crate) struct Lossy {
    pub(crate) port: u16,
    lost: Arc<AtomicU64>,
    task: JoinHandle<()>,
}

impl Lossy {
    /// A way to the Redis at this port.
    pub(crate) async fn start(redis: u16) -> Self {
        let (port, lost) = (free_port(), Arc::<AtomicU64>::default());
        let listener = TcpListener::bind(("127.0.0.1", port)).await.unwrap();
        let count = Arc::clone(&lost);
        let task = tokio::spawn(async move {
            loop {
                let (client, _) = listener.accept().await.unwrap();
                tokio::spawn(connect(client, redis, Arc::clone(&count)));
            }
        });
        Self { port, lost, task }
    }

    /// How many messages did not come.
    pub(crate) fn lost(&self) -> u64 {
        self.lost.load(Ordering::Relaxed)
    }
}

impl Drop for Lossy {
    fn drop(&mut self) {
        self.task.abort();
    }
}

async fn connect(client: TcpStream, redis: u16, lost: Arc<AtomicU64>) {
    let Ok(server) = TcpStream::connect(("127.0.0.1", redis)).await else { return };
    drop((client.set_nodelay(true), server.set_nodelay(true)));
    let ((mut asks, answers), (said, mut asked)) = (client.into_split(), server.into_split());
    tokio::select! {
        _ = copy(&mut asks, &mut asked) => {}
        _ = pass_on(said, answers, &lost) => {}
    }
}

async fn pass_on(
    mut said: OwnedReadHalf,
    mut answers: OwnedWriteHalf,
    lost: &AtomicU64,
) -> std::io::Result<()> {
    let mut bytes = Vec::new();
    while said.read_buf(&mut bytes).await? > 0 {
        while let Some(length) = length(&bytes) {
            let rest = bytes.split_off(length);
            if is_published(&bytes) && random_below(100) < LOST {
                lost.fetch_add(1, Ordering::Relaxed);
            } else {
                answers.write_all(&bytes).await?;
            }
            bytes = rest;
        }
    }
    Ok(())
}

/// How long the frame is that stands in front (RESP 2 and 3); none while it is not all there.
fn length(bytes: &[u8]) -> Option<usize> {
    let line = bytes.windows(2).position(|pair| pair == b"\r\n")? + 2;
    let number = || std::str::from_utf8(&bytes[1..line - 2]).unwrap().parse::<i64>().unwrap();
    let many =
        |factor: i64| (0..number() * factor).try_fold(line, |at, _| Some(at + length(bytes.get(at..)?)?));
    let whole = match bytes[0] {
        b'$' | b'!' | b'=' => usize::try_from(number()).map_or(line, |text| line + text + 2),
        b'*' | b'~' | b'>' => many(1)?,
        b'%' => many(2)?,
        _ => line,
    };
    (whole <= bytes.len()).then_some(whole)
}

/// Whether a frame is a message of a channel, and no answer.
fn is_published(frame: &[u8]) -> bool {
    let kinds = [&b"$7\r\nmessage\r\n"[..], b"$8\r\npmessage\r\n", b"$8\r\nsmessage\r\n"];
    let line = frame.windows(2).position(|pair| pair == b"\r\n").unwrap() + 2;
    matches!(frame[0], b'*' | b'>') && kinds.iter().any(|kind| frame[line..].starts_with(kind))
}
