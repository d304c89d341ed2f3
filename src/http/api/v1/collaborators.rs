//! `/organizations/{org}/collaborators`: registered people of elsewhere, invited into modules.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::domain::affiliation::{Belonging, Placed};
use crate::domain::right::{MembersRead, MembersWrite};
use crate::http::api::body::{Json, Nothing, clearable};
use crate::http::api::endpoint::{self, Endpoint};
use crate::http::api::order::Order;
use crate::http::api::permit::{InOrganization, Permitted};
use crate::http::openapi::op::op;
use crate::http::problem::{Code, Problem};
use crate::usecases::affiliations::{AffiliationChange, NewAffiliation};
use crate::usecases::placement::Placement;

use super::affiliations::{
    self, AffiliationStatus, AffiliationSwitch, HeldRole, InvitationToJoin, changing, checked_name,
    example_invitation, invitation, inviting_again, listing, person, switched,
};
use super::modules::{self, Module, ModuleReference};

/// An external collaborator to be invited.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewCollaborator {
    /// Whose phone proves who joins; a bare Chinese mobile number is taken as +86.
    phone: String,
    /// What the organization calls the person; their own name when absent.
    #[schema(min_length = 1, max_length = 60)]
    name: Option<String>,
    /// The modules that they are invited into; they can be given later.
    modules: Option<Vec<ModuleReference>>,
    /// The roles that come with the invitation, by id, or by name where only one app has a role of that name.
    roles: Option<Vec<String>>,
    /// Not for collaborators: anything but null is refused with `not_for_kind`.
    department: Option<String>,
    /// Not for collaborators: anything but null is refused with `not_for_kind`.
    manager: Option<String>,
}

/// What may change of an external collaborator; a list replaces the whole one.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::option_option, reason = "absent, null and a value are three things")]
pub struct CollaboratorChange {
    /// Switched on or off; not for those who have not joined yet.
    status: Option<AffiliationSwitch>,
    /// What the organization calls the person.
    #[schema(min_length = 1, max_length = 60)]
    name: Option<String>,
    /// All modules.
    modules: Option<Vec<ModuleReference>>,
    /// All roles, by id, or by name where only one app has a role of that name.
    roles: Option<Vec<String>>,
    /// Not for collaborators: anything but null is refused with `not_for_kind`.
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<String>)]
    department: Option<Option<String>>,
    /// Not for collaborators: anything but null is refused with `not_for_kind`.
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<String>)]
    manager: Option<Option<String>>,
}

/// An external collaborator.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Collaborator {
    /// The id.
    id: String,
    /// How the collaborator stands.
    status: AffiliationStatus,
    /// What the organization calls the person; null until somebody says.
    name: Option<String>,
    /// The phone, its middle hidden.
    phone_masked: String,
    /// The roles that came with the invitation.
    roles: Vec<HeldRole>,
    /// The modules that they were invited into.
    modules: Vec<Module>,
    /// When the person was first invited.
    #[schema(format = DateTime)]
    created_at: String,
}

/// An external collaborator who was just invited.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InvitedCollaborator {
    /// The collaborator.
    #[serde(flatten)]
    collaborator: Collaborator,
    /// The invitation; it is shown this once.
    invitation: InvitationToJoin,
}

/// The routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let mut invited = example("invited");
    invited["invitation"] = example_invitation();
    let new = json!({"phone": "13800138000", "modules": [{"kind": "project", "name": "New plant"}]});
    let create = changing("Invites an external collaborator, who takes no seat")
        .describe("The invitation is handed on by whoever asks for it.")
        .takes::<NewCollaborator>(&new)
        .gives::<InvitedCollaborator>("201", "The collaborator; the invitation is shown this once", &invited)
        .problems(&[Code::AlreadyMember, Code::AlreadyCollaborator, Code::NotForKind]);
    let show = op("members", "An external collaborator").right::<MembersRead>();
    let show = show.gives::<Collaborator>("200", "The collaborator", &example("active"));
    let change = changing("Changes an external collaborator")
        .takes::<CollaboratorChange>(&json!({"modules": ["mod_01J0000000000000000000000A"]}))
        .gives::<Collaborator>("200", "The collaborator as it is then", &example("active"))
        .problems(&[Code::WrongStatus, Code::NotForKind]);
    let remove = changing("Removes an external collaborator; the person's account stays");
    let list_all = listing::<Collaborator>("The external collaborators");
    vec![
        endpoint::post("/organizations/{org}/collaborators", invite, create),
        endpoint::get("/organizations/{org}/collaborators", list, list_all),
        endpoint::get("/organizations/{org}/collaborators/{col}", show_one, show),
        endpoint::patch("/organizations/{org}/collaborators/{col}", change_one, change),
        endpoint::delete(
            "/organizations/{org}/collaborators/{col}",
            remove_one,
            remove.nothing("204", "They belong to the organization no more"),
        ),
        endpoint::post("/organizations/{org}/collaborators/{col}/invitation", invite_again, inviting_again()),
    ]
}

fn example(status: &str) -> Value {
    json!({
        "id": "col_01J0000000000000000000000A", "status": status, "name": "Han Meimei",
        "phone_masked": "138****8000", "roles": [], "modules": [modules::example()],
        "created_at": "2026-11-22T10:00:00.000Z",
    })
}

async fn invite(order: Order<MembersWrite, InOrganization, Json<NewCollaborator>>) -> HttpResponse {
    let site = order.permit.site.clone();
    let invited = async {
        let Json(body) = order.body.clone();
        let placement = Placement {
            name: checked_name(body.name.as_deref())?,
            department: body.department.map(Some),
            manager: body.manager.map(Some),
            roles: body.roles,
            apps: None,
            modules: body.modules.map(modules::references).transpose()?,
        };
        let new = NewAffiliation { belonging: Belonging::Collaborator, phone: body.phone, placement };
        site.admin.invite_person(order.permit.at.scope, new, &order.permit.by).await
    };
    let invited = invited.await;
    order
        .answer(invited, StatusCode::CREATED, |(placed, issued)| InvitedCollaborator {
            collaborator: view(placed),
            invitation: invitation(&site, issued),
        })
        .await
}

async fn list(
    permit: Permitted<MembersRead, InOrganization>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    affiliations::list(permit, request, Belonging::Collaborator, view).await
}

async fn show_one(
    permit: Permitted<MembersRead, InOrganization>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    affiliations::show(permit, request, Belonging::Collaborator, view).await
}

async fn change_one(order: Order<MembersWrite, InOrganization, Json<CollaboratorChange>>) -> HttpResponse {
    let site = order.permit.site.clone();
    let changed = async {
        let id = person(&order.request, Belonging::Collaborator)?;
        let Json(body) = order.body.clone();
        let placement = Placement {
            name: checked_name(body.name.as_deref())?,
            department: body.department,
            manager: body.manager,
            roles: body.roles,
            apps: None,
            modules: body.modules.map(modules::references).transpose()?,
        };
        let change = AffiliationChange { enabled: switched(body.status), placement };
        site.admin.change_person(order.permit.at.scope, id, change, &order.permit.by).await
    };
    let changed = changed.await;
    order.answer(changed, StatusCode::OK, view).await
}

async fn remove_one(order: Order<MembersWrite, InOrganization, Nothing>) -> HttpResponse {
    affiliations::remove(order, Belonging::Collaborator).await
}

async fn invite_again(order: Order<MembersWrite, InOrganization, Nothing>) -> HttpResponse {
    affiliations::invite_again(order, Belonging::Collaborator).await
}

fn view(placed: &Placed) -> Collaborator {
    let known = &placed.affiliation;
    Collaborator {
        id: known.id.to_string(),
        status: known.status.into(),
        name: known.name.clone(),
        phone_masked: known.phone.masked(),
        roles: affiliations::roles(placed),
        modules: placed.modules.iter().map(modules::view).collect(),
        created_at: known.created_at.rfc3339(),
    }
}
