//! Work that is offered at a steady rate, whether the last piece is done or not.

use std::cell::RefCell;
use std::rc::Rc;
use std::time::{Duration, Instant};

use futures_util::future::try_join_all;
use tokio::io::{AsyncReadExt, AsyncWriteExt};

use crate::measure::cost::share;

use super::http::Client;
use super::socket::Socket;

/// Connections that phones share.
const CONNECTIONS: usize = 64;
/// Bytes there and back of a bare round trip, about those of a confirmation.
const MESSAGE: usize = 512;
/// So much of the offered rate has to be reached for its times to mean anything.
const REACHED: f64 = 0.9;

/// A request that is ready, and the socket at which it is seen.
pub(crate) struct Push<'a> {
    pub(crate) request: Vec<u8>,
    pub(crate) socket: &'a mut Socket,
}

/// The server has more to do than it can.
#[derive(Debug, thiserror::Error)]
#[error("the server is busy")]
struct Busy;

/// How long pieces of work took, in microseconds.
#[derive(Debug)]
pub(crate) struct Took {
    pub(crate) p50: f64,
    pub(crate) p99: f64,
}

impl Took {
    fn of(times: &[Duration]) -> Self {
        let times: Vec<f64> = times.iter().map(|time| time.as_secs_f64() * 1e6).collect();
        Self { p50: share(&times, 50), p99: share(&times, 99) }
    }
}

/// Offers pushes at a rate; nothing when the rate is not reached.
pub(crate) async fn push<'a>(
    to: std::net::SocketAddr,
    pushes: Vec<Push<'a>>,
    per_second: f64,
) -> anyhow::Result<Option<Took>> {
    let idle = Rc::new(RefCell::new(Vec::new()));
    for _ in 0..CONNECTIONS.min(pushes.len()) {
        let mut client = Client::new(to);
        client.connect().await?;
        idle.borrow_mut().push(client);
    }
    let (begun, many) = (Instant::now(), pushes.len());
    let one = |(number, push): (usize, Push<'a>)| {
        let idle = Rc::clone(&idle);
        async move {
            due(begun, number, per_second).await;
            // More at once than there are connections: it has fallen far behind, and the rate will tell.
            let client = idle.borrow_mut().pop();
            let mut client = client.unwrap_or_else(|| Client::new(to));
            let sent = Instant::now();
            let answered = async {
                let answer = client.ask(&push.request).await?;
                anyhow::ensure!(answer.status != 503, Busy);
                anyhow::ensure!((200..300).contains(&answer.status), "{}: {}", answer.status, answer.body);
                Ok(())
            };
            let ((), heard) = tokio::try_join!(answered, push.socket.until("\"authorized\""))?;
            idle.borrow_mut().push(client);
            anyhow::Ok(heard.at.duration_since(sent))
        }
    };
    let times = match try_join_all(pushes.into_iter().enumerate().map(one)).await {
        Err(error) if error.is::<Busy>() => return Ok(None),
        times => times?,
    };
    Ok(reached(begun, many, per_second).then(|| Took::of(&times)))
}

/// Offers bare round trips at a rate.
pub(crate) async fn round_trips(
    to: std::net::SocketAddr,
    many: usize,
    per_second: f64,
) -> anyhow::Result<Took> {
    let idle = Rc::new(RefCell::new(Vec::new()));
    for _ in 0..CONNECTIONS {
        let stream = super::http::connect(to).await?;
        idle.borrow_mut().push(stream);
    }
    let begun = Instant::now();
    let one = |number: usize| {
        let idle = Rc::clone(&idle);
        async move {
            due(begun, number, per_second).await;
            let stream = idle.borrow_mut().pop();
            let mut stream = match stream {
                Some(stream) => stream,
                None => super::http::connect(to).await?,
            };
            let (mut message, sent) = ([7; MESSAGE], Instant::now());
            stream.write_all(&message).await?;
            stream.read_exact(&mut message).await?;
            let took = sent.elapsed();
            idle.borrow_mut().push(stream);
            anyhow::Ok(took)
        }
    };
    Ok(Took::of(&try_join_all((0..many).map(one)).await?))
}

/// Offers pieces of work at a rate, one after the other.
pub(crate) async fn in_turn(
    many: usize,
    per_second: f64,
    mut work: impl AsyncFnMut() -> anyhow::Result<()>,
) -> anyhow::Result<Took> {
    let (begun, mut times) = (Instant::now(), Vec::new());
    for number in 0..many {
        due(begun, number, per_second).await;
        let sent = Instant::now();
        work().await?;
        times.push(sent.elapsed());
    }
    Ok(Took::of(&times))
}

async fn due(begun: Instant, number: usize, per_second: f64) {
    let at = begun + Duration::from_secs_f64(crate::waiting::count(number) / per_second);
    tokio::time::sleep_until(at.into()).await;
}

fn reached(begun: Instant, many: usize, per_second: f64) -> bool {
    crate::waiting::count(many) / begun.elapsed().as_secs_f64() > REACHED * per_second
}
