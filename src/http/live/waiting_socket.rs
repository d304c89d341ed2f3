//! The WebSocket of a waiting browser: a task that owns its connection.
//!
//! The handler of the handshake makes me; whoever has made its answer gives me the connection, and I write it. I hold the receiving
//! end of a bounded channel of updates, and no buffer while nothing is on its way: there are more of me than of
//! anything else. I stop when the updates end, the client goes or says anything, no pong comes, or my time is over.

use std::cell::Cell;
use std::future::poll_fn;
use std::io::{self, ErrorKind};
use std::mem::MaybeUninit;
use std::pin::{Pin, pin};
use std::rc::Rc;
use std::sync::{Arc, LazyLock};
use std::task::{Context, Poll, ready};
use std::time::Duration;

use actix_codec::{Decoder, Encoder};
use actix_http::ws::{CloseCode, CloseReason, Codec, Frame, Message, ProtocolError};
use actix_web::rt::net::TcpStream;
use actix_web::web::{Buf, BytesMut};
use futures_util::FutureExt;
use tokio::io::{AsyncRead, ReadBuf};
use tokio::task::yield_now;
use tokio::time::{Instant, Sleep, sleep_until};

use crate::actors::frame::close;
use crate::actors::qr_session::Update;
use crate::actors::registry::Watching;
use crate::domain::clock::Clock;
use crate::http::site::SocketPlace;

use super::watch::Watch;
use super::websocket::{BEAT, GOODBYE, LARGEST, PING, PONG};

/// What is read at once.
const READ: usize = 1_024;
/// The longest head of a frame.
const FRAME_HEAD: usize = 14;

/// Where the handler of a handshake leaves the socket that shall have the connection; only a request whose connection
/// can be had has it among its extensions.
#[derive(Clone, Default)]
pub struct Handover(Rc<Cell<Option<WaitingSocket>>>);

impl Handover {
    pub(super) fn leave(&self, socket: WaitingSocket) {
        self.0.set(Some(socket));
    }

    /// What was left.
    pub fn take(&self) -> Option<WaitingSocket> {
        self.0.take()
    }
}

/// A socket that has no connection yet.
pub struct WaitingSocket {
    /// What it writes; nothing when there is nothing to watch, which the client learns by 4404.
    watch: Option<Watch>,
    clock: Arc<dyn Clock>,
    life: Duration,
}

impl WaitingSocket {
    pub(super) fn new(watch: Option<Watch>, clock: Arc<dyn Clock>, life: Duration) -> Self {
        Self { watch, clock, life }
    }

    /// Its life on a connection, of which this was read after the handshake, whose answer is still to be written.
    pub fn live(self, io: TcpStream, unread: &[u8], answer: &[u8]) -> impl Future<Output = ()> + use<> {
        Socket::new(self, io, unread, answer).live()
    }
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum State {
    /// The alarm is the next ping.
    Open,
    /// The alarm is a pong that did not come.
    Pinged,
    /// The alarm is the end.
    Closing,
}

/// When a socket that was asked at this instant is asked again: at a beat that it shares with others, so that this thread wakes
/// once for many of them, and never later than it should.
fn next_ping(asked: Instant) -> Instant {
    static FIRST: LazyLock<Instant> = LazyLock::new(Instant::now);
    let first = *FIRST;
    let beats = (asked + PING).saturating_duration_since(first).as_millis() / BEAT.as_millis();
    first + BEAT * u32::try_from(beats).unwrap_or(u32::MAX)
}

enum Event {
    Alarm,
    Update(Option<Update>),
    /// So much was read.
    Read(io::Result<usize>),
    Writable,
}

/// Why there is nothing more to do.
struct Gone;

impl From<io::Error> for Gone {
    fn from(_: io::Error) -> Self {
        Self
    }
}

impl From<ProtocolError> for Gone {
    fn from(_: ProtocolError) -> Self {
        Self
    }
}

struct Socket {
    io: TcpStream,
    codec: Codec,
    /// A frame that has come in part.
    incoming: BytesMut,
    /// What the client has not taken yet.
    outgoing: BytesMut,
    /// Until it is closing.
    updates: Option<Watching>,
    _place: Option<SocketPlace>,
    clock: Arc<dyn Clock>,
    ends: Instant,
    alarm: Instant,
    state: State,
}

impl Socket {
    fn new(waiting: WaitingSocket, io: TcpStream, unread: &[u8], answer: &[u8]) -> Self {
        let WaitingSocket { watch, clock, life } = waiting;
        let (updates, place) = watch.map(|watch| (watch.updates, watch.place)).unzip();
        let now = Instant::now();
        Self {
            io,
            codec: Codec::new().max_size(LARGEST),
            incoming: BytesMut::from(unread),
            outgoing: BytesMut::from(answer),
            updates,
            _place: place,
            clock,
            ends: now + life,
            alarm: next_ping(now),
            state: State::Open,
        }
    }

    async fn live(mut self) {
        let mut alarm = pin!(sleep_until(self.alarm));
        // The actor, which lives on this thread, has its turn: its first frame leaves with the handshake's answer.
        yield_now().await;
        let mut goes_on = self.start();
        while goes_on.is_ok() {
            if alarm.deadline() != self.due() {
                alarm.as_mut().reset(self.due());
            }
            let event = poll_fn(|cx| self.poll(alarm.as_mut(), cx)).await;
            goes_on = self.on(event);
        }
    }

    fn start(&mut self) -> Result<(), Gone> {
        let first = self.updates.as_mut().map(|updates| updates.recv().now_or_never());
        match first {
            None => self.close(close::UNKNOWN)?,
            Some(Some(update)) => self.on(Event::Update(update))?,
            Some(None) => self.write()?,
        }
        self.decode()
    }

    fn due(&self) -> Instant {
        if self.state == State::Closing { self.alarm } else { self.alarm.min(self.ends) }
    }

    /// What happens next. Whoever takes nothing is neither listened to nor told more, so that nothing piles up here.
    fn poll(&mut self, alarm: Pin<&mut Sleep>, cx: &mut Context<'_>) -> Poll<Event> {
        if alarm.poll(cx).is_ready() {
            return Poll::Ready(Event::Alarm);
        }
        if !self.outgoing.is_empty() {
            return self.io.poll_write_ready(cx).map(|_| Event::Writable);
        }
        if let Some(updates) = &mut self.updates
            && let Poll::Ready(update) = updates.poll_recv(cx)
        {
            return Poll::Ready(Event::Update(update));
        }
        self.poll_read(cx).map(Event::Read)
    }

    /// Reads by what the runtime reads by: when less has come than there was room for, it does not have to ask again.
    fn poll_read(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<usize>> {
        let mut bytes = [MaybeUninit::uninit(); READ];
        let mut read = ReadBuf::uninit(&mut bytes);
        ready!(Pin::new(&mut self.io).poll_read(cx, &mut read))?;
        self.incoming.extend_from_slice(read.filled());
        Poll::Ready(Ok(read.filled().len()))
    }

    fn on(&mut self, event: Event) -> Result<(), Gone> {
        match event {
            Event::Alarm => self.wake(),
            Event::Update(Some(Update::Frame(frame))) => {
                self.say(Message::Text(frame.to_json(self.clock.now()).into()))
            }
            Event::Update(Some(Update::Close(code))) => self.close(code),
            // The actor behind it is gone without a word.
            Event::Update(None) => self.close(close::INTERNAL),
            Event::Read(count) => self.on_read(count?),
            Event::Writable => self.write(),
        }
    }

    fn wake(&mut self) -> Result<(), Gone> {
        let now = Instant::now();
        match self.state {
            State::Closing => Err(Gone),
            _ if now >= self.ends => self.close(close::UNKNOWN),
            State::Pinged => Err(Gone),
            State::Open => {
                self.state = State::Pinged;
                self.alarm = now + PONG;
                self.say(Message::Ping("".into()))
            }
        }
    }

    fn close(&mut self, code: u16) -> Result<(), Gone> {
        if self.state == State::Closing {
            return Ok(());
        }
        self.state = State::Closing;
        self.alarm = Instant::now() + GOODBYE;
        self.updates = None;
        self.say(Message::Close(Some(CloseReason { code: CloseCode::from(code), description: None })))
    }

    fn say(&mut self, message: Message) -> Result<(), Gone> {
        self.codec.encode(message, &mut self.outgoing)?;
        self.write()
    }

    fn write(&mut self) -> Result<(), Gone> {
        while !self.outgoing.is_empty() {
            match self.io.try_write(&self.outgoing) {
                Ok(count) => self.outgoing.advance(count),
                Err(error) if error.kind() == ErrorKind::WouldBlock => return Ok(()),
                Err(error) => return Err(error.into()),
            }
        }
        self.outgoing = BytesMut::new();
        Ok(())
    }

    fn on_read(&mut self, count: usize) -> Result<(), Gone> {
        if count == 0 {
            // Without a goodbye.
            self.close(close::RULE_BROKEN)?;
            return Err(Gone);
        }
        self.decode()
    }

    fn decode(&mut self) -> Result<(), Gone> {
        let wrong = loop {
            match self.codec.decode(&mut self.incoming) {
                Ok(Some(frame)) => self.hear(frame)?,
                // Only a frame that is too long takes more than this.
                Ok(None) if self.incoming.len() > FRAME_HEAD + LARGEST => break Some(close::TOO_BIG),
                Ok(None) => break None,
                Err(ProtocolError::Overflow) => break Some(close::TOO_BIG),
                Err(_) => break Some(close::RULE_BROKEN),
            }
        };
        // What comes after that cannot be told apart.
        if wrong.is_some() || self.incoming.is_empty() {
            self.incoming = BytesMut::new();
        }
        wrong.map_or(Ok(()), |code| self.close(code))
    }

    fn hear(&mut self, frame: Frame) -> Result<(), Gone> {
        match frame {
            Frame::Ping(_) | Frame::Pong(_) if self.state == State::Closing => Ok(()),
            Frame::Ping(bytes) => self.say(Message::Pong(bytes)),
            Frame::Pong(_) => {
                if self.state == State::Pinged {
                    self.state = State::Open;
                    self.alarm = next_ping(self.alarm - PONG);
                }
                Ok(())
            }
            Frame::Close(_) => {
                if self.state != State::Closing {
                    self.say(Message::Close(None))?;
                }
                Err(Gone)
            }
            Frame::Text(_) | Frame::Binary(_) | Frame::Continuation(_) => self.close(close::RULE_BROKEN),
        }
    }
}

#[cfg(test)]
#[path = "waiting_socket_tests.rs"]
mod tests;
