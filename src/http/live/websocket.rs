//! The WebSocket of a waiting browser, subprotocol `menfang.qr.v1`.
//!
//! The upgrade makes me; I hold the receiving end of a bounded channel of updates and write them out. I stop when the
//! session ends, the browser goes or says anything, no pong comes, or after 35 minutes. This is the only file that
//! knows actix-web-actors.

use std::time::{Duration, Instant};

use actix::ActorFutureExt;
use actix::{Actor, ActorContext, AsyncContext, StreamHandler, WrapFuture};
use actix_web::http::header;
use actix_web::{HttpRequest, HttpResponse, ResponseError, web};
use actix_web_actors::ws::{
    self, CloseCode, CloseReason, ProtocolError, WebsocketContext, WsResponseBuilder,
};
use tokio::sync::mpsc;

use crate::actors::frame::close;
use crate::actors::qr_session::Update;
use crate::http::extract::Visitor;
use crate::http::problem::Code;
use crate::http::site::{Site, SocketPlace};

use super::watch::{Owner, Watch, owner, watch};

const PROTOCOLS: &[&str] = &["menfang.qr.v1"];
/// The largest message that is read; a larger one is closed with 1009, any other with 1008.
const LARGEST: usize = 4_096;
const PING: Duration = Duration::from_secs(25);
const PONG: Duration = Duration::from_secs(10);
/// How long a closed connection may take to say goodbye.
const GOODBYE: Duration = Duration::from_millis(500);

/// `GET /qr/{id}/ws`.
pub async fn connect(
    request: HttpRequest,
    site: web::Data<Site>,
    visitor: Visitor,
    handle: web::Path<String>,
    stream: web::Payload,
) -> HttpResponse {
    let origin = request.headers().get(header::ORIGIN).and_then(|origin| origin.to_str().ok());
    if origin != Some(site.front.origin.as_str()) {
        return visitor.problem(Code::OriginNotAllowed).error_response();
    }
    let watched = owner(&request, &site, &visitor, &handle).and_then(|owner| match owner {
        Owner::Mine(waiting) => watch(&site, &visitor, waiting).map(Some),
        Owner::Unknown => Ok(None),
    });
    let watched = match watched {
        Ok(watched) => watched,
        Err(error) => return error.error_response(),
    };
    let life = site.sign_in.lifetimes().browser;
    let actor = QrSocket::new(watched, site.clone(), life);
    let answer =
        WsResponseBuilder::new(actor, &request, stream).protocols(PROTOCOLS).frame_size(LARGEST).start();
    answer.unwrap_or_else(|_| visitor.problem(Code::BadRequest).error_response())
}

struct QrSocket {
    updates: Option<mpsc::Receiver<Update>>,
    _place: Option<SocketPlace>,
    site: web::Data<Site>,
    life: Duration,
    /// When the last ping was sent, until its pong has come.
    pinged: Option<Instant>,
    closing: bool,
}

impl QrSocket {
    fn new(watched: Option<Watch>, site: web::Data<Site>, life: Duration) -> Self {
        let (updates, place) = watched.map_or((None, None), |watch| (Some(watch.updates), Some(watch.place)));
        Self { updates, _place: place, site, life, pinged: None, closing: false }
    }

    fn wait(&mut self, mut updates: mpsc::Receiver<Update>, ctx: &mut WebsocketContext<Self>) {
        let next = async move {
            let update = updates.recv().await;
            (update, updates)
        };
        ctx.spawn(next.into_actor(self).map(|(update, updates), socket, ctx| match update {
            Some(Update::Frame(frame)) => {
                ctx.text(frame.to_json(socket.site.sign_in.now()));
                socket.wait(updates, ctx);
            }
            Some(Update::Close(code)) => socket.close(code, ctx),
            // The session's actor is gone without a word.
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

impl Actor for QrSocket {
    type Context = WebsocketContext<Self>;

    fn started(&mut self, ctx: &mut Self::Context) {
        match self.updates.take() {
            Some(updates) => self.wait(updates, ctx),
            None => self.close(close::UNKNOWN, ctx),
        }
        ctx.run_interval(PING, Self::beat);
        ctx.run_later(self.life, |socket, ctx| socket.close(close::UNKNOWN, ctx));
    }
}

impl StreamHandler<Result<ws::Message, ProtocolError>> for QrSocket {
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
