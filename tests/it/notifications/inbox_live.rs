//! The inbox live: pushed over WebSockets to its owner, as long as the login by which it is watched.

use std::time::Duration;

use futures_util::FutureExt;
use menfang::actors::inbox::{InboxFrame, Update};
use menfang::actors::watcher::Updates;
use menfang::domain::ids::{AccountId, AccountLoginId};
use menfang::domain::notification::{Audience, Channel};
use serde_json::{Value, json};
use tokio_tungstenite::tungstenite::Message;

use crate::accounts::{another_organization, invite, member, own, token};
use crate::support::{Browser, PASSWORD, Registrant, Socket, TestServer};

const PATIENCE: Duration = Duration::from_secs(30);

fn to(id: &str) -> Audience {
    Audience::Users(vec![id.to_owned()])
}

async fn tell(server: &TestServer, id: &str, text: &str) {
    server.tell("suppliers", Channel::StationMessage, to(id), &json!({"text": text})).await;
}

fn unread(frame: &Value) -> u64 {
    frame["unread"].as_u64().unwrap()
}

async fn try_watch(pc: &Browser, server: &TestServer, origin: &str) -> Result<Socket, u16> {
    let cookies = pc.web.cookies(&server.url.parse().unwrap());
    let mut headers = vec![("cookie", cookies.as_str()), ("x-forwarded-for", pc.web.address())];
    if !origin.is_empty() {
        headers.push(("origin", origin));
    }
    Socket::open_by(&server.at("/api/v1/accounts/me/inbox/ws"), "menfang.inbox.v1", &headers).await
}

#[actix_web::test]
async fn what_somebody_is_told_is_pushed_to_them_and_to_nobody_else() {
    let server = TestServer::start().await;
    let (person, id) = member(&server, &own(&server), "Li Lei").await;
    let (other, other_id) = member(&server, &own(&server), "Han Meimei").await;
    tell(&server, &id, "before").await;
    let (mut phone, mut theirs) = (person.watch_inbox().await, other.watch_inbox().await);
    let first = phone.frame("inbox").await;
    assert_eq!((unread(&first), &first["items"][0]["data"]["text"]), (1, &json!("before")));
    let listed = person.get("/accounts/me/inbox").await.expect(200).json();
    assert_eq!(first["items"], listed["items"]);
    assert_eq!(theirs.frame("inbox").await["items"], json!([]));

    tell(&server, &id, "now").await;
    let second = phone.frame("inbox").await;
    assert!(second["seq"].as_i64() > first["seq"].as_i64());
    assert_eq!((unread(&second), &second["items"][0]["data"]["text"]), (2, &json!("now")));
    // The next thing that the other one hears is their own.
    tell(&server, &other_id, "theirs").await;
    let frame = theirs.frame("inbox").await;
    assert_eq!((unread(&frame), &frame["items"][0]["data"]["text"]), (1, &json!("theirs")));

    // Read on one, read on the other.
    let pc = person.browse(&server).await;
    let mut browser = try_watch(&pc, &server, &server.url).await.unwrap();
    assert_eq!(browser.frame("inbox").await["items"], second["items"]);
    let newest = second["items"][0]["id"].as_str().unwrap();
    person.post(&format!("/accounts/me/inbox/{newest}/read"), json!({})).await.expect(200);
    let (on_phone, in_browser) = (phone.frame("inbox").await, browser.frame("inbox").await);
    assert_eq!(on_phone, in_browser);
    assert_eq!((unread(&on_phone), on_phone["items"][0]["read_at"].is_string()), (1, true));
    // What changes nothing is told to nobody: the next frame is that of read-all.
    person.post(&format!("/accounts/me/inbox/{newest}/read"), json!({})).await.expect(200);
    person.post("/accounts/me/inbox/read-all", json!({})).await.expect(200);
    assert_eq!(unread(&phone.frame("inbox").await), 0);
    assert_eq!(server.running().inboxes.live_inboxes(), 2);
}

#[actix_web::test]
async fn a_frame_holds_the_newest_twenty() {
    let server = TestServer::start().await;
    let (person, id) = member(&server, &own(&server), "Li Lei").await;
    for number in 0..22 {
        server.advance(1);
        tell(&server, &id, &number.to_string()).await;
    }
    let frame = person.watch_inbox().await.frame("inbox").await;
    let texts: Vec<_> = frame["items"].as_array().unwrap().iter().map(|item| &item["data"]["text"]).collect();
    assert_eq!((texts.len(), texts[0], texts[19], unread(&frame)), (20, &json!("21"), &json!("2"), 22));
}

#[actix_web::test]
async fn nobody_watches_without_a_login_or_from_a_foreign_page() {
    let server = TestServer::start().await;
    let (person, _) = member(&server, &own(&server), "Li Lei").await;
    let pc = person.browse(&server).await;
    for origin in ["", "https://evil.example", "null"] {
        assert_eq!(try_watch(&pc, &server, origin).await.unwrap_err(), 403, "{origin}");
        assert_eq!(try_watch(&server.browser(), &server, origin).await.unwrap_err(), 401, "{origin}");
    }
    assert_eq!(try_watch(&server.browser(), &server, &server.url).await.unwrap_err(), 401);
    let place = server.at("/api/v1/accounts/me/inbox/ws");
    let key = format!("Bearer {}", server.api_key);
    let refused = Socket::open_by(&place, "menfang.inbox.v1", &[("authorization", &key)]).await;
    assert_eq!(refused.unwrap_err(), 401);
    person.get("/accounts/me/inbox/ws").await.expect_problem(400, "bad_request");
    assert_eq!(server.running().inboxes.live_inboxes(), 0);
    // And whoever may watch may say nothing.
    let mut socket = try_watch(&pc, &server, &server.url).await.unwrap();
    socket.frame("inbox").await;
    socket.say(Message::text("hello")).await;
    socket.expect_close(1008).await;
    let mut socket = person.watch_inbox().await;
    socket.frame("inbox").await;
    socket.say(Message::text("x".repeat(5_000))).await;
    socket.expect_close(1009).await;
}

#[actix_web::test]
async fn the_end_of_a_login_ends_what_it_watches_and_nothing_else() {
    let server = TestServer::start().await;
    let (person, id) = member(&server, &own(&server), "Li Lei").await;
    let other = Registrant::with_number(&server, "Li Lei", &person.number);
    other.sign_in().await;
    let (mut ended, mut stays) = (person.watch_inbox().await, other.watch_inbox().await);
    ended.frame("inbox").await;
    stays.frame("inbox").await;
    person.post("/accounts/sign-out", json!({})).await.expect(204);
    ended.expect_close(4401).await;
    tell(&server, &id, "still here").await;
    assert_eq!(unread(&stays.frame("inbox").await), 1);
    // Watching is no use of a login: it ends by itself as any other does.
    server.advance(31 * 60);
    stays.expect_close(4401).await;
    // The eleventh login ends the first.
    person.sign_in().await;
    let mut oldest = person.watch_inbox().await;
    oldest.frame("inbox").await;
    for _ in 0..10 {
        server.advance(1);
        other.try_sign_in(PASSWORD).await.expect(200);
    }
    oldest.expect_close(4401).await;
}

#[actix_web::test]
async fn whoever_leaves_an_organization_is_sent_to_look_anew() {
    let server = TestServer::start().await;
    let (person, id) = member(&server, &own(&server), "Li Lei").await;
    let other = another_organization(&server, "Other Ltd", "standard").await;
    let invited = invite(&other, "collaborators", &person.number).await;
    tell(&server, &id, "theirs").await;
    let mut socket = person.watch_inbox().await;
    assert_eq!(unread(&socket.frame("inbox").await), 1);
    // To belong to more changes nothing that is shown.
    let accepted = json!({"invitation": token(&invited)});
    person.post("/accounts/me/invitations", accepted).await.expect(201);
    let member = format!("{}/members/{id}", server.org());
    server.own_backend().patch(&member, json!({"status": "disabled"})).await.expect(200);
    socket.expect_close(4401).await;
    let mut socket = person.watch_inbox().await;
    assert_eq!(unread(&socket.frame("inbox").await), 0);
    server.own_backend().patch(&member, json!({"status": "active"})).await.expect(200);
    assert_eq!(unread(&socket.frame("inbox").await), 1);
    server.own_backend().delete(&member).await.expect(204);
    socket.expect_close(4401).await;
}

#[actix_web::test]
async fn an_account_has_ten_sockets_and_a_restart_says_so_to_all() {
    let mut server = TestServer::start().await;
    let (person, id) = member(&server, &own(&server), "Li Lei").await;
    tell(&server, &id, "kept").await;
    let mut sockets = Vec::new();
    for _ in 0..10 {
        let mut socket = person.watch_inbox().await;
        socket.frame("inbox").await;
        sockets.push(socket);
    }
    person.watch_inbox().await.expect_close(1013).await;
    let stop = server.stop();
    let goodbyes = async {
        for socket in &mut sockets {
            socket.expect_close(1012).await;
        }
    };
    tokio::join!(stop, goodbyes);
    server.start_again().await;
    assert_eq!(unread(&person.watch_inbox().await.frame("inbox").await), 1);
}

/// The next frame of a watcher.
async fn next(updates: &mut Updates<InboxFrame>) -> InboxFrame {
    match tokio::time::timeout(PATIENCE, updates.recv()).await.expect("nothing came") {
        Some(Update::Frame(frame)) => InboxFrame::clone(&frame),
        other => panic!("a frame was expected, not {other:?}"),
    }
}

/// Somebody who is signed in, as the actor knows them.
async fn ids_of(person: &Registrant) -> (AccountId, AccountLoginId) {
    let me = person.get("/accounts/me").await.expect(200).json();
    let logins = person.get("/accounts/me/logins").await.expect(200).json();
    let id = |value: &Value| value.as_str().unwrap().to_owned();
    (id(&me["id"]).parse().unwrap(), id(&logins["items"][0]["id"]).parse().unwrap())
}

#[actix_web::test]
async fn a_watcher_gets_the_present_and_then_only_what_is_new() {
    let server = TestServer::start().await;
    let (person, id) = member(&server, &own(&server), "Li Lei").await;
    let (account, login) = ids_of(&person).await;
    let inboxes = &server.running().inboxes;
    let mut first = inboxes.watch(account, login).unwrap();
    let present = next(&mut first).await;
    // Looks without news are told to nobody; a second watcher gets the same frame.
    inboxes.look([account, account]);
    let mut second = inboxes.watch(account, login).unwrap();
    assert_eq!(next(&mut second).await, present);
    tell(&server, &id, "news").await;
    inboxes.look([account]);
    let (a, b) = (next(&mut first).await, next(&mut second).await);
    assert_eq!((&a, a.unread), (&b, 1));
    assert!(a.seq > present.seq);
    assert!(first.recv().now_or_never().is_none() && second.recv().now_or_never().is_none());
    // The last one who leaves takes the actor along.
    drop((first, second));
    inboxes.look([account]);
    let gone = async {
        while inboxes.live_inboxes() > 0 {
            tokio::task::yield_now().await;
        }
    };
    tokio::time::timeout(PATIENCE, gone).await.expect("the actor stays");
    assert_eq!(next(&mut inboxes.watch(account, login).unwrap()).await.items, a.items);
}

#[actix_web::test]
async fn a_watcher_that_does_not_keep_up_is_closed_and_an_ended_login_sees_nothing() {
    let server = TestServer::start().await;
    let (person, id) = member(&server, &own(&server), "Li Lei").await;
    let (account, login) = ids_of(&person).await;
    let inboxes = &server.running().inboxes;
    let (mut slow, mut quick) =
        (inboxes.watch(account, login).unwrap(), inboxes.watch(account, login).unwrap());
    next(&mut quick).await;
    for number in 1..=9 {
        tell(&server, &id, "more").await;
        inboxes.look([account]);
        while next(&mut quick).await.unread < number {}
    }
    let mut end = None;
    while let Some(update) = slow.recv().await {
        if let Update::Close(code) = update {
            end = Some(code);
        }
    }
    assert_eq!(end, Some(4408));
    // Another account's login is none of this one's.
    let (other, _) = member(&server, &own(&server), "Han Meimei").await;
    let (_, strange) = ids_of(&other).await;
    let mut refused = inboxes.watch(account, strange).unwrap();
    let update = tokio::time::timeout(PATIENCE, refused.recv()).await.unwrap();
    assert!(matches!(update, Some(Update::Close(4401))), "{update:?}");
}
