//! Looking at notifications.

use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;

use crate::domain::notification::NotificationState;
use crate::domain::right::NotificationsRead;
use crate::http::answers::store_failed;
use crate::http::api::endpoint::{self, Endpoint};
use crate::http::api::list::{List, filters, page};
use crate::http::api::order::shown;
use crate::http::api::permit::{InApp, OfNotification, Permitted};
use crate::http::openapi::op::{op, query};
use crate::http::problem::{Code, Problem};

use super::TAG;
use super::view::{Notification, Pauses, example};

#[derive(Deserialize)]
struct Filters {
    state: Option<String>,
}

/// The routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let states = json!({"enum": ["queued", "expanding", "sending", "done", "cancelled"]});
    let list = op(TAG, "The notifications of an app, the oldest in front")
        .right::<NotificationsRead>()
        .lists::<Notification>()
        .parameters(json!([query(
            "state",
            &states,
            "Those in this state; one that is `paused` is found under what it was at before",
        )]));
    let one = op(TAG, "A notification: how far it is").right::<NotificationsRead>().gives::<Notification>(
        "200",
        "The notification",
        &example("sending"),
    );
    vec![
        endpoint::get("/apps/{app}/notifications", list_notifications, list),
        endpoint::get("/notifications/{ntf}", show, one),
    ]
}

async fn list_notifications(
    permit: Permitted<NotificationsRead, InApp>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (site, visitor) = (&permit.site, &permit.visitor);
    let page = page(&request, visitor)?;
    let Filters { state } = filters(&request, visitor)?;
    let state = state.map(|word| {
        NotificationState::from_name(&word).ok_or_else(|| {
            let all = NotificationState::ALL.map(NotificationState::name).join(", ");
            let detail = format!("state: must be one of {all}");
            visitor.problem(Code::InvalidField).detail(detail).with("field", "state")
        })
    });
    let InApp { scope, app } = permit.at;
    let listed = site.admin.store().notifications(scope, app, state.transpose()?, page).await;
    let listed = listed.map_err(|error| store_failed(visitor, &error))?;
    let pauses = Pauses::of(site, listed.items.iter().map(|known| known.outbox)).await;
    let pauses = pauses.map_err(|error| store_failed(visitor, &error))?;
    Ok(shown(List::of(listed, |known| pauses.view(&known))))
}

async fn show(permit: Permitted<NotificationsRead, OfNotification>) -> Result<HttpResponse, Problem> {
    let (site, visitor) = (&permit.site, &permit.visitor);
    let OfNotification { scope, notification } = permit.at;
    let known = site.admin.store().notification(scope, notification).await;
    let known = known.map_err(|error| store_failed(visitor, &error))?;
    let known = known.ok_or_else(|| visitor.problem(Code::NotFound))?;
    let pauses = Pauses::of(site, [known.outbox]).await.map_err(|error| store_failed(visitor, &error))?;
    Ok(shown(pauses.view(&known)))
}
