//! The WebSocket of an inbox: an actor that lives in the body of its answer.
//!
//! The upgrade makes me; I hold the receiving end of a bounded channel of updates and write them out. I stop when that
//! ends, the client goes or says anything, or no pong comes. This is the only file that knows actix-web-actors. The
//! socket of a waiting browser is `waiting_socket.rs`, which keeps the same times and bounds.

use std::time::{Duration, Instant};

use actix::ActorFutureExt;
use actix::{Actor, ActorContext, AsyncContext, StreamHandler, WrapFuture};
use actix_web::{HttpRequest, HttpResponse, HttpResponseBuilder, ResponseError, web};
use actix_web_actors::ws::{
    self, CloseCode, CloseReason, ProtocolError, WebsocketContext, WsResponseBuilder,
};

use crate::actors::frame::close;
use crate::actors::inbox::InboxFrame;
use crate::actors::watcher::{Update, Updates};
use crate::http::api::v1::inbox::frame_text;
use crate::http::extract::Visitor;
use crate::http::problem::{Code, Problem};
use crate::http::site::SocketPlace;

/// The largest message that is read; a larger one is closed with 1009, any other with 1008.
pub(super) const LARGEST: usize = 4_096;
/// How much faster unit tests live.
const SPEED: u64 = if cfg!(test) { 25 } else { 1 };
/// How often an open connection is asked whether it still is one.
pub(super) const PING: Duration = Duration::from_millis(25_000 / SPEED);
/// The time between two beats at which waiting sockets are asked: short enough for what is asked at one of them to keep nobody waiting.
pub(super) const BEAT: Duration = Duration::from_millis(250 / SPEED);
/// How long it may take to say so.
pub(super) const PONG: Duration = Duration::from_millis(10_000 / SPEED);
/// How long a closed connection may take to say goodbye.
pub(super) const GOODBYE: Duration = Duration::from_millis(500);

/// The actor.
pub(super) struct Socket {
    /// What it writes; taken when it starts.
    updates: Option<Updates<InboxFrame>>,
    _place: SocketPlace,
    /// When the last ping was sent, until its pong has come.
    pinged: Option<Instant>,
    closing: bool,
}

/// The answer to a handshake for a WebSocket of one of these subprotocols.
pub(super) fn handshake(
    request: &HttpRequest,
    protocols: &[&str],
    visitor: &Visitor,
) -> Result<HttpResponseBuilder, Problem> {
    ws::handshake_with_protocols(request, protocols).map_err(|_| visitor.problem(Code::BadRequest))
}

/// Upgrades a request to a WebSocket of this subprotocol.
pub(super) fn upgrade(
    socket: Socket,
    protocols: &'static [&'static str],
    visitor: &Visitor,
    request: &HttpRequest,
    stream: web::Payload,
) -> HttpResponse {
    let answer =
        WsResponseBuilder::new(socket, request, stream).protocols(protocols).frame_size(LARGEST).start();
    answer.unwrap_or_else(|_| visitor.problem(Code::BadRequest).error_response())
}

impl Socket {
    /// A socket for updates that are watched from a place.
    pub(super) fn new(updates: Updates<InboxFrame>, place: SocketPlace) -> Self {
        Self { updates: Some(updates), _place: place, pinged: None, closing: false }
    }

    fn wait(&mut self, mut updates: Updates<InboxFrame>, ctx: &mut WebsocketContext<Self>) {
        let next = async move {
            let update = updates.recv().await;
            (update, updates)
        };
        ctx.spawn(next.into_actor(self).map(|(update, updates), socket, ctx| match update {
            Some(Update::Frame(frame)) => {
                ctx.text(frame_text(frame.seq, frame.unread, &frame.items));
                socket.wait(updates, ctx);
            }
            Some(Update::Close(code)) => socket.close(code, ctx),
            // The actor behind it is gone without a word.
            None => socket.close(close::INTERNAL, ctx),
        }));
    }

    fn close(&mut self, code: u16, ctx: &mut WebsocketContext<Self>) {
        if self.closing {
            return;
        }
        self.closing = true;
        ctx.close(Some(CloseReason { code: CloseCode::from(code), description: None }));
        ctx.run_later(GOODBYE, |_, ctx| ctx.stop());
    }

    fn beat(&mut self, ctx: &mut WebsocketContext<Self>) {
        self.pinged = Some(Instant::now());
        ctx.ping(b"");
        ctx.run_later(PONG, |socket, ctx| {
            if socket.pinged.is_some() {
                ctx.stop();
            }
        });
    }
}

impl Actor for Socket {
    type Context = WebsocketContext<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        if let Some(updates) = self.updates.take() {
            self.wait(updates, ctx);
        }
        ctx.run_interval(PING, Self::beat);
    }
}

impl StreamHandler<Result<ws::Message, ProtocolError>> for Socket {
    fn handle(&mut self, message: Result<ws::Message, ProtocolError>, ctx: &mut Self::Context) {
        match message {
            Ok(ws::Message::Ping(bytes)) => ctx.pong(&bytes),
            Ok(ws::Message::Pong(_)) => self.pinged = None,
            Ok(ws::Message::Nop) => {}
            Ok(ws::Message::Close(_)) => {
                if !self.closing {
                    ctx.close(None);
                }
                ctx.stop();
            }
            Ok(ws::Message::Text(_) | ws::Message::Binary(_) | ws::Message::Continuation(_)) => {
                self.close(close::RULE_BROKEN, ctx);
            }
            Err(ProtocolError::Overflow) => self.close(close::TOO_BIG, ctx),
            Err(_) => self.close(close::RULE_BROKEN, ctx),
        }
    }

    fn finished(&mut self, ctx: &mut Self::Context) {
        // The stream ends after a protocol error too: then the goodbye is still on its way out.
        if !self.closing {
            ctx.stop();
        }
    }
}
