//! The progress of a notification, live.

use actix_web::HttpResponse;
use serde_json::json;

use crate::domain::right::NotificationsRead;
use crate::http::api::endpoint::{self, Endpoint};
use crate::http::api::permit::{OfNotification, Permitted};
use crate::http::live::progress;
use crate::http::openapi::op::op;
use crate::http::problem::{Code, Problem};

use super::TAG;
use super::view::{NotificationProgress, counts_example};

/// The routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let frame = json!({
        "id": "ntf_01J0000000000000000000000A", "state": "sending", "reason": null, "resumes_at": null,
        "counts": counts_example(),
    });
    let events = op(TAG, "How far a notification is, as server-sent events")
        .describe(
            "The present state first, then every change, at most five a second; each `data` is a whole `NotificationProgress`. The \
             stream ends when the notification is over. It also ends when the server restarts: connect again; and within a minute \
             when the key is revoked or the organization disabled.",
        )
        .right::<NotificationsRead>()
        .streams::<NotificationProgress>("200", "A stream", &frame)
        .problems(&[Code::NotFound]);
    vec![endpoint::get("/notifications/{ntf}/events", stream, events)]
}

async fn stream(permit: Permitted<NotificationsRead, OfNotification>) -> Result<HttpResponse, Problem> {
    let OfNotification { scope, notification } = permit.at;
    progress::events(permit.site, &permit.visitor, (scope, notification), permit.key.id, |progress| {
        json!(NotificationProgress::from(progress)).to_string()
    })
    .await
}
