//! The small servers that this program is itself: `--serve NAME --listen ADDRESS`.

use std::cell::RefCell;
use std::collections::HashMap;
use std::net::SocketAddr;
use std::rc::{Rc, Weak};

use anyhow::Context as _;
use futures_util::{SinkExt, StreamExt};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpSocket, TcpStream};
use tokio::sync::mpsc;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::handshake::derive_accept_key;
use tokio_tungstenite::tungstenite::protocol::{Role, WebSocketConfig};

use crate::load::http::end_of_head;
use crate::measure::cost::PINGED;

use super::Peer;

/// As long as a real frame.
pub(crate) const FRAME: &str = r#"{"type":"state","seq":3,"state":"authorized","expires_in_ms":60000}"#;
const PING: [u8; 2] = [0x89, 0];
/// Beats at which sockets are pinged, the same as the server's.
const BEATS: u32 = 100;
const BACKLOG: u32 = 4_096;
/// By default tungstenite reads into 128 KiB for each socket.
const SMALL: usize = 1_024;

/// How a socket is told something.
#[derive(Clone)]
enum Waiter {
    /// Straight.
    Socket(Rc<TcpStream>),
    /// Through the task that has it.
    Task(mpsc::Sender<Message>),
}

type Waiters = Rc<RefCell<HashMap<String, Waiter>>>;
/// Those that are pinged, each at the beat of its place.
type Beats = Rc<RefCell<Vec<Weak<TcpStream>>>>;

/// Serves until it is killed.
pub(crate) async fn serve(peer: Peer, address: SocketAddr) -> anyhow::Result<()> {
    if peer == Peer::Actix {
        return actix(address).await;
    }
    let listener = listen(address)?;
    let waiters = Waiters::default();
    let beats = Beats::default();
    tokio::task::spawn_local(ping(Rc::clone(&beats)));
    loop {
        let (stream, _) = listener.accept().await?;
        stream.set_nodelay(true)?;
        let (waiters, beats) = (Rc::clone(&waiters), Rc::clone(&beats));
        tokio::task::spawn_local(async move {
            // A connection that breaks is over, and nothing else.
            drop(match peer {
                Peer::Echo => echo(stream).await,
                peer => hold(stream, (&waiters, &beats), peer).await,
            });
        });
    }
}

fn listen(address: SocketAddr) -> anyhow::Result<TcpListener> {
    let socket = TcpSocket::new_v4()?;
    socket.set_reuseaddr(true)?;
    socket.bind(address)?;
    Ok(socket.listen(BACKLOG)?)
}

async fn actix(address: SocketAddr) -> anyhow::Result<()> {
    use actix_web::{App, HttpResponse, HttpServer, web};
    let answer = || async { HttpResponse::Created().json(serde_json::json!({"id": "bench"})) };
    let app = move || App::new().route("/bare", web::post().to(answer));
    HttpServer::new(app).workers(1).bind(address)?.run().await?;
    Ok(())
}

async fn echo(mut stream: TcpStream) -> anyhow::Result<()> {
    let mut buffer = [0; 4_096];
    loop {
        let many = stream.read(&mut buffer).await?;
        anyhow::ensure!(many > 0, "closed");
        stream.write_all(&buffer[..many]).await?;
    }
}

/// Requests of one connection, until one of them is the last or a socket.
async fn hold(mut stream: TcpStream, (waiters, beats): (&Waiters, &Beats), peer: Peer) -> anyhow::Result<()> {
    let mut read = Vec::new();
    loop {
        while let Some(end) = end_of_head(&read) {
            let head = String::from_utf8_lossy(&read[..end]).into_owned();
            read.drain(..end);
            let path = head.split(' ').nth(1).context("no request")?.to_owned();
            if let Some(id) = path.strip_prefix("/ws/") {
                drop(read);
                let key = head.lines().find_map(|line| line.strip_prefix("sec-websocket-key: "));
                let accept = derive_accept_key(key.context("no key")?.as_bytes());
                let answer = format!(
                    "HTTP/1.1 101 Switching Protocols\r\nconnection: upgrade\r\nupgrade: websocket\r\n\
                     sec-websocket-accept: {accept}\r\n\r\n"
                );
                stream.write_all(answer.as_bytes()).await?;
                drop((head, answer));
                let id = id.to_owned();
                return if peer == Peer::Tokio {
                    let stream = Rc::new(stream);
                    beats.borrow_mut().push(Rc::downgrade(&stream));
                    by_hand(stream, id, waiters).await
                } else {
                    Box::pin(by_tungstenite(stream, id, waiters)).await
                };
            }
            let waiter = waiters.borrow().get(path.trim_start_matches("/push/")).cloned();
            push(waiter.context("nobody waits")?).await?;
            stream.write_all(b"HTTP/1.1 200 OK\r\ncontent-length: 0\r\n\r\n").await?;
        }
        anyhow::ensure!(stream.read_buf(&mut read).await? > 0, "closed");
    }
}

async fn push(waiter: Waiter) -> anyhow::Result<()> {
    match waiter {
        Waiter::Socket(stream) => {
            let frame = [&[0x81, u8::try_from(FRAME.len())?], FRAME.as_bytes()].concat();
            anyhow::ensure!(stream.try_write(&frame)? == frame.len(), "a client reads nothing");
        }
        Waiter::Task(task) => task.send(Message::text(FRAME)).await?,
    }
    Ok(())
}

/// Pings every socket once in [`PINGED`], some of them at each beat.
async fn ping(beats: Beats) {
    let mut tick = tokio::time::interval(PINGED / BEATS);
    for beat in (0..BEATS as usize).cycle() {
        tick.tick().await;
        let beats = beats.borrow();
        for socket in beats.iter().skip(beat).step_by(BEATS as usize).filter_map(Weak::upgrade) {
            // Who pushes to it finds one that takes nothing.
            drop(socket.try_write(&PING));
        }
    }
}

async fn by_hand(stream: Rc<TcpStream>, id: String, waiters: &Waiters) -> anyhow::Result<()> {
    waiters.borrow_mut().insert(id, Waiter::Socket(Rc::clone(&stream)));
    loop {
        stream.readable().await?;
        let mut buffer = [0; 256];
        if matches!(stream.try_read(&mut buffer), Ok(0)) {
            return Ok(());
        }
    }
}

async fn by_tungstenite(stream: TcpStream, id: String, waiters: &Waiters) -> anyhow::Result<()> {
    let small = WebSocketConfig::default().read_buffer_size(SMALL).write_buffer_size(0);
    let mut socket = WebSocketStream::from_raw_socket(stream, Role::Server, Some(small)).await;
    let (tell, mut told) = mpsc::channel(8);
    waiters.borrow_mut().insert(id, Waiter::Task(tell));
    loop {
        tokio::select! {
            said = socket.next() => drop(said.context("closed")??),
            told = told.recv() => socket.send(told.context("over")?).await?,
        }
    }
}
