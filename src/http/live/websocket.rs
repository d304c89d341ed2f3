//! WebSockets: one actor for all of them, whatever their frames say.
//!
//! The upgrade makes me; I hold the receiving end of a bounded channel of updates and write them out. I stop when that
//! ends, the client goes or says anything, no pong comes, or my time is over, if I have one. This is the only file that
//! knows actix-web-actors.

use std::time::{Duration, Instant};

use actix::ActorFutureExt;
use actix::{Actor, ActorContext, AsyncContext, StreamHandler, WrapFuture};
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use actix_web_actors::ws::{
    self, CloseCode, CloseReason, ProtocolError, WebsocketContext, WsResponseBuilder,
};
use tokio::sync::mpsc;

use crate::actors::frame::close;
use crate::actors::watcher::Update;
use crate::http::extract::Visitor;
use crate::http::problem::Code;
use crate::http::site::{Site, SocketPlace};

/// The largest message that is read; a larger one is closed with 1009, any other with 1008.
const LARGEST: usize = 4_096;
const PING: Duration = Duration::from_secs(25);
const PONG: Duration = Duration::from_secs(10);
/// How long a closed connection may take to say goodbye.
const GOODBYE: Duration = Duration::from_millis(500);

/// A frame as it stands on the wire.
pub(super) trait Written: Unpin + 'static {
    /// Its text.
    fn text(&self, site: &Site) -> String;
}

/// The actor.
pub(super) struct Socket<F> {
    /// What it writes; nothing when there is nothing to watch, which the client learns by 4404.
    updates: Option<mpsc::Receiver<Update<F>>>,
    _place: Option<SocketPlace>,
    site: web::Data<Site>,
    /// How long it may live; for ever when none.
    life: Option<Duration>,
    /// When the last ping was sent, until its pong has come.
    pinged: Option<Instant>,
    closing: bool,
}

/// Whether a request asks for a WebSocket at all.
pub(super) fn is_handshake(request: &HttpRequest) -> bool {
    ws::handshake(request).is_ok()
}

/// Upgrades a request to a WebSocket of this subprotocol.
pub(super) fn upgrade<F: Written>(
    socket: Socket<F>,
    protocols: &'static [&'static str],
    visitor: &Visitor,
    request: &HttpRequest,
    stream: web::Payload,
) -> HttpResponse {
    let answer =
        WsResponseBuilder::new(socket, request, stream).protocols(protocols).frame_size(LARGEST).start();
    answer.unwrap_or_else(|_| visitor.problem(Code::BadRequest).error_response())
}

impl<F: Written> Socket<F> {
    /// A socket for updates that are watched from a place, if there are any.
    pub(super) fn new(
        watched: Option<(mpsc::Receiver<Update<F>>, SocketPlace)>,
        site: web::Data<Site>,
        life: Option<Duration>,
    ) -> Self {
        let (updates, place) = watched.unzip();
        Self { updates, _place: place, site, life, pinged: None, closing: false }
    }

    fn wait(&mut self, mut updates: mpsc::Receiver<Update<F>>, ctx: &mut WebsocketContext<Self>) {
        let next = async move {
            let update = updates.recv().await;
            (update, updates)
        };
        ctx.spawn(next.into_actor(self).map(|(update, updates), socket, ctx| match update {
            Some(Update::Frame(frame)) => {
                ctx.text(frame.text(&socket.site));
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

impl<F: Written> Actor for Socket<F> {
    type Context = WebsocketContext<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        match self.updates.take() {
            Some(updates) => self.wait(updates, ctx),
            None => self.close(close::UNKNOWN, ctx),
        }
        ctx.run_interval(PING, Self::beat);
        if let Some(life) = self.life {
            ctx.run_later(life, |socket, ctx| socket.close(close::UNKNOWN, ctx));
        }
    }
}

impl<F: Written> StreamHandler<Result<ws::Message, ProtocolError>> for Socket<F> {
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
