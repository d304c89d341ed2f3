//! The socket of a waiting browser, byte by byte.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::Value;

use crate::support::wire::{Ask, Head, Wire, masked, state};
use crate::support::{Browser, Qr, TestServer};

async fn waiting(server: &TestServer) -> (Browser, Qr) {
    let pc = server.browser();
    let qr = pc.start_qr("suppliers").await;
    (pc, qr)
}

async fn watching(server: &TestServer) -> Wire {
    let (pc, qr) = waiting(server).await;
    Wire::watching(server, &Ask::watch(server, &pc, &qr.id)).await
}

/// What every answer has.
const DRESS: [&str; 6] = [
    "cross-origin-opener-policy",
    "date",
    "permissions-policy",
    "referrer-policy",
    "x-content-type-options",
    "x-request-id",
];

fn names(more: &[&'static str]) -> Vec<&'static str> {
    let mut names = [DRESS.as_slice(), more].concat();
    names.sort_unstable();
    names
}

async fn asked(server: &TestServer, ask: &Ask) -> (Wire, Head) {
    let mut wire = Wire::to(server).await;
    wire.say(&ask.bytes()).await;
    let head = wire.head().await;
    (wire, head)
}

#[actix_web::test]
async fn the_handshake_says_what_it_must_and_no_more() {
    let server = TestServer::start().await;
    let (pc, qr) = waiting(&server).await;
    let ask = Ask::watch(&server, &pc, &qr.id);
    let socket = ["connection", "sec-websocket-accept", "upgrade"];
    let (_, head) = asked(&server, &ask).await;
    assert_eq!(head.names(), names(&[&socket[..], &["sec-websocket-protocol"]].concat()));
    assert_eq!((head.status, head.header("sec-websocket-protocol")), (101, "menfang.qr.v1"));
    assert_eq!(head.header("sec-websocket-accept"), "s3pPLMBiTxaQ9kYGzzhZRbK+xOo=");
    assert_eq!((head.header("connection"), head.header("upgrade")), ("upgrade", "websocket"));
    // One of several, or none that we speak.
    let (_, head) = asked(&server, &ask.clone().with("sec-websocket-protocol", "a, menfang.qr.v1")).await;
    assert_eq!((head.status, head.header("sec-websocket-protocol")), (101, "menfang.qr.v1"));
    let (_, head) = asked(&server, &ask.with("sec-websocket-protocol", "menfang.inbox.v1")).await;
    assert_eq!((head.status, head.names()), (101, names(&socket)));
}

#[actix_web::test]
async fn a_refused_handshake_is_a_problem_like_any_other() {
    let server = TestServer::start_with(&[("http.sockets_per_address", "1")]).await;
    let (pc, qr) = waiting(&server).await;
    let ask = Ask::watch(&server, &pc, &qr.id);
    let _one = Wire::watching(&server, &ask).await;
    let (free, others) = waiting(&server).await;
    let free = Ask::watch(&server, &free, &others.id);
    let refusals = [
        (ask.clone().with("origin", "https://evil.example"), 403, "origin_not_allowed"),
        (ask.clone().without("origin"), 403, "origin_not_allowed"),
        (ask.clone().without("cookie"), 403, "not_this_browser"),
        (Ask::watch(&server, &pc, &others.id), 403, "not_this_browser"),
        (Ask::watch(&server, &pc, "nonsense"), 404, "not_found"),
        (ask.clone().with("host", "evil.example"), 421, "unknown_host"),
        (ask, 429, "too_many_requests"),
        (free.clone().without("sec-websocket-version"), 400, "bad_request"),
        (free.clone().with("sec-websocket-version", "5"), 400, "bad_request"),
        (free.clone().without("sec-websocket-key"), 400, "bad_request"),
        (free.with("connection", "keep-alive"), 400, "bad_request"),
    ];
    for (ask, status, code) in refusals {
        let (mut wire, head) = asked(&server, &ask).await;
        assert_eq!(head.status, status, "{code}");
        let mut more = vec!["connection", "content-length", "content-type"];
        if status == 429 {
            more.push("retry-after");
        }
        let name = |name: &&str| *name != "cache-control" && *name != "vary";
        let present: Vec<_> = head.names().into_iter().filter(name).collect();
        assert_eq!(present, names(&more), "{code}");
        assert_eq!(head.header("content-type"), "application/problem+json");
        // Whatever the client goes on to say is no request.
        assert_eq!(head.header("connection"), "close");
        let body: Value = serde_json::from_str(&wire.body(&head).await).unwrap();
        assert_eq!(body["code"], code);
        assert_eq!(body["request_id"], head.header("x-request-id"));
        wire.end().await;
    }
    // Nothing was begun for whoever was refused, and what was refused is counted.
    assert_eq!(server.running().live.live_sessions(), 1);
}

#[actix_web::test]
async fn a_request_that_asks_for_no_socket_is_refused_and_keeps_its_connection() {
    let server = TestServer::start().await;
    let (pc, qr) = waiting(&server).await;
    let ask = Ask::watch(&server, &pc, &qr.id);
    let plain = ask.clone().without("upgrade").without("connection");
    let (mut wire, head) = asked(&server, &plain).await;
    assert_eq!((head.status, head.header("connection")), (400, ""));
    wire.body(&head).await;
    // And then it does.
    wire.say(&ask.bytes()).await;
    assert_eq!(wire.head().await.status, 101);
    assert_eq!(state(&wire.frame().await.1), "waiting");
    // A body in pieces is no socket.
    let (mut wire, head) = asked(&server, &ask.with("transfer-encoding", "chunked")).await;
    assert_eq!(head.status, 400);
    wire.body(&head).await;
}

#[actix_web::test]
async fn requests_before_the_handshake_are_answered_first() {
    let server = TestServer::start().await;
    let (pc, qr) = waiting(&server).await;
    let ask = Ask::watch(&server, &pc, &qr.id);
    let page = ask.clone().without("upgrade").without("connection").to("GET /p/nowhere");
    let mut wire = Wire::to(&server).await;
    wire.say(&[page.bytes(), page.bytes(), ask.bytes()].concat()).await;
    for _ in 0..2 {
        let head = wire.head().await;
        assert_eq!(head.status, 404);
        wire.body(&head).await;
    }
    assert_eq!(wire.head().await.status, 101);
    assert_eq!(state(&wire.frame().await.1), "waiting");
}

#[actix_web::test]
async fn what_comes_along_with_the_handshake_is_heard() {
    let server = TestServer::start().await;
    let (pc, qr) = waiting(&server).await;
    let mut wire = Wire::to(&server).await;
    let ask = Ask::watch(&server, &pc, &qr.id);
    wire.say(&[ask.bytes(), masked(0x89, b"still there?")].concat()).await;
    assert_eq!(wire.head().await.status, 101);
    let mut frames = [wire.frame().await, wire.frame().await];
    frames.sort_unstable();
    assert_eq!((frames[0].0, state(&frames[0].1)), (0x81, "waiting".into()));
    assert_eq!(frames[1], (0x8a, b"still there?".to_vec()));
}

#[actix_web::test]
async fn what_asks_for_a_socket_elsewhere_is_answered_as_ever() {
    let server = TestServer::start().await;
    let (pc, _) = waiting(&server).await;
    let page = Ask::watch(&server, &pc, "x").to("GET /p/suppliers").with("accept", "text/html");
    let (mut wire, head) = asked(&server, &page).await;
    assert_eq!((head.status, head.header("connection")), (200, "close"));
    assert_eq!(head.header("content-type"), "text/html; charset=utf-8");
    assert!(wire.body(&head).await.contains("</html>"));
    wire.end().await;
    let head = asked(&server, &page.to("HEAD /p/suppliers")).await.1;
    assert_eq!(head.status, 200);
}

#[actix_web::test]
async fn pings_are_answered_however_they_come() {
    let server = TestServer::start().await;
    let mut wire = watching(&server).await;
    let ping = masked(0x89, &[7; 125]);
    for byte in &ping {
        wire.say(&[*byte]).await;
    }
    assert_eq!(wire.frame().await, (0x8a, vec![7; 125]));
    wire.say(&[ping.clone(), masked(0x89, b""), masked(0x8a, b"nobody asked")].concat()).await;
    assert_eq!(wire.frame().await, (0x8a, vec![7; 125]));
    assert_eq!(wire.frame().await, (0x8a, vec![]));
    // The next news finds its way between them.
    wire.say(&ping[..60]).await;
    server.advance(124);
    assert_eq!(state(&wire.frame().await.1), "expired");
    assert_eq!(wire.close_code().await, 4410);
}

#[actix_web::test]
async fn whoever_breaks_the_rules_is_closed() {
    let server = TestServer::start().await;
    let far = |length: u64| [&[0x82, 0xff][..], &length.to_be_bytes(), &[0; 4]].concat();
    let broken = [
        ("the first piece of a text", masked(0x01, b"a"), 1008),
        ("the first piece of bytes", masked(0x02, b"a"), 1008),
        ("a piece of nothing", masked(0x80, b"a"), 1008),
        ("an empty text", masked(0x81, b""), 1008),
        ("a text that is none", masked(0x81, &[0xff]), 1008),
        ("a frame without a mask", vec![0x89, 0], 1008),
        ("an unknown frame", masked(0x83, b""), 1008),
        ("a reserved bit", masked(0xc1, b""), 1008),
        ("a ping in pieces", masked(0x09, b""), 1008),
        ("a ping that is too long", masked(0x89, &[0; 126]), 1008),
        ("a goodbye of one byte", masked(0x88, b"a"), 1008),
        ("a frame with more than is possible", far(u64::MAX), 1009),
        ("a long frame, and a part of it", [far(1 << 40), vec![0; 5_000]].concat(), 1009),
    ];
    for (what, bytes, code) in broken {
        let mut wire = watching(&server).await;
        wire.say(&bytes).await;
        assert_eq!(wire.close_code().await, code, "{what}");
        wire.end().await;
    }
}

#[actix_web::test]
async fn a_goodbye_is_answered_and_frees_the_place() {
    let server = TestServer::start_with(&[("http.sockets_per_address", "1")]).await;
    let (pc, qr) = waiting(&server).await;
    let ask = Ask::watch(&server, &pc, &qr.id);
    let again = || async {
        let begun = Instant::now();
        while asked(&server, &ask).await.1.status != 101 {
            assert!(begun.elapsed() < Duration::from_secs(30), "the place stays taken");
        }
    };
    let mut polite = Wire::watching(&server, &ask).await;
    polite.say(&masked(0x88, &1000_u16.to_be_bytes())).await;
    assert_eq!(polite.frame().await, (0x88, vec![]));
    polite.end().await;
    again().await;

    let (pc, qr) = waiting(&server).await;
    let ask = Ask::watch(&server, &pc, &qr.id);
    let mut silent = Wire::watching(&server, &ask).await;
    silent.fall_silent().await;
    assert_eq!(silent.close_code().await, 1008);
    silent.end().await;

    let begun = Instant::now();
    let gone = loop {
        let mut wire = Wire::to(&server).await;
        wire.say(&ask.bytes()).await;
        if wire.head().await.status == 101 {
            break wire;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "the place stays taken");
    };
    gone.reset();
    loop {
        if asked(&server, &ask).await.1.status == 101 {
            break;
        }
        assert!(begun.elapsed() < Duration::from_secs(30), "the place stays taken");
    }
}

#[actix_web::test]
async fn nobody_holds_up_a_stop() {
    let mut server = TestServer::start().await;
    let mut wires = Vec::new();
    for _ in 0..5 {
        wires.push(watching(&server).await);
    }
    let begun = Instant::now();
    server.stop().await;
    // Clients that say no goodbye are waited for half a second, and not for as long as requests are.
    assert!(begun.elapsed() < Duration::from_secs(5), "{:?}", begun.elapsed());
    for mut wire in wires {
        assert_eq!(wire.close_code().await, 1012);
        wire.end().await;
    }
}

#[actix_web::test]
async fn requests_and_refusals_are_counted() {
    let server = TestServer::start().await;
    let (pc, qr) = waiting(&server).await;
    let count = |status: u16| {
        let ops = server.running().ops_address;
        let http = server.http.clone();
        async move {
            let text = http.request(Method::GET, format!("http://{ops}/metrics")).send().await.unwrap();
            let text = text.text().await.unwrap();
            let line = format!(
                "menfang_http_requests_total{{route=\"/qr/{{id}}/ws\",method=\"GET\",status=\"{status}\"}} "
            );
            text.lines().find_map(|found| found.strip_prefix(&line)?.parse::<u64>().ok()).unwrap_or(0)
        }
    };
    // Other stories in this process count, too.
    let before = (count(101).await, count(403).await);
    let ask = Ask::watch(&server, &pc, &qr.id);
    let _open = Wire::watching(&server, &ask).await;
    asked(&server, &ask.without("cookie")).await;
    assert!(count(101).await > before.0);
    assert!(count(403).await > before.1);
}
