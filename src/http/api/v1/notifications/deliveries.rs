//! What became of each recipient's share, and sending one of them once more.

use std::collections::HashMap;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::domain::clock::Millis;
use crate::domain::delivery::{Delivery as Known, DeliveryState};
use crate::domain::ids::DeliveryId;
use crate::domain::notification::Audience;
use crate::domain::right::{NotificationsRead, NotificationsSend};
use crate::http::answers::store_failed;
use crate::http::api::endpoint::{self, Endpoint};
use crate::http::api::list::{List, filters, page};
use crate::http::api::order::{Order, shown};
use crate::http::api::permit::{OfDelivery, OfNotification, Permitted};
use crate::http::openapi::op::{op, query};
use crate::http::problem::{Code, Problem};

use super::TAG;

/// One recipient's share of a notification.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct Delivery {
    /// Its id.
    id: String,
    /// The notification.
    notification: String,
    /// `pending`, `sending`, `sent` (taken by WeChat), `delivered`, `rejected`, `skipped`, `failed`, or `uncertain` (perhaps sent,
    /// and too old to repeat safely).
    #[schema(pattern = "^(pending|sending|sent|delivered|rejected|skipped|failed|uncertain)$")]
    state: String,
    /// Why, with `skipped`, `failed` and `rejected`: `not_following`, `template_refused`, `user_block`, …
    reason: Option<String>,
    /// WeChat's number for what went wrong last.
    errcode: Option<i64>,
    /// How often it was tried.
    attempts: i32,
    /// The external user, where it is known.
    user: Option<String>,
    /// The account whose inbox it goes into.
    account: Option<String>,
    /// The person at the service account, where the order named followers or openids.
    openid: Option<String>,
    /// WeChat's number of the message: a text, for it is larger than what JavaScript counts exactly.
    msgid: Option<String>,
    /// The delivery that this one repeats.
    resend_of: Option<String>,
    /// The delivery that repeats this one.
    resent_as: Option<String>,
    /// When it came to be.
    #[schema(format = DateTime)]
    created_at: String,
    /// When WeChat took it.
    #[schema(format = DateTime)]
    sent_at: Option<String>,
    /// When it came to its end.
    #[schema(format = DateTime)]
    finished_at: Option<String>,
}

#[derive(Deserialize)]
struct Filters {
    state: Option<String>,
}

/// The routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let states = json!({"enum": DeliveryState::ALL.map(DeliveryState::name)});
    let list = op(TAG, "The deliveries of a notification")
        .right::<NotificationsRead>()
        .lists::<Delivery>()
        .parameters(json!([query("state", &states, "Those in this state")]));
    let resend = op(TAG, "Sends a delivery once more that failed, was rejected, or is uncertain")
        .describe(
            "A new delivery is made in its place. Where the old one is `uncertain` the person may have got the message already: that \
             is for you to decide. A second time, or for one in another state or of a notification that was called off: 409.",
        )
        .right::<NotificationsSend>()
        .repeatable()
        .gives::<Delivery>("202", "The new delivery", &example())
        .problems(&[Code::WrongStatus]);
    vec![
        endpoint::get("/notifications/{ntf}/deliveries", list_deliveries, list),
        endpoint::post("/deliveries/{dlv}/resend", send_again, resend),
    ]
}

fn example() -> Value {
    json!({
        "id": "dlv_01J0000000000000000000000B", "notification": "ntf_01J0000000000000000000000A", "state": "pending",
        "reason": null, "errcode": null, "attempts": 0, "user": "usr_01J0000000000000000000000A", "account": null,
        "openid": null, "msgid": null, "resend_of": "dlv_01J0000000000000000000000A", "resent_as": null,
        "created_at": "2026-11-22T10:00:00.000Z", "sent_at": null, "finished_at": null,
    })
}

async fn list_deliveries(
    permit: Permitted<NotificationsRead, OfNotification>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let visitor = &permit.visitor;
    let page = page(&request, visitor)?;
    let Filters { state } = filters(&request, visitor)?;
    let state = state.map(|word| {
        DeliveryState::from_name(&word).ok_or_else(|| {
            let all = DeliveryState::ALL.map(DeliveryState::name).join(", ");
            let detail = format!("state: must be one of {all}");
            visitor.problem(Code::InvalidField).detail(detail).with("field", "state")
        })
    });
    let state = state.transpose()?;
    let OfNotification { scope, notification } = permit.at;
    let store = permit.site.admin.store();
    let read = async {
        let whole = store.notification(scope, notification).await?;
        let listed = store.deliveries(scope, notification, state, page).await?;
        let ends = listed.items.iter().filter(|known| known.state.can_be_resent());
        let ends: Vec<DeliveryId> = ends.map(|known| known.id).collect();
        let repeats = store.repeats_of(scope, notification, &ends).await?;
        Ok((whole, listed, repeats))
    };
    let (whole, listed, repeats) = read.await.map_err(|error| store_failed(visitor, &error))?;
    let whole = whole.ok_or_else(|| visitor.problem(Code::NotFound))?;
    let by_openid = by_openid(&whole.audience);
    Ok(shown(List::of(listed, |known| view(&known, by_openid, &repeats))))
}

async fn send_again(order: Order<NotificationsSend, OfDelivery>) -> HttpResponse {
    let site = order.permit.site.clone();
    let OfDelivery { scope, delivery } = order.permit.at;
    let made = site.admin.resend(scope, delivery, &order.permit.by).await;
    // Who it is for is said by the delivery that it repeats.
    order.answer(made, StatusCode::ACCEPTED, |made| view(made, false, &HashMap::new())).await
}

/// Whether an audience is of openids, which whoever ordered it knows.
fn by_openid(audience: &Audience) -> bool {
    matches!(audience, Audience::Followers(_) | Audience::Openids(_))
}

fn view(known: &Known, by_openid: bool, repeats: &HashMap<DeliveryId, DeliveryId>) -> Delivery {
    Delivery {
        id: known.id.to_string(),
        notification: known.notification.to_string(),
        state: known.state.name().to_owned(),
        reason: known.reason.clone(),
        errcode: known.errcode,
        attempts: known.attempts,
        user: known.user.map(|user| user.to_string()),
        account: known.account.map(|account| account.to_string()),
        openid: known.openid.clone().filter(|_| by_openid),
        msgid: known.msgid.map(|msgid| msgid.to_string()),
        resend_of: known.resend_of.map(|old| old.to_string()),
        resent_as: repeats.get(&known.id).map(ToString::to_string),
        created_at: known.created_at.rfc3339(),
        sent_at: known.sent_at.map(Millis::rfc3339),
        finished_at: known.finished_at.map(Millis::rfc3339),
    }
}
