//! Waiting: three transports, one truth, and no writing.

use std::time::Duration;

use serde_json::Value;

use menfang::actors::qr_session::Update;
use menfang::bus::SessionNews;
use menfang::domain::qr_ticket::{QrRef, Waiting};

use super::first_time::sign_in_new;
use crate::support::TestServer;

/// Reads an event stream up to the first frame of a state; gives all frames with their ids.
async fn events_until(mut stream: reqwest::Response, state: &str) -> Vec<(u64, Value)> {
    let (mut text, mut frames) = (String::new(), Vec::new());
    loop {
        let chunk =
            tokio::time::timeout(Duration::from_secs(30), stream.chunk()).await.expect("nothing came");
        text.push_str(std::str::from_utf8(&chunk.unwrap().expect("the stream ended")).unwrap());
        while let Some((event, rest)) = text.split_once("\n\n") {
            if let Some((id, data)) = event.split_once('\n') {
                let id = id.strip_prefix("id: ").unwrap().parse().unwrap();
                frames.push((id, serde_json::from_str(data.strip_prefix("data: ").unwrap()).unwrap()));
            }
            text = rest.to_owned();
        }
        if frames.last().is_some_and(|(_, frame): &(u64, Value)| frame["state"] == state) {
            return frames;
        }
    }
}

#[actix_web::test]
async fn all_transports_tell_the_same() {
    let server = TestServer::start().await;
    let (pc, phone) = (server.browser(), server.person("Alice").await);
    let qr = pc.start_qr("suppliers").await;
    let events = pc.at(qr.body["live"]["events"].as_str().unwrap());
    let stream = pc.web.request(reqwest::Method::GET, &events).send().await.unwrap();
    assert_eq!(stream.headers()["content-type"], "text/event-stream");
    let mut socket = pc.watch(&qr).await;
    let waiting = socket.expect("waiting").await;
    let polled = pc.poll(&qr, "").await.expect(200).json();
    assert_eq!(polled, waiting);

    let next = format!("?wait=25&after={}", waiting["seq"]);
    let (polled, _) = tokio::join!(pc.poll(&qr, &next), phone.scan_qr("suppliers", &qr));
    let scanned = socket.expect("scanned").await;
    assert_eq!(polled.expect(200).json(), scanned);
    let frames = events_until(stream, "scanned").await;
    assert!(frames.iter().all(|(id, frame)| frame["seq"] == *id));
    assert_eq!(frames.last().unwrap().1, scanned);

    // Who has seen it all hears only what is newer.
    let seen = scanned["seq"].as_u64().unwrap();
    let resumed = pc.web.request(reqwest::Method::GET, &events).header("last-event-id", seen);
    let resumed = resumed.send().await.unwrap();
    phone.ask_code("suppliers").await.expect(202);
    let frames = events_until(resumed, "verifying").await;
    assert!(frames.iter().all(|(id, _)| *id > seen), "{frames:?}");
    assert_eq!(frames.last().unwrap().1, socket.expect("verifying").await);
    // No wait and nothing newer: the present frame at once.
    let at_once = pc.poll(&qr, "?wait=0&after=99").await.expect(200).json();
    assert_eq!(at_once["state"], "verifying");
}

#[actix_web::test]
async fn waiting_browsers_write_nothing() {
    let server = TestServer::start().await;
    let (rows, units) = (server.rows().await, server.running().store.committed_units());
    let mut sockets = Vec::new();
    for _ in 0..20 {
        let pc = server.browser();
        let qr = pc.start_qr("suppliers").await;
        let mut socket = pc.watch(&qr).await;
        socket.expect("waiting").await;
        sockets.push(socket);
    }
    assert_eq!(server.running().live.live_sessions(), 20);
    server.advance(124);
    for socket in &mut sockets {
        socket.expect("expired").await;
        socket.expect_close(4410).await;
    }
    assert_eq!(server.running().store.committed_units(), units);
    assert_eq!(server.rows().await, rows);
}

#[actix_web::test]
async fn a_session_ends_with_its_last_watcher() {
    let server = TestServer::start().await;
    let (live, app) = (&server.running().live, server.portal("suppliers").await.app);
    let waiting = Waiting { r: QrRef([7; 16]), issued_at: server.now(), app };
    let (mut first, mut second) = (live.watch(waiting).unwrap(), live.watch(waiting).unwrap());
    for updates in [&mut first, &mut second] {
        assert!(matches!(updates.recv().await, Some(Update::Frame(frame)) if frame.state == "waiting"));
    }
    // The session lives on this thread, and has its turn when this gives it up.
    drop(first);
    tokio::task::yield_now().await;
    assert_eq!(live.live_sessions(), 1);
    drop(second);
    assert_eq!(live.live_sessions(), 0);
    // Who comes before the one that is left without watchers has had its turn gets another one.
    let mut third = live.watch(waiting).unwrap();
    assert!(matches!(third.recv().await, Some(Update::Frame(frame)) if frame.state == "waiting"));
    assert_eq!(live.live_sessions(), 1);
}

#[actix_web::test]
async fn a_session_that_another_node_has_written_is_read_and_shown() {
    let server = TestServer::start().await;
    let (pc, phone) = (server.browser(), server.person("Alice").await);
    let qr = pc.start_qr("suppliers").await;
    let mut socket = pc.watch(&qr).await;
    socket.expect("waiting").await;
    phone.scan_qr("suppliers", &qr).await;
    socket.expect("scanned").await;
    // Behind the back of the change feed, which would tell it, too.
    let rows = server.database().await;
    assert_eq!(rows.write("UPDATE qr_sessions SET state = 'denied', seq = seq + 1").await, 1);
    let row = &rows.ask("SELECT r, seq FROM qr_sessions").await[0];
    let r = QrRef::from_hex(&row.try_get::<String>("", "r").unwrap()).unwrap();
    let seq = u32::try_from(row.try_get::<i32>("", "seq").unwrap()).unwrap();
    server.running().live.tell(SessionNews::Elsewhere { r, seq });
    socket.expect("denied").await;
}

/// The fewest statements of some tries: what runs behind, like the feed's look each second, falls into some of them.
async fn fewest(server: &TestServer, mut attempt: impl AsyncFnMut()) -> u64 {
    let mut fewest = u64::MAX;
    for _ in 0..5 {
        let before = server.running().store.statements();
        attempt().await;
        fewest = fewest.min(server.running().store.statements() - before);
    }
    fewest
}

#[actix_web::test]
async fn a_code_that_is_shown_asks_the_database_nothing() {
    let server = TestServer::start().await;
    // A node is sure of what it has not heard of some seconds after its start.
    server.advance(10);
    let asked = fewest(&server, async || {
        let pc = server.browser();
        let qr = pc.start_qr("suppliers").await;
        pc.watch(&qr).await.expect("waiting").await;
    });
    assert!(asked.await <= 1, "its portal, if that was not asked for just before");
}

#[actix_web::test]
async fn a_sign_in_takes_few_statements() {
    let server = TestServer::start_with(&[("limits.qr_live_per_browser", "100")]).await;
    let phone = server.person("Alice").await;
    let pc = sign_in_new(&server, &phone, "suppliers").await;
    server.advance(10);
    let asked = fewest(&server, async || {
        let qr = pc.start_qr("suppliers").await;
        let mut socket = pc.watch(&qr).await;
        phone.scan_qr("suppliers", &qr).await;
        phone.approve("suppliers", None).await.expect(200);
        socket.expect("waiting").await;
        socket.expect("scanned").await;
        socket.expect("authorized").await;
        pc.claim(&qr).await.expect(200);
    });
    let asked = asked.await;
    assert!(asked <= 34, "{asked} statements");
}
