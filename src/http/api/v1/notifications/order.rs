//! Ordering and calling off.

use std::collections::BTreeMap;

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::domain::clock::Millis;
use crate::domain::order::Draft;
use crate::domain::right::NotificationsSend;
use crate::http::api::body::Json;
use crate::http::api::endpoint::{self, Endpoint};
use crate::http::api::list::{filters, unknown};
use crate::http::api::order::Order;
use crate::http::api::permit::{InApp, OfNotification};
use crate::http::openapi::op::{op, query};
use crate::http::problem::Code;
use crate::usecases::administration::ChangeError;

use super::TAG;
use super::audience::Audience;
use super::view::{Channel, Notification, Pauses, Priority, example};

/// A notification to be sent.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct NewNotification {
    /// How it reaches people.
    channel: Channel,
    /// WeChat's id of one of the service account's templates; for inboxes a word for the client, if you like.
    #[schema(min_length = 1, max_length = 64)]
    template: Option<String>,
    /// The template's fields, exactly; for inboxes 1 to 20 fields of your own. Each value is a text.
    #[serde(default)]
    data: BTreeMap<String, String>,
    /// What a tap opens: https, on this server's host or one of the organization's `link_hosts`.
    #[schema(max_length = 1024)]
    url: Option<String>,
    /// Who is told.
    audience: Audience,
    /// What goes first; `normal` when absent.
    priority: Option<Priority>,
    /// Not before; at once when absent, at most 90 days ahead.
    #[schema(format = DateTime)]
    send_at: Option<String>,
    /// Not after: what is not sent by then is `skipped`.
    #[schema(format = DateTime)]
    expires_at: Option<String>,
}

/// What an order would do.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub(super) struct TriedNotification {
    /// How many people are in the audience, whether they follow the service account or not.
    recipients: u64,
}

#[derive(Deserialize)]
struct Asked {
    dry_run: Option<bool>,
}

impl NewNotification {
    fn draft(&self) -> Result<Draft, ChangeError> {
        Ok(Draft {
            channel: self.channel.into(),
            template: self.template.clone(),
            data: self.data.clone(),
            url: self.url.clone(),
            audience: self.audience.read()?,
            priority: self.priority.unwrap_or_default().into(),
            send_at: time("send_at", self.send_at.as_deref())?,
            expires_at: time("expires_at", self.expires_at.as_deref())?,
        })
    }
}

fn time(field: &str, text: Option<&str>) -> Result<Option<Millis>, ChangeError> {
    let read = |text| {
        Millis::from_rfc3339(text)
            .ok_or_else(|| ChangeError::invalid(field, "must be a time such as 2026-11-22T18:00:00+08:00"))
    };
    text.map(read).transpose()
}

/// The routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let wanted = json!({
        "channel": "wechat", "template": "TEMPLATE_ID", "data": {"thing1": "Order 42", "time2": "2026-11-22 18:00"},
        "url": "https://app.example.com/orders/42", "audience": {"all": true}, "priority": "normal",
    });
    let order = op(TAG, "Sends a notification to an audience")
        .describe(
            "It is checked, stored and answered at once; spreading it over its audience and sending follow by themselves, each \
             recipient once. What is refused leaves nothing behind: `field` names what was wrong, `data.thing1` or `audience.users[3]`. \
             With `dry_run` all is checked and nothing stored. Members and collaborators are reached by `station_message`, `approval` \
             and `fill_in`, external users and followers by `wechat`.",
        )
        .right::<NotificationsSend>()
        .parameters(json!([query(
            "dry_run",
            &json!({"type": "boolean"}),
            "Check only: 200 with the number of recipients, or what an order would be refused with",
        )]))
        .repeatable()
        .takes::<NewNotification>(&wanted)
        .gives::<Notification>("202", "It is stored", &example("queued"))
        .gives::<TriedNotification>("200", "With `dry_run`: nothing is wrong with it", &json!({"recipients": 10_000}))
        .problems(&[
            Code::NoServiceAccount,
            Code::OrganizationKeyRequired,
            Code::ExternalUserNotReachable,
            Code::WeChatRefused,
            Code::WeChatUnavailable,
        ]);
    let cancel = op(TAG, "Calls a notification off")
        .describe("What is not yet being sent is `skipped`; what is under way is finished. A notification that is over answers 409.")
        .right::<NotificationsSend>()
        .repeatable()
        .gives::<Notification>("200", "It is called off", &example("cancelled"))
        .problems(&[Code::WrongStatus]);
    vec![
        endpoint::post("/apps/{app}/notifications", send, order),
        endpoint::post("/notifications/{ntf}/cancel", call_off, cancel),
    ]
}

async fn send(order: Order<NotificationsSend, InApp, Json<NewNotification>>) -> HttpResponse {
    let site = order.permit.site.clone();
    let InApp { scope, app } = order.permit.at;
    let of_platform = order.permit.key.organization.is_none();
    // Somebody who meant a dry run would be told by the messages that it was none.
    if let Some(name) = unknown(&order.request, &["dry_run"]) {
        let rule = "there is no such parameter; a dry run is asked for by dry_run=true";
        return order.refused(ChangeError::invalid(name, rule)).await;
    }
    let asked: Asked = match filters(&order.request, &order.permit.visitor) {
        Ok(asked) => asked,
        Err(_) => return order.refused(ChangeError::invalid("dry_run", "must be true or false")).await,
    };
    let draft = match order.body.0.draft() {
        Ok(draft) => draft,
        Err(error) => return order.refused(error).await,
    };
    if asked.dry_run == Some(true) {
        let tried = site.admin.try_order(scope, app, &draft, of_platform).await;
        return order.answer_unchanged(tried.map(|recipients| TriedNotification { recipients })).await;
    }
    let ordered = site.admin.order_notification(scope, app, draft, &order.permit.by, of_platform).await;
    let outbox = ordered.as_ref().ok().map(|made| made.value().outbox);
    match Pauses::of(&site, outbox).await {
        Ok(pauses) => order.answer(ordered, StatusCode::ACCEPTED, |made| pauses.view(made)).await,
        Err(error) => order.refused(error.into()).await,
    }
}

async fn call_off(order: Order<NotificationsSend, OfNotification>) -> HttpResponse {
    let site = order.permit.site.clone();
    let OfNotification { scope, notification } = order.permit.at;
    let cancelled = site.admin.cancel_notification(scope, notification, &order.permit.by).await;
    match Pauses::of(&site, []).await {
        Ok(pauses) => order.answer(cancelled, StatusCode::OK, |made| pauses.view(made)).await,
        Err(error) => order.refused(error.into()).await,
    }
}
