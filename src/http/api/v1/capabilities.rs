//! `/capabilities`: what each kind of user may do.

use actix_web::HttpResponse;
use serde::Serialize;
use serde_json::json;
use utoipa::ToSchema;

use crate::domain::capability::{Capability, Kind, value};
use crate::http::api::endpoint::{self, Endpoint};
use crate::http::api::order::shown;
use crate::http::api::permit::{Anywhere, NoRight, Permitted};
use crate::http::openapi::op::op;

/// What each kind of user may do.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CapabilityTable {
    /// The kinds of user, in the order of the columns.
    kinds: Vec<&'static str>,
    /// The lines of the table.
    items: Vec<CapabilityLine>,
}

/// One line: a capability, and what each kind has of it.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CapabilityLine {
    /// The capability.
    capability: &'static str,
    /// For a member.
    member: CapabilityValue,
    /// For an external collaborator.
    external_collaborator: CapabilityValue,
    /// For an external user.
    external_user: CapabilityValue,
}

/// What one kind has of a capability.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CapabilityValue {
    /// How much of it, in a word.
    value: &'static str,
    /// The rule behind anything less than all of it; null where there is none.
    rule: Option<CapabilityRule>,
}

/// A rule that says no.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct CapabilityRule {
    /// Its stable code, as a refusal's `rule` has it.
    code: &'static str,
    /// The rule in a sentence.
    sentence: &'static str,
}

/// The route.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let yes = json!({"value": "yes", "rule": null});
    let no =
        json!({"value": "no", "rule": {"code": "no_chat", "sentence": "an external user has no chat: …"}});
    let line =
        json!({"capability": "chat", "member": yes, "external_collaborator": yes, "external_user": no});
    let example = json!({"kinds": Kind::ALL.map(Kind::name), "items": [line]});
    let show = op("members", "What each kind of user may do")
        .describe("Every operation asks this table; a refusal `not_for_kind` names the rule that said no.")
        .right::<NoRight>()
        .gives::<CapabilityTable>("200", "The table", &example);
    vec![endpoint::get("/capabilities", show_all, show)]
}

async fn show_all(_: Permitted<NoRight, Anywhere>) -> HttpResponse {
    let cell = |kind, capability| {
        let value = value(kind, capability);
        let rule = value.rule().map(|rule| CapabilityRule { code: rule.code(), sentence: rule.sentence() });
        CapabilityValue { value: value.name(), rule }
    };
    let line = |capability: Capability| CapabilityLine {
        capability: capability.name(),
        member: cell(Kind::Member, capability),
        external_collaborator: cell(Kind::ExternalCollaborator, capability),
        external_user: cell(Kind::ExternalUser, capability),
    };
    let items = Capability::ALL.map(line).into();
    shown(CapabilityTable { kinds: Kind::ALL.map(Kind::name).into(), items })
}
