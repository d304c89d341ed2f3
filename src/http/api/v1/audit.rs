//! `/organizations/{org}/audit`: what happened, by whom, without personal data.

use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;
use utoipa::openapi::schema::{Object, ObjectBuilder, Type};

use crate::domain::audit::Action;
use crate::domain::clock::Millis;
use crate::domain::right::AuditRead;
use crate::http::answers::store_failed;
use crate::http::api::endpoint::{self, Endpoint};
use crate::http::api::list::{List, filters, page};
use crate::http::api::order::shown;
use crate::http::api::permit::{InOrganization, Permitted};
use crate::http::openapi::op::{op, query, text};
use crate::http::problem::{Code, Problem};
use crate::store::Order;
use crate::store::audit::{Line, Wanted};

/// A line of the audit log.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AuditEntry {
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// What happened, as a stable word.
    #[schema(schema_with = actions)]
    action: String,
    /// Who did it: a key (`key_…`), a person (`usr_…`, `acc_…`), or what kind of caller.
    actor: String,
    /// What it was done to: an id, or a word.
    subject: Option<String>,
    /// How it ended, in a word.
    result: String,
    /// Where from.
    address: String,
    /// With what.
    agent: String,
    /// In which request.
    request_id: String,
}

/// The order of the audit log.
#[derive(Clone, Copy, Debug, Default, Deserialize)]
#[serde(rename_all = "snake_case")]
enum AuditOrder {
    #[default]
    Asc,
    Desc,
}

#[derive(Deserialize)]
struct Filters {
    #[serde(default)]
    order: AuditOrder,
    action: Option<String>,
    actor: Option<String>,
    subject: Option<String>,
    since: Option<String>,
    until: Option<String>,
}

/// The routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let instant = json!({"type": "string", "format": "date-time"});
    let order = json!({"type": "string", "enum": ["asc", "desc"], "default": "asc"});
    let words: Vec<_> = Action::ALL.iter().map(|action| action.name()).collect();
    let list = op("organizations", "The audit log, the oldest first, or the newest")
        .describe(
            "A `cursor` goes on in the order that it is sent with; it came from a page of the same order.",
        )
        .right::<AuditRead>()
        .lists::<AuditEntry>();
    let list = list.parameters(json!([
        query("order", &order, "`asc`: the oldest lines first; `desc`: the newest first"),
        query("action", &json!({"type": "string", "enum": words}), "Lines of this action"),
        query("actor", &text(), "Lines by this actor"),
        query("subject", &text(), "Lines about this"),
        query("since", &instant, "Lines from this instant on"),
        query("until", &instant, "Lines before this instant"),
    ]));
    vec![endpoint::get("/organizations/{org}/audit", show, list)]
}

async fn show(
    permit: Permitted<AuditRead, InOrganization>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let visitor = &permit.visitor;
    let page = page(&request, visitor)?;
    let Filters { order, action, actor, subject, since, until } = filters(&request, visitor)?;
    let instant = |field: &'static str, text: Option<String>| {
        text.map(|text| {
            Millis::from_rfc3339(&text).ok_or_else(|| {
                let detail = format!("{field}: must be an instant like 2026-11-22T10:00:00Z");
                visitor.problem(Code::InvalidField).detail(detail).with("field", field)
            })
        })
        .transpose()
    };
    let action = action.map(|word| {
        Action::from_name(&word).ok_or_else(|| {
            let detail = "action: must be one of the words of the description";
            visitor.problem(Code::InvalidField).detail(detail).with("field", "action")
        })
    });
    let action = action.transpose()?;
    let page = page.ordered(match order {
        AuditOrder::Asc => Order::Ascending,
        AuditOrder::Desc => Order::Descending,
    });
    let wanted =
        Wanted { action, actor, subject, since: instant("since", since)?, until: instant("until", until)? };
    let lines = permit.site.admin.store().audit(permit.at.scope, &wanted, page).await;
    let lines = lines.map_err(|error| store_failed(visitor, &error))?;
    Ok(shown(List::of(lines, view)))
}

/// The words that an action has.
fn actions() -> Object {
    let words = Action::ALL.iter().map(|action| action.name());
    ObjectBuilder::new()
        .schema_type(Type::String)
        .description(Some("What happened, as a stable word."))
        .enum_values(Some(words))
        .build()
}

fn view(line: Line) -> AuditEntry {
    AuditEntry {
        at: line.at.rfc3339(),
        action: line.action,
        actor: line.actor,
        subject: line.subject,
        result: line.result,
        address: line.address,
        agent: line.agent,
        request_id: line.request_id,
    }
}
