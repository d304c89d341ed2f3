//! HTTP for the public, with a way out of it: a request that asks for a WebSocket is answered by the same app as any
//! other, and then its connection goes to the socket that its handler has left.
//! This is the only file that knows how actix-http upgrades: it hands over every connection whose request asks for it,
//! so what becomes no such socket (a refusal, the socket of an inbox) is written out here as well.

use std::cell::{Cell, OnceCell};
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::net::Shutdown;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_codec::{Encoder, Framed, FramedParts};
use actix_http::body::{BoxBody, MessageBody};
use actix_http::error::{DispatchError, PayloadError};
use actix_http::h1::{Codec, Message};
use actix_http::{ConnectionType, HttpMessage, HttpService, Payload, Request, Response};
use actix_service::boxed::{self, RcService};
use actix_service::{IntoServiceFactory, Service, ServiceFactory, ServiceFactoryExt, fn_factory, fn_service};
use actix_web::dev::{AppConfig, ServiceResponse};
use actix_web::rt::net::TcpStream;
use actix_web::web::{Buf, Bytes, BytesMut};
use futures_util::Stream;
use futures_util::future::{FutureExt, LocalBoxFuture};
use socket2::SockRef;

use crate::http::live::waiting_socket::Handover;

/// What is read at once.
const READ: usize = 4_096;
/// How long a client may go on speaking after its answer, which it might not get otherwise.
const LINGER: Duration = Duration::from_secs(1);

/// The app, whose work for a request is in a box of its own: it would be part of every connection that waits otherwise.
type App = RcService<Request, ServiceResponse<BoxBody>, actix_web::Error>;

/// The services of a listener: HTTP by this app, whose requests have to have come after `head`. A connection on which nothing
/// is under way ends when `stopping` does.
pub(super) fn service<I, S, Stopping>(
    app: I,
    head: Duration,
    stopping: impl Fn() -> Stopping + 'static,
    connected: fn(&TcpStream),
) -> impl ServiceFactory<TcpStream, Config = (), Response = (), Error = DispatchError, InitError = ()>
where
    I: IntoServiceFactory<S, Request>,
    S: ServiceFactory<
            Request,
            Config = AppConfig,
            Response = ServiceResponse<BoxBody>,
            Error = actix_web::Error,
            InitError = (),
        > + 'static,
    Stopping: Future<Output = ()> + 'static,
{
    let app = app.into_factory();
    let made = Rc::new(OnceCell::new());
    let upgrading = Rc::clone(&made);
    // One app for both: it is large, and half of it would be used by nobody.
    let app = fn_factory(move || {
        let (making, made) = (app.new_service(AppConfig::default()), Rc::clone(&made));
        async move {
            let app: App = boxed::rc_service(making.await?);
            drop(made.set(App::clone(&app)));
            Ok::<_, ()>(app)
        }
    });
    let upgrade = move |(request, connection): (Request, Framed<TcpStream, Codec>)| {
        // In boxes, and made out here: room for both, and for moving them, would be part of the connection else.
        let answering = upgrading.get().map(|app| Box::pin(answer(App::clone(app), request, connection)));
        async move {
            // Whoever is cut off here is gone.
            if let Some(answering) = answering
                && let Ok(Some(living)) = answering.await
            {
                living.await;
            }
            Ok::<_, actix_http::Error>(())
        }
    };
    HttpService::build()
        .client_request_timeout(head)
        .client_disconnect_timeout(LINGER)
        .graceful_shutdown_signal(stopping)
        .on_connect_ext(move |io: &TcpStream, _| connected(io))
        .upgrade(fn_service(upgrade))
        .finish(app.map_err(|error: actix_web::Error| error.error_response()))
        .tcp()
}

/// A connection that its request's handler may read from while its answer is written.
struct Connection {
    io: TcpStream,
    /// What came along with the request's head.
    unread: Cell<BytesMut>,
}

/// Answers a request; the life of the socket that was left, if that is what came of it.
async fn answer(
    app: App,
    mut request: Request,
    connection: Framed<TcpStream, Codec>,
) -> io::Result<Option<LocalBoxFuture<'static, ()>>> {
    let FramedParts { io, mut codec, read_buf, mut write_buf, .. } = connection.into_parts();
    let connection = Rc::new(Connection { io, unread: Cell::new(read_buf) });
    let handover = Handover::default();
    request.extensions_mut().insert(handover.clone());
    let payload = Box::pin(Incoming { connection: Rc::clone(&connection), ended: false });
    *request.payload() = Payload::Stream { payload };

    let answer = app.call(request).await;
    let answer = answer.map_or_else(|error| error.error_response().into(), Response::from);
    let (mut head, body) = answer.into_parts();
    if !head.upgrade() {
        // Nobody knows where what the client goes on to say would begin.
        head.head_mut().set_connection_type(ConnectionType::Close);
    }
    codec.encode(Message::Item((head, body.size())), &mut write_buf)?;
    if let Some(socket) = handover.take() {
        // What came along, and what goes first, is copied: both lie in buffers of 8 KiB.
        let live = |Connection { io, unread }| socket.live(io, &unread.take(), &write_buf).boxed_local();
        return Ok(Rc::into_inner(connection).map(live));
    }
    write_all(&connection.io, &mut write_buf).await?;
    if !body.size().is_eof() {
        send(&connection.io, &mut codec, &mut write_buf, body).await?;
    }
    part(&connection.io).await;
    Ok(None)
}

async fn send(io: &TcpStream, codec: &mut Codec, buffer: &mut BytesMut, body: BoxBody) -> io::Result<()> {
    let mut body = pin!(body);
    while let Some(chunk) = poll_fn(|cx| body.as_mut().poll_next(cx)).await {
        let chunk = chunk.map_err(|error| io::Error::other(error.to_string()))?;
        codec.encode(Message::Chunk(Some(chunk)), buffer)?;
        write_all(io, buffer).await?;
    }
    codec.encode(Message::Chunk(None), buffer)?;
    write_all(io, buffer).await
}

async fn write_all(io: &TcpStream, bytes: &mut BytesMut) -> io::Result<()> {
    while !bytes.is_empty() {
        io.writable().await?;
        match io.try_write(bytes) {
            Ok(count) => bytes.advance(count),
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            Err(error) => return Err(error),
        }
    }
    Ok(())
}

/// Says that nothing more comes, and hears the client out for a while: what is unread when a connection is closed would
/// cost the client its answer.
async fn part(io: &TcpStream) {
    // Whoever is gone already needs no goodbye.
    drop(SockRef::from(io).shutdown(Shutdown::Write));
    let heard_out = poll_fn(|cx| {
        while let Ok(Some(_)) = ready!(poll_read(io, cx)) {}
        Poll::Ready(())
    });
    drop(tokio::time::timeout(LINGER, heard_out).await);
}

/// What has come; none at the end.
fn poll_read(io: &TcpStream, cx: &mut Context<'_>) -> Poll<io::Result<Option<Bytes>>> {
    loop {
        ready!(io.poll_read_ready(cx))?;
        let mut bytes = [0; READ];
        match io.try_read(&mut bytes) {
            Err(error) if error.kind() == ErrorKind::WouldBlock => {}
            read => {
                return Poll::Ready(
                    read.map(|count| (count > 0).then(|| Bytes::copy_from_slice(&bytes[..count]))),
                );
            }
        }
    }
}

/// What a client sends after its request, as a handler reads it.
struct Incoming {
    connection: Rc<Connection>,
    ended: bool,
}

impl Stream for Incoming {
    type Item = Result<Bytes, PayloadError>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        let unread = self.connection.unread.take();
        if !unread.is_empty() {
            return Poll::Ready(Some(Ok(unread.freeze())));
        }
        if self.ended {
            return Poll::Ready(None);
        }
        let read = ready!(poll_read(&self.connection.io, cx));
        self.ended = !matches!(read, Ok(Some(_)));
        Poll::Ready(Some(match read {
            Ok(Some(bytes)) => Ok(bytes),
            Ok(None) => Err(PayloadError::Incomplete(None)),
            Err(error) => Err(PayloadError::Io(error)),
        }))
    }
}
