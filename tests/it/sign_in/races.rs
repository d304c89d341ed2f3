//! Two at once, and many at once.

use futures_util::future::join_all;

use super::first_time::{sign_in_new, socket_until_authorized};
use crate::support::TestServer;

#[actix_web::test]
async fn of_two_phones_that_scan_one_code_at_once_one_gets_it() {
    let server = TestServer::start().await;
    let (alice, bob) = (server.person("Alice").await, server.person("Bob").await);
    for _ in 0..5 {
        let pc = server.browser();
        let qr = pc.start_qr("suppliers").await;
        let (a, b) = (alice.authorize(&qr.scan_url).await, bob.authorize(&qr.scan_url).await);
        let (a, b) = tokio::join!(alice.web.get(&a), bob.web.get(&b));
        let mut statuses = [a.status, b.status];
        statuses.sort_unstable();
        assert_eq!(statuses, [303, 409]);
    }
}

#[actix_web::test]
async fn of_a_hundred_claims_at_once_one_counts() {
    let server = TestServer::start().await;
    let phone = server.person("Alice").await;
    let pc = server.browser();
    let qr = pc.start_qr("suppliers").await;
    let mut socket = pc.watch(&qr).await;
    socket.expect("waiting").await;
    phone.scan_qr("suppliers", &qr).await;
    let number = socket.expect("scanned").await["match"].as_str().unwrap().to_owned();
    phone.prove(&server, "suppliers").await.expect(200);
    socket_until_authorized(&mut socket, &phone, "suppliers", &number).await;
    let answers = join_all((0..100).map(|_| pc.claim(&qr))).await;
    let count = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(200), count(409)), (1, 99));
}

#[actix_web::test]
async fn two_hundred_people_at_once_for_a_hundred_seats() {
    // On a slow machine the last of them waits longer for its turn than anybody should have to.
    let server = TestServer::start_with(&[("database.acquire_seconds", "60")]).await;
    let mut people = Vec::new();
    for batch in 0..10 {
        let ready = (0..20).map(|n| {
            let server = &server;
            async move {
                let phone = server.person(&format!("P{batch}-{n}")).await;
                let qr = server.browser().start_qr("suppliers").await;
                phone.scan_qr("suppliers", &qr).await;
                phone.ask_code("suppliers").await.expect(202);
                let code = server.last_code(&phone.number).await;
                let csrf = phone.view("suppliers").await["csrf"].as_str().unwrap().to_owned();
                (phone, code, csrf)
            }
        });
        people.extend(join_all(ready).await);
    }
    let bound = people.iter().map(|(phone, code, csrf)| async move {
        let fields = [("phone", phone.number.as_str()), ("code", code.as_str())];
        phone.post_with("suppliers", "bind", csrf, &fields).await
    });
    let answers = join_all(bound).await;
    let count = |status| answers.iter().filter(|answer| answer.status == status).count();
    let other = answers.iter().find(|answer| ![200, 409].contains(&answer.status));
    assert_eq!(
        (count(200), count(409)),
        (100, 100),
        "{:?}",
        other.map(|answer| (answer.status, &answer.body))
    );
    assert!(answers.iter().filter(|answer| answer.status == 409).all(|a| a.json()["code"] == "seats_full"));
    assert_eq!(server.seats_taken().await, 100);
    let rows = server.rows().await;
    assert!(rows.contains(&("external_users".into(), 100)), "{rows:?}");
}

#[actix_web::test]
async fn two_approvals_and_a_denial_at_once_give_one_decision() {
    let server = TestServer::start().await;
    let phone = server.person("Alice").await;
    let pc = sign_in_new(&server, &phone, "suppliers").await;
    let qr = pc.start_qr("suppliers").await;
    let csrf = phone.scan_qr("suppliers", &qr).await["csrf"].as_str().unwrap().to_owned();
    let (one, two, no) = tokio::join!(
        phone.post_with("suppliers", "approve", &csrf, &[]),
        phone.post_with("suppliers", "approve", &csrf, &[]),
        phone.post_with("suppliers", "deny", &csrf, &[]),
    );
    let seen = pc.poll(&qr, "").await.expect(200).json();
    let step = if seen["state"] == "denied" { "denied" } else { "done" };
    for answer in [one, two, no] {
        assert_eq!(answer.expect(200).json()["step"], step);
    }
}
