//! Deliveries to a small HTTP server that answers what the test says and tells what it was sent.

use std::{collections::HashMap, time::Duration};

use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

use super::*;
use crate::{
    callback::{Event, Outbox, Pace},
    crypto::{message_signature, url_signature},
    state::{Account, Mode},
};

const PACE: Pace = Pace { deadline: Duration::from_secs(1), pause: Duration::ZERO };

struct Received {
    head: String,
    query: HashMap<String, String>,
    body: String,
}

/// One answer per delivery; `None` answers nothing at all.
async fn callback(answers: Vec<Option<&'static str>>) -> (String, mpsc::Receiver<Received>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}/events?own=1", listener.local_addr().expect("an address"));
    let (sender, receiver) = mpsc::channel(16);
    tokio::spawn(async move {
        for answer in answers {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            sender.send(read(&mut stream).await).await.expect("the test listens");
            match answer {
                Some(answer) => stream.write_all(answer.as_bytes()).await.expect("answers"),
                // Held open until the other side gives up.
                None => drop(stream.read(&mut [0; 1]).await),
            }
        }
    });
    (url, receiver)
}

async fn read(stream: &mut TcpStream) -> Received {
    let mut bytes = Vec::new();
    loop {
        let text = String::from_utf8_lossy(&bytes).into_owned();
        if let Some((head, body)) = text.split_once("\r\n\r\n") {
            let length = head
                .lines()
                .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
            if body.len() >= length.unwrap_or(0) {
                let target = head.split(' ').nth(1).expect("a request line");
                let url = reqwest::Url::parse(&format!("http://h{target}")).expect("a URL");
                let query = url.query_pairs().into_owned().collect();
                return Received { head: head.to_owned(), query, body: body.to_owned() };
            }
        }
        let mut chunk = [0; 4096];
        let count = stream.read(&mut chunk).await.expect("reads");
        assert_ne!(count, 0, "the request ended early");
        bytes.extend_from_slice(&chunk[..count]);
    }
}

fn account(mode: Mode, callback_url: String) -> Account {
    Account {
        appid: "wx0123456789abcdef".to_owned(),
        original_id: "gh_portal0000001".to_owned(),
        token: "portalToken2026".to_owned(),
        encoding_aes_key: "Q7wKp2Zt9XbLm4VnR8sYd1HcJf6GuEa3TqWoPi5NzAv".to_owned(),
        mode,
        callback_url: Some(callback_url),
        ..Account::default()
    }
}

async fn push(account: &Account) -> Delivered {
    let (outbox, _) = Outbox::start(PACE).expect("an outbox");
    let event = Event::Subscribe { by: None };
    outbox.push(account, "oPerson".to_owned(), &event, 1_767_225_700_000).await.expect("a callback")
}

const OK: &str = "HTTP/1.1 200 OK\r\nContent-Length: 7\r\nConnection: close\r\n\r\nsuccess";
const CREATED: &str = "HTTP/1.1 201 Created\r\nContent-Length: 0\r\nConnection: close\r\n\r\n";
const CHATTY: &str = "HTTP/1.1 200 OK\r\nContent-Length: 2\r\nConnection: close\r\n\r\nok";

#[tokio::test]
async fn a_push_in_clear_is_signed_over_the_url() {
    let (url, mut received) = callback(vec![Some(OK)]).await;
    let outcome = push(&account(Mode::Plain, url)).await;
    assert_eq!(outcome, Delivered { delivered: true, status: Some(200) });
    let Received { head, query, body } = received.recv().await.expect("a delivery");
    assert!(head.starts_with("POST /events?own=1&signature="), "{head}");
    assert!(head.to_lowercase().contains("user-agent: mozilla/4.0"), "{head}");
    assert_eq!(query["openid"], "oPerson");
    assert_eq!(query["signature"], url_signature("portalToken2026", &query["timestamp"], &query["nonce"]));
    assert!(!query.contains_key("msg_signature") && !query.contains_key("encrypt_type"));
    assert!(body.starts_with("<xml><ToUserName><![CDATA[gh_portal0000001]]>"), "{body}");
    assert!(body.ends_with("<Event><![CDATA[subscribe]]></Event></xml>"), "{body}");
}

#[tokio::test]
async fn safe_and_compatible_pushes_open_to_the_event_in_clear() {
    for mode in [Mode::Safe, Mode::Compatible] {
        let (url, mut received) = callback(vec![Some(OK)]).await;
        let account = account(mode, url);
        push(&account).await;
        let Received { query, body, .. } = received.recv().await.expect("a delivery");
        let (_, rest) = body.split_once("<Encrypt><![CDATA[").expect("an envelope");
        let (envelope, _) = rest.split_once("]]>").expect("its end");
        assert_eq!(query["encrypt_type"], "aes");
        assert_eq!(
            query["msg_signature"],
            message_signature("portalToken2026", &query["timestamp"], &query["nonce"], envelope)
        );
        let clear = account.encoding_key().expect("a key").open(envelope, &account.appid).expect("opens");
        assert!(clear.contains("<FromUserName><![CDATA[oPerson]]>"), "{clear}");
        assert_eq!(body.contains("<FromUserName>"), mode == Mode::Compatible, "{body}");
    }
}

#[tokio::test]
async fn what_is_not_taken_comes_four_times_with_one_body_and_fresh_nonces() {
    let (url, mut received) = callback(vec![Some(CREATED), Some(CHATTY), Some(CREATED), Some(CHATTY)]).await;
    let outcome = push(&account(Mode::Safe, url)).await;
    assert_eq!(outcome, Delivered { delivered: false, status: Some(201) }, "the first one's outcome");
    let mut deliveries = Vec::new();
    while let Some(delivery) = received.recv().await {
        deliveries.push(delivery);
    }
    assert_eq!(deliveries.len(), 4, "and the channel closed because the server wants no more");
    assert!(deliveries.iter().all(|delivery| delivery.body == deliveries[0].body));
    let mut nonces: Vec<_> = deliveries.iter().map(|delivery| &delivery.query["nonce"]).collect();
    nonces.sort();
    nonces.dedup();
    assert_eq!(nonces.len(), 4);
}

#[tokio::test]
async fn four_deliveries_are_all() {
    let (url, mut received) = callback(vec![Some(CREATED); 5]).await;
    let (first, outcome) = oneshot::channel();
    let event = Event::Unsubscribe;
    let push = Push::new(&account(Mode::Plain, url), "oPerson".to_owned(), &event, 1).expect("a push");
    deliver(&Client::builder().build().expect("a client"), PACE, &push, first).await;
    assert_eq!(outcome.await.expect("told").status, Some(201));
    let mut count = 0;
    while received.try_recv().is_ok() {
        count += 1;
    }
    assert_eq!(count, 4);
}

#[tokio::test]
async fn a_push_is_repeated_until_it_is_taken() {
    let (url, mut received) = callback(vec![None, Some(OK), Some(OK)]).await;
    let (first, outcome) = oneshot::channel();
    let push =
        Push::new(&account(Mode::Plain, url), "oPerson".to_owned(), &Event::Unsubscribe, 1).expect("a push");
    let client = Client::builder().timeout(PACE.deadline).build().expect("a client");
    deliver(&client, PACE, &push, first).await;
    assert_eq!(outcome.await.expect("told"), Delivered::NO, "the first one timed out");
    assert!(received.try_recv().is_ok() && received.try_recv().is_ok());
    assert!(received.try_recv().is_err(), "the second one was taken");
}
