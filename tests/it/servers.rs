//! What holds where the database is a server that many share, and has no meaning for a file with one writer.

use futures_util::future::join_all;
use menfang::domain::ids::NotificationId;
use menfang::domain::notification::Stop;
use menfang::domain::scope::OrgScope;
use menfang::store::StoreError;
use menfang::store::notification_progress::Which;
use serde_json::json;

use crate::sign_in::first_time::sign_in_new;
use crate::support::TestServer;

#[actix_web::test]
async fn whoever_sends_to_many_keeps_nobody_waiting_who_signs_in() {
    let server = TestServer::start().await;
    let store = &server.running().store;
    if store.is_for_one_process() {
        return;
    }
    server.running().dispatcher.drain().await;
    let behind = store.in_background();
    // Half of the three connections write.
    let held = join_all((0..2).map(|_| behind.begin())).await;
    assert!(held.iter().all(Result::is_ok));
    let refused = behind.begin().await;
    assert!(matches!(refused, Err(StoreError::Unavailable(_))), "they have all there are");
    sign_in_new(&server, &server.person("Alice").await, "suppliers").await;
}

#[actix_web::test]
async fn of_two_units_that_wait_for_each_other_one_is_told_to_come_again() {
    let server = TestServer::start().await;
    let store = &server.running().store;
    if store.is_for_one_process() {
        return;
    }
    let mut people = Vec::new();
    for name in ["Alice", "Bob"] {
        let phone = server.person(name).await;
        sign_in_new(&server, &phone, "suppliers").await;
        people.push(server.account("suppliers", &phone).await);
    }
    let scope = OrgScope::of_row(server.organization);
    let units = [store.begin().await.unwrap(), store.begin().await.unwrap()];
    for (unit, first) in units.iter().zip(&people) {
        assert!(unit.hold_external_user(scope, first.app, first.id).await.unwrap());
    }
    // Whoever is given up lets go of what it holds, so that the other one goes on.
    let (one, other) = tokio::join!(
        units[0].hold_external_user(scope, people[1].app, people[1].id),
        units[1].hold_external_user(scope, people[0].app, people[0].id),
    );
    let refused =
        [one, other].into_iter().filter(|held| matches!(held, Err(StoreError::Unavailable(_)))).count();
    assert_eq!(refused, 1);
}

#[actix_web::test]
async fn whoever_stops_notifications_waits_for_nobody_who_holds_another_one() {
    let server = TestServer::start().await.with_templates().await.with_followers(1).await;
    let store = &server.running().store;
    if store.is_for_one_process() {
        return;
    }
    server.running().dispatcher.drain().await;
    let id: NotificationId = server.order(json!({})).await.parse().unwrap();
    let scope = OrgScope::of_row(server.organization);
    let outbox = store.notification(scope, id).await.unwrap().unwrap().outbox;
    // One calls it off; the other goes through all that are open, and stops none of them.
    let (one, other) = (store.begin().await.unwrap(), store.begin().await.unwrap());
    assert!(one.hold_notification(scope, id).await.unwrap());
    assert_eq!(other.stop_expired(outbox).await.unwrap(), 0);
    let which = Which::ByTemplate("another");
    assert_eq!(other.stop_notifications(outbox, which, Stop::TemplateGone).await.unwrap(), 0);
    assert!(one.cancel_notification(scope, id).await.unwrap());
    one.commit().await.unwrap();
    other.commit().await.unwrap();
}
