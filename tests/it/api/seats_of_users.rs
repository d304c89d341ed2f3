//! Seats of external users when they are switched on and off.

use futures_util::future::join_all;
use serde_json::{Value, json};

use crate::sign_in::first_time::sign_in_new;
use crate::support::TestServer;

#[actix_web::test]
async fn of_twenty_enables_at_once_for_the_last_seat_one_gets_it() {
    let server = TestServer::start().await;
    let (admin, app) = (server.own_backend(), server.app("suppliers").await);
    let numbers: Vec<_> = (0..20).map(|_| server.fresh_number()).collect();
    let file = format!("phone\n{}\n", numbers.join("\n"));
    admin.post_csv(&format!("{app}/external-users/invitations"), file).await.expect(200);
    let users = admin.get(&format!("{app}/external-users")).await.expect(200).json();
    server.take_seats(99).await;
    let enable = async |user: &Value| {
        let place = format!("{app}/external-users/{}", user["id"].as_str().unwrap());
        admin.patch(&place, json!({"status": "active"})).await
    };
    let answers = join_all(users["items"].as_array().unwrap().iter().map(enable)).await;
    let count = |status| answers.iter().filter(|answer| answer.status == status).count();
    assert_eq!((count(200), count(409)), (1, 19));
    for full in answers.into_iter().filter(|answer| answer.status == 409) {
        full.expect_problem(409, "seats_full");
    }
    assert_eq!(server.seats_taken().await, 100);
    let active = admin.get(&format!("{app}/external-users?status=active")).await.expect(200).json();
    assert_eq!(active["items"].as_array().unwrap().len(), 1);
}

#[actix_web::test]
async fn a_disabled_person_frees_a_seat_for_somebody_else_and_needs_one_to_come_back() {
    let server = TestServer::start().await;
    let (admin, app) = (server.own_backend(), server.app("suppliers").await);
    let alice = server.person("Alice").await;
    sign_in_new(&server, &alice, "suppliers").await;
    server.take_seats(99).await;
    let user = admin.user_of(&app, &alice.number).await;
    let place = format!("{app}/external-users/{}", user["id"].as_str().unwrap());
    // Who has a seat needs no second one.
    admin.patch(&place, json!({"status": "active"})).await.expect(200);
    admin.patch(&place, json!({"status": "disabled"})).await.expect(200);
    assert_eq!(server.seats_taken().await, 99);
    let bob = server.person("Bob").await;
    sign_in_new(&server, &bob, "suppliers").await;
    let refused = admin.patch(&place, json!({"status": "active", "role": "user"})).await;
    refused.expect_problem(409, "seats_full");
    let shown = admin.get(&place).await.expect(200).json();
    assert_eq!((&shown["status"], server.seats_taken().await), (&json!("disabled"), 100));
}

#[actix_web::test]
async fn twenty_switches_of_one_person_at_once_never_take_more_than_its_own_seat() {
    let server = TestServer::start().await;
    let (admin, app) = (server.own_backend(), server.app("suppliers").await);
    let alice = server.person("Alice").await;
    sign_in_new(&server, &alice, "suppliers").await;
    let user = admin.user_of(&app, &alice.number).await;
    let place = format!("{app}/external-users/{}", user["id"].as_str().unwrap());
    let words = ["disabled", "active"].into_iter().cycle().take(20);
    let answers = join_all(words.map(|word| admin.patch(&place, json!({"status": word})))).await;
    let others: Vec<_> = answers.iter().filter(|answer| answer.status != 200).collect();
    assert!(others.is_empty(), "{others:?}");
    let active = admin.get(&place).await.expect(200).json()["status"] == "active";
    assert_eq!(server.seats_taken().await, i64::from(active));
    let again = [admin.delete(&place), admin.delete(&place)];
    let mut statuses: Vec<_> = join_all(again).await.iter().map(|answer| answer.status).collect();
    statuses.sort_unstable();
    assert_eq!(statuses, [204, 404]);
    assert_eq!(server.seats_taken().await, 0);
}
