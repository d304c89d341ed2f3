//! Seats, and what more of them cost.

use menfang::domain::clock::Millis;
use menfang::domain::date::Date;
use serde_json::{Value, json};

use crate::support::{Backend, TestServer};

/// An organization of an edition whose licence lasts so many days more: its backend and its path.
async fn organization(server: &TestServer, edition: &str, days: i64) -> (Backend, String) {
    let ends = Date::of(server.now()).plus_days(days).to_string();
    let new = json!({"name": "Buyer", "edition": edition, "licence_ends_on": ends});
    let made = server.platform_backend().post("/organizations", new).await.expect(201).json();
    let path = format!("/organizations/{}", made["organization"]["id"].as_str().unwrap());
    (server.backend(made["api_key"].as_str()), path)
}

async fn quote(backend: &Backend, path: &str, seats: u32) -> Value {
    backend.get(&format!("{path}/expansion-packs/quote?seats={seats}")).await.expect(200).json()
}

#[actix_web::test]
async fn a_quote_names_the_cheapest_packs_and_a_larger_number_that_costs_less() {
    let server = TestServer::start().await;
    let (backend, path) = organization(&server, "standard", 265).await;
    let hundred = quote(&backend, &path, 100).await;
    assert_eq!((&hundred["total"], &hundred["days"]), (&json!("363.01"), &json!(265)));
    assert_eq!((&hundred["unit_price"], &hundred["cheaper"]), (&json!("3.6301"), &json!(null)));
    let three = quote(&backend, &path, 300).await;
    assert_eq!(three["total"], "1089.04");
    assert_eq!(three["combination"], json!([{"size": 100, "count": 3}]));
    let cheaper = &three["cheaper"];
    assert_eq!((&cheaper["seats"], &cheaper["total"]), (&json!(1000), &json!("726.03")));
    for wrong in ["", "?seats=0", "?seats=150", "?seats=-100", "?seats=x", "?seats=1000100"] {
        let refused = backend.get(&format!("{path}/expansion-packs/quote{wrong}")).await;
        assert_eq!(refused.expect_problem(422, "invalid_field").json()["field"], "seats", "{wrong}");
    }
}

#[actix_web::test]
async fn bought_seats_can_be_taken_at_once_and_are_listed() {
    let server = TestServer::start().await;
    let (backend, path) = organization(&server, "standard", 365).await;
    let packs = format!("{path}/expansion-packs");
    let first = backend.post_once(&packs, "order 1", json!({"seats": 1300})).await.expect(201).json();
    assert_eq!(first["total"], "2500.00");
    assert_eq!(backend.post_once(&packs, "order 1", json!({"seats": 1300})).await.expect(201).json(), first);
    backend.post(&packs, json!({"seats": 150})).await.expect_problem(422, "invalid_field");
    let seats = backend.get(&format!("{path}/seats")).await.expect(200).json();
    assert_eq!(seats["external_users"], json!({"used": 0, "limit": 1400, "packs": 1300}));
    assert_eq!(seats["members"], json!({"used": 0, "limit": 30}));
    assert_eq!(seats["collaborators"], json!({"used": 0, "limit": null}));
    let listed = backend.get(&packs).await.expect(200).json();
    assert_eq!(listed["items"], json!([first]));
}

#[actix_web::test]
async fn free_and_trial_editions_and_licences_that_ended_cannot_buy() {
    let server = TestServer::start().await;
    for (edition, days, status, code) in [
        ("free", 100, 403, "edition_cannot_buy"),
        ("trial", 100, 403, "edition_cannot_buy"),
        ("standard", 0, 409, "licence_ended"),
    ] {
        let (backend, path) = organization(&server, edition, days).await;
        let packs = format!("{path}/expansion-packs");
        backend.post(&packs, json!({"seats": 100})).await.expect_problem(status, code);
        backend.get(&format!("{packs}/quote?seats=100")).await.expect_problem(status, code);
        let seats = backend.get(&format!("{path}/seats")).await.expect(200).json();
        assert_eq!(seats["external_users"]["limit"], 100, "{edition}");
    }
}

#[actix_web::test]
async fn the_audit_log_says_when_seats_are_nearly_gone() {
    let server = TestServer::start().await;
    let (admin, users) = (server.own_backend(), format!("{}/external-users", server.app("suppliers").await));
    server.take_seats(79).await;
    for _ in 0..2 {
        let invitation = json!({"phone": server.fresh_number()});
        let user = admin.post(&format!("{users}/invitations"), invitation).await.expect(201).json();
        let approve = format!("{users}/{}/approve", user["id"].as_str().unwrap());
        admin.post(&approve, json!({})).await.expect(200);
    }
    let log = format!("/organizations/{}/audit?action=seats_reached", server.organization);
    let log = server.own_backend().get(&log).await.expect(200).json();
    let lines = log["items"].as_array().unwrap();
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["result"], "80_percent");
    assert!(Millis::from_rfc3339(lines[0]["at"].as_str().unwrap()).is_some());
}

#[actix_web::test]
async fn nobody_buys_more_seats_than_can_be_counted() {
    let server = TestServer::start().await;
    let (backend, path) = organization(&server, "standard", 365).await;
    let unit = server.running().store.begin().await.unwrap();
    let id = path.rsplit('/').next().unwrap().parse().unwrap();
    assert!(unit.add_seats(id, 99_999_800).await.unwrap());
    unit.commit().await.unwrap();
    let packs = format!("{path}/expansion-packs");
    backend.post(&packs, json!({"seats": 200})).await.expect_problem(422, "invalid_field");
    backend.post(&packs, json!({"seats": 100})).await.expect(201);
    let seats = backend.get(&format!("{path}/seats")).await.expect(200).json();
    assert_eq!(seats["external_users"]["limit"], 100_000_000);
}
