//! WebSockets: of a waiting browser, of an inbox.

use std::time::Duration;

use futures_util::StreamExt;
use serde_json::Value;
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};

use super::Door;
use super::web::{Broken, Web};

/// How long the upgrade may take.
const UPGRADE: Duration = Duration::from_secs(10);

/// What a socket says.
#[derive(Debug)]
pub(crate) enum Heard {
    /// A frame.
    Frame(Value),
    /// A goodbye with this code.
    Close(u16),
    /// The connection is gone without a word.
    Broken,
    /// Nothing, for as long as was listened.
    Nothing,
}

/// An open socket.
pub(crate) struct Socket(WebSocketStream<TcpStream>);

impl Socket {
    /// That of a waiting browser; a refusal is its HTTP status.
    pub(crate) async fn of_qr(web: &Web, door: &Door, path: &str) -> Result<Result<Self, u16>, Broken> {
        let (cookies, origin) = (web.cookies(), door.public.clone());
        let headers = [("origin", origin.as_str()), ("cookie", &cookies), ("x-forwarded-for", &web.address)];
        Self::open(door, path, "menfang.qr.v1", &headers).await
    }

    /// That of an inbox, by a token.
    pub(crate) async fn of_inbox(door: &Door, token: &str) -> Self {
        let bearer = format!("Bearer {token}");
        let headers = [("authorization", bearer.as_str())];
        let opened = Self::open(door, "/api/v1/accounts/me/inbox/ws", "menfang.inbox.v1", &headers);
        opened.await.unwrap().unwrap()
    }

    async fn open(
        door: &Door,
        path: &str,
        protocol: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Result<Self, u16>, Broken> {
        let mut request = format!("ws://{}{path}", door.authority()).into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", protocol.parse().unwrap());
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        let open = async {
            let stream = TcpStream::connect(door.address).await.map_err(|_| Broken)?;
            match tokio_tungstenite::client_async(request, stream).await {
                Ok((stream, _)) => Ok(Ok(Self(stream))),
                Err(Error::Http(answer)) => Ok(Err(answer.status().as_u16())),
                Err(_) => Err(Broken),
            }
        };
        timeout(UPGRADE, open).await.unwrap_or(Err(Broken))
    }

    /// The next thing that it says.
    pub(crate) async fn hear(&mut self, within: Duration) -> Heard {
        let next = async {
            loop {
                match self.0.next().await {
                    Some(Ok(Message::Text(text))) => {
                        return Heard::Frame(serde_json::from_str(&text).unwrap());
                    }
                    Some(Ok(Message::Close(Some(reason)))) => return Heard::Close(reason.code.into()),
                    Some(Ok(Message::Ping(_) | Message::Pong(_))) => {}
                    _ => return Heard::Broken,
                }
            }
        };
        timeout(within, next).await.unwrap_or(Heard::Nothing)
    }

    /// The next frame of this state; others before it are passed over.
    pub(crate) async fn until(&mut self, state: &str, within: Duration) -> Value {
        let wait = async {
            loop {
                match self.hear(within).await {
                    Heard::Frame(frame) if frame["state"] == state => return frame,
                    Heard::Frame(_) => {}
                    heard => panic!("{state} was expected, not {heard:?}"),
                }
            }
        };
        timeout(within, wait).await.unwrap_or_else(|_| panic!("{state} did not come within {within:?}"))
    }
}
