//! Notifications: ordered, refused, watched, called off; spread, sent, each exactly once; and inboxes.

mod after_restore;
mod command;
mod dispatch;
mod erased;
mod faults;
mod follow;
mod inbox;
mod inbox_audience;
mod inbox_live;
mod orders;
mod priorities;
mod refusals;
mod statements;
mod watched;

use serde_json::{Value, json};

use crate::support::TestServer;

/// A server with a template and an active external user of the app `suppliers`; gives the app's place and the user's id.
async fn with_a_guest() -> (TestServer, String, String) {
    let server = TestServer::start().await.with_templates().await;
    let app = server.app("suppliers").await;
    let user = server.guest(&server.own_backend(), &app).await;
    (server, app, user)
}

/// An order for tomorrow: no dispatcher has anything to do with it today.
fn for_tomorrow(server: &TestServer, mut order: Value) -> Value {
    order["send_at"] = json!(server.now().plus(std::time::Duration::from_hours(24)).rfc3339());
    order
}

/// Orders it, and gives the answer.
async fn ordered(server: &TestServer, app: &str, order: Value) -> Value {
    server.own_backend().post(&format!("{app}/notifications"), order).await.expect(202).json()
}

fn id(thing: &Value) -> &str {
    thing["id"].as_str().unwrap()
}
