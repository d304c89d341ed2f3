//! `/organizations/{org}/audit`: what happened, by whom, without personal data.

use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::domain::clock::Millis;
use crate::domain::right::AuditRead;
use crate::http::answers::store_failed;
use crate::http::api::endpoint::{self, Endpoint};
use crate::http::api::list::{List, filters, page};
use crate::http::api::order::shown;
use crate::http::api::permit::{InOrganization, Permitted};
use crate::http::openapi::op::{op, query, text};
use crate::http::problem::{Code, Problem};
use crate::store::audit::{Line, Wanted};

/// A line of the audit log.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AuditEntry {
    /// When.
    #[schema(format = DateTime)]
    at: String,
    /// What happened, as a stable word.
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

#[derive(Deserialize)]
struct Filters {
    action: Option<String>,
    actor: Option<String>,
    subject: Option<String>,
    since: Option<String>,
    until: Option<String>,
}

/// The routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let instant = json!({"type": "string", "format": "date-time"});
    let list =
        op("organizations", "The audit log, the oldest first").right::<AuditRead>().lists::<AuditEntry>();
    let list = list.parameters(json!([
        query("action", &text(), "Lines of this action"),
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
    let Filters { action, actor, subject, since, until } = filters(&request, visitor)?;
    let instant = |field: &'static str, text: Option<String>| {
        text.map(|text| {
            Millis::from_rfc3339(&text).ok_or_else(|| {
                let detail = format!("{field}: must be an instant like 2026-11-22T10:00:00Z");
                visitor.problem(Code::InvalidField).detail(detail).with("field", field)
            })
        })
        .transpose()
    };
    let wanted =
        Wanted { action, actor, subject, since: instant("since", since)?, until: instant("until", until)? };
    let lines = permit.site.admin.store().audit(permit.at.scope, &wanted, page).await;
    let lines = lines.map_err(|error| store_failed(visitor, &error))?;
    Ok(shown(List::of(lines, view)))
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
