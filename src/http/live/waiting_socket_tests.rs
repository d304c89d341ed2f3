//! The times of a waiting socket, and what a client that takes nothing costs.

use std::mem::size_of_val;

use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpListener;
use tokio::task::LocalSet;

use super::*;
use crate::actors::frame::StateFrame;
use crate::actors::registry::Watching;
use crate::actors::watcher::{WATCHER_QUEUE, Watcher, channel};
use crate::domain::clock::Millis;

/// The clock of frames, of which nothing is asked here.
struct Still;

impl Clock for Still {
    fn now(&self) -> Millis {
        Millis(0)
    }
}

const PING_FRAME: [u8; 2] = [0x89, 0];
const PONG_FRAME: [u8; 6] = [0x8a, 0x80, 0, 0, 0, 0];

fn frame(person: &str) -> Update {
    Update::Frame(Arc::new(StateFrame {
        seq: 1,
        state: "scanned",
        expires_at: Millis(0),
        person: Some(crate::actors::frame::Person { nickname: Some(person.into()), avatar_url: None }),
        match_number: None,
        reason: None,
        end: None,
    }))
}

/// Both ends of a connection, the client's reading no more than a little ahead.
async fn connection() -> (TcpStream, TcpStream) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let client = tokio::net::TcpSocket::new_v4().unwrap();
    client.set_recv_buffer_size(4_096).unwrap();
    let (client, server) = tokio::join!(client.connect(listener.local_addr().unwrap()), listener.accept());
    (client.unwrap(), server.unwrap().0)
}

fn waiting(life: Duration) -> (Watcher<StateFrame>, WaitingSocket) {
    let (watcher, updates) = channel();
    let watch = Watch { updates: Watching::without_actor(updates), place: SocketPlace::nowhere() };
    (watcher, WaitingSocket::new(Some(watch), Arc::new(Still), life))
}

/// Tells a story of a socket with this life to its client.
async fn story(life: Duration, tell: impl AsyncFnOnce(Watcher<StateFrame>, TcpStream)) {
    let (client, server) = connection().await;
    let (watcher, socket) = waiting(life);
    let local = LocalSet::new();
    let lives = local.spawn_local(socket.live(server, &[], &[]));
    local.run_until(tell(watcher, client)).await;
    local.run_until(lives).await.unwrap();
}

#[tokio::test]
async fn whoever_sends_no_pong_is_gone() {
    let begun = Instant::now();
    story(Duration::from_hours(1), async |_watcher, mut client| {
        let mut heard = Vec::new();
        client.read_to_end(&mut heard).await.unwrap();
        assert_eq!(heard, PING_FRAME);
        assert!(begun.elapsed() + BEAT >= PING + PONG, "{:?}", begun.elapsed());
    })
    .await;
}

#[tokio::test]
async fn whoever_sends_pongs_lives_as_long_as_it_may() {
    let begun = Instant::now();
    let life = PING * 2 + PONG;
    story(life, async |watcher, mut client| {
        for number in 1..=2 {
            let mut ping = [0; 2];
            client.read_exact(&mut ping).await.unwrap();
            assert_eq!(ping, PING_FRAME);
            assert!(begun.elapsed() + BEAT * number >= PING * number, "{:?}", begun.elapsed());
            client.write_all(&PONG_FRAME).await.unwrap();
        }
        let mut heard = Vec::new();
        client.read_to_end(&mut heard).await.unwrap();
        assert_eq!(heard, [&[0x88, 2][..], &close::UNKNOWN.to_be_bytes()].concat());
        assert!(begun.elapsed() >= life, "{:?}", begun.elapsed());
        assert!(watcher.is_closed());
    })
    .await;
}

#[tokio::test]
async fn whoever_takes_nothing_holds_a_bounded_queue_for_a_bounded_time() {
    story(Duration::from_hours(1), async |watcher, _client| {
        let long = "x".repeat(1 << 20);
        let mut told = 0;
        while watcher.push(frame(&long)) {
            told += 1;
            assert!(told < 100, "it takes whatever comes");
            // As much as the system takes for the client, the socket takes.
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
        assert!(told >= WATCHER_QUEUE, "{told}");
        // No pong comes of a ping that was not taken either.
        while !watcher.is_closed() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

#[tokio::test]
async fn pings_share_their_beats_and_are_never_late() {
    let mut asked = Instant::now();
    for _ in 0..50 {
        let next = next_ping(asked);
        assert!(next <= asked + PING && asked + PING < next + BEAT, "{:?}", next - asked);
        assert_eq!(next_ping(asked + Duration::from_nanos(1)), next, "whoever was asked a little later");
        assert_eq!(next_ping(next), next + PING, "and then each time");
        // A little behind a beat, wherever that is.
        asked = next + PING / 3 + Duration::from_micros(1);
    }
}

#[tokio::test]
async fn the_first_frame_leaves_with_the_answer_to_the_handshake() {
    let (mut client, server) = connection().await;
    let (watcher, socket) = waiting(Duration::from_hours(1));
    let local = LocalSet::new();
    let lives = local.spawn_local(socket.live(server, &[], b"answer"));
    assert!(watcher.push(frame("somebody")));
    let mut heard = [0; 1_024];
    let count = local.run_until(client.read(&mut heard)).await.unwrap();
    let heard = String::from_utf8_lossy(&heard[..count]);
    assert!(heard.starts_with("answer") && heard.ends_with('}'), "{heard}");
    drop(client);
    local.run_until(lives).await.unwrap();
}

#[tokio::test]
async fn an_actor_that_is_gone_without_a_word_is_told() {
    story(Duration::from_hours(1), async |watcher, mut client| {
        drop(watcher);
        let mut heard = Vec::new();
        client.read_to_end(&mut heard).await.unwrap();
        assert_eq!(heard, [&[0x88, 2][..], &close::INTERNAL.to_be_bytes()].concat());
    })
    .await;
}

#[tokio::test]
async fn a_waiting_socket_is_small() {
    let (_client, server) = connection().await;
    let (_watcher, socket) = waiting(Duration::from_hours(1));
    let size = size_of_val(&socket.live(server, &[], &[]));
    assert!(size <= 704, "{size}");
}
