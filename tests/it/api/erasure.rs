//! Deleting an external user: nothing of the person stays.

use serde_json::{Value, json};

use crate::sign_in::first_time::sign_in_new;
use crate::support::TestServer;

/// Tables in which a person of an app leaves traces.
const TRACES: [&str; 7] = [
    "consents",
    "external_users",
    "known_browsers",
    "logins",
    "verification_codes",
    "visits",
    "wechat_bindings",
];

async fn traces(server: &TestServer) -> Vec<(String, i64)> {
    let rows = server.rows().await;
    rows.into_iter().filter(|(table, rows)| TRACES.contains(&table.as_str()) && *rows > 0).collect()
}

#[actix_web::test]
async fn a_deleted_person_is_gone_from_every_table_and_comes_again_as_somebody_new() {
    let server = TestServer::start().await;
    let (admin, app) = (server.own_backend(), server.app("suppliers").await);
    let phone = server.person("Alice").await;
    let pc = sign_in_new(&server, &phone, "suppliers").await;
    phone.scan(&phone.at("/p/suppliers")).await.expect(303);
    let user = admin.user_of(&app, &phone.number).await;
    let place = format!("{app}/external-users/{}", user["id"].as_str().unwrap());
    assert_eq!(traces(&server).await.len(), 6, "all but consents");

    admin.delete(&place).await.expect(204);
    assert_eq!(traces(&server).await, []);
    assert_eq!(server.seats_taken().await, 0);
    pc.me("suppliers").await.expect_problem(401, "not_signed_in");
    phone.web.get_json(&phone.at("/p/suppliers/me")).await.expect(401);
    admin.get(&place).await.expect_problem(404, "not_found");
    admin.delete(&place).await.expect_problem(404, "not_found");
    // The QR session that was just claimed keeps its row, without the person, so that its code stays used.
    assert_eq!(server.people_in_qr_sessions().await, (1, 0));
    let log = format!("/organizations/{}/audit?limit=500", server.organization);
    let log = admin.get(&log).await.expect(200);
    assert!(log.body.contains(user["id"].as_str().unwrap()), "the audit log keeps the id");
    for personal in [&phone.number, &phone.openid, "Alice"] {
        assert!(!log.body.contains(personal), "{personal} is in the audit log");
    }

    sign_in_new(&server, &phone, "suppliers").await;
    let again = admin.user_of(&app, &phone.number).await;
    assert_ne!(again["id"], user["id"]);
    assert_eq!(server.seats_taken().await, 1);
}

#[actix_web::test]
async fn the_browser_that_waits_for_a_deleted_person_is_told() {
    let server = TestServer::start().await;
    let (admin, app) = (server.own_backend(), server.app("suppliers").await);
    let phone = server.person("Alice").await;
    sign_in_new(&server, &phone, "suppliers").await;
    let pc = server.browser();
    let qr = pc.start_qr("suppliers").await;
    let mut socket = pc.watch(&qr).await;
    socket.expect("waiting").await;
    phone.scan_qr("suppliers", &qr).await;
    socket.expect("scanned").await;
    let user = admin.user_of(&app, &phone.number).await;
    admin.delete(&format!("{app}/external-users/{}", user["id"].as_str().unwrap())).await.expect(204);
    assert_eq!(socket.expect("refused").await["reason"], "account_disabled");
    socket.expect_close(1000).await;
    // Who comes again to the same session is told the same, and the code is of no use to anybody.
    let mut again = pc.watch(&qr).await;
    again.expect("refused").await;
    again.expect_close(1000).await;
    phone.web.get_json(&phone.at("/p/suppliers/phone")).await.expect_problem(403, "no_transaction");
    server.person("Bob").await.scan(&qr.scan_url).await.expect(409);
    assert_eq!(server.people_in_qr_sessions().await.1, 0);
}

#[actix_web::test]
async fn old_attempts_are_deleted_and_other_people_and_apps_keep_theirs() {
    let server = TestServer::start().await;
    let (admin, app) = (server.own_backend(), server.app("suppliers").await);
    let (alice, bob) = (server.person("Alice").await, server.person("Bob").await);
    sign_in_new(&server, &alice, "suppliers").await;
    server.advance(40 * 60);
    let elsewhere = sign_in_new(&server, &alice, "customers").await;
    let other = sign_in_new(&server, &bob, "suppliers").await;
    let user = admin.user_of(&app, &alice.number).await;
    admin.delete(&format!("{app}/external-users/{}", user["id"].as_str().unwrap())).await.expect(204);
    assert_eq!(server.people_in_qr_sessions().await, (2, 2), "those of Bob, and of the other app");
    elsewhere.me("customers").await.expect(200);
    other.me("suppliers").await.expect(200);
    for (table, rows) in traces(&server).await {
        assert_eq!(rows, 2, "{table}");
    }
    assert_eq!(server.seats_taken().await, 2);
}

#[actix_web::test]
async fn deleting_somebody_without_a_seat_frees_none() {
    let server = TestServer::start().await;
    let (admin, app) = (server.own_backend(), server.app("suppliers").await);
    let alice = server.person("Alice").await;
    sign_in_new(&server, &alice, "suppliers").await;
    let number = server.fresh_number();
    let invitation = json!({"phone": number});
    let pending: Value =
        admin.post(&format!("{app}/external-users/invitations"), invitation).await.expect(201).json();
    admin.delete(&format!("{app}/external-users/{}", pending["id"].as_str().unwrap())).await.expect(204);
    assert_eq!(server.seats_taken().await, 1);
    assert_eq!(admin.user_of(&app, &number).await, Value::Null);
}
