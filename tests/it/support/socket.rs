//! WebSockets: of a waiting browser, of an inbox.

use std::time::Duration;

use futures_util::{SinkExt, StreamExt};
use serde_json::Value;
use tokio::net::TcpStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::{Error, Message};
use tokio_tungstenite::{MaybeTlsStream, WebSocketStream};

/// Frames come at once; this long only on a machine that does much else.
const PATIENCE: Duration = Duration::from_secs(30);

/// An open socket.
#[derive(Debug)]
pub(crate) struct Socket(WebSocketStream<MaybeTlsStream<TcpStream>>);

impl Socket {
    /// That of a waiting browser.
    pub(crate) async fn open(place: &str, origin: &str, cookies: &str, address: &str) -> Result<Self, u16> {
        let headers = [("origin", origin), ("cookie", cookies), ("x-forwarded-for", address)];
        Self::open_by(place, "menfang.qr.v1", &headers).await
    }

    /// One of any subprotocol, asked for with these headers; a refusal is its HTTP status.
    pub(crate) async fn open_by(
        place: &str,
        protocol: &str,
        headers: &[(&'static str, &str)],
    ) -> Result<Self, u16> {
        let place = place.replacen("http://", "ws://", 1);
        let mut request = place.into_client_request().unwrap();
        request.headers_mut().insert("sec-websocket-protocol", protocol.parse().unwrap());
        for (name, value) in headers {
            request.headers_mut().insert(*name, value.parse().unwrap());
        }
        match tokio_tungstenite::connect_async(request).await {
            Ok((stream, answer)) => {
                assert_eq!(answer.headers()["sec-websocket-protocol"], protocol);
                Ok(Self(stream))
            }
            Err(Error::Http(answer)) => Err(answer.status().as_u16()),
            Err(error) => panic!("no WebSocket: {error}"),
        }
    }

    async fn next(&mut self) -> Message {
        loop {
            let message = tokio::time::timeout(PATIENCE, self.0.next()).await.expect("nothing came");
            match message.expect("the socket ended without a goodbye").unwrap() {
                Message::Ping(_) | Message::Pong(_) => {}
                message => return message,
            }
        }
    }

    /// The next frame, whatever it says.
    pub(crate) async fn any(&mut self) -> Value {
        self.frame("state").await
    }

    /// The next frame, which must be of this type.
    pub(crate) async fn frame(&mut self, kind: &str) -> Value {
        let message = self.next().await;
        let Message::Text(text) = message else { panic!("a frame was expected, not {message:?}") };
        let frame: Value = serde_json::from_str(&text).unwrap();
        assert_eq!(frame["type"], kind);
        frame
    }

    /// The next frame, which must be of this state.
    pub(crate) async fn expect(&mut self, state: &str) -> Value {
        let frame = self.any().await;
        assert_eq!(frame["state"], state, "{frame}");
        frame
    }

    /// The close code, which must be the next thing said.
    pub(crate) async fn expect_close(&mut self, code: u16) {
        let message = self.next().await;
        let Message::Close(Some(reason)) = message else { panic!("{code} was expected, not {message:?}") };
        assert_eq!(u16::from(reason.code), code);
    }

    pub(crate) async fn say(&mut self, message: Message) {
        self.0.send(message).await.unwrap();
    }
}
