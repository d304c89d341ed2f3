//! `/organizations/{org}/members`: registered people who belong to the organization.

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
    self, AffiliationStatus, AffiliationSwitch, AppOfMember, HeldRole, InvitationToJoin, changing,
    checked_name, example_invitation, invitation, inviting_again, listing, person, switched,
};
use super::modules::{self, Module, ModuleReference};

/// A member to be invited.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewMember {
    /// Whose phone proves who joins; a bare Chinese mobile number is taken as +86.
    phone: String,
    /// What the organization calls the person; their own name when absent.
    #[schema(min_length = 1, max_length = 60)]
    name: Option<String>,
    /// The department, by id or name.
    department: Option<String>,
    /// Who the person reports to: a member, by id.
    manager: Option<String>,
    /// The apps that they join, by id.
    apps: Option<Vec<String>>,
    /// The modules that they join.
    modules: Option<Vec<ModuleReference>>,
    /// Their roles, by id, or by name where only one app has a role of that name.
    roles: Option<Vec<String>>,
}

/// What may change of a member; a list replaces the whole one.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::option_option, reason = "absent, null and a value are three things")]
pub struct MemberChange {
    /// Switched on (which takes a seat) or off (which frees it); not for those who have not joined yet.
    status: Option<AffiliationSwitch>,
    /// What the organization calls the person.
    #[schema(min_length = 1, max_length = 60)]
    name: Option<String>,
    /// The department, by id or name; null for none.
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<String>)]
    department: Option<Option<String>>,
    /// Who the person reports to: a member, by id; null for nobody.
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<String>)]
    manager: Option<Option<String>>,
    /// All apps, by id.
    apps: Option<Vec<String>>,
    /// All modules.
    modules: Option<Vec<ModuleReference>>,
    /// All roles, by id, or by name where only one app has a role of that name.
    roles: Option<Vec<String>>,
}

/// A member.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Member {
    /// The id.
    id: String,
    /// How the member stands.
    status: AffiliationStatus,
    /// What the organization calls the person; null until somebody says.
    name: Option<String>,
    /// The phone, its middle hidden.
    phone_masked: String,
    /// The department's name.
    department: Option<String>,
    /// The department's id.
    department_id: Option<String>,
    /// Who the person reports to: a member's id.
    manager: Option<String>,
    /// The roles.
    roles: Vec<HeldRole>,
    /// The apps that were joined.
    apps: Vec<AppOfMember>,
    /// The modules that were joined.
    modules: Vec<Module>,
    /// When the person was first invited.
    #[schema(format = DateTime)]
    created_at: String,
}

/// A member who was just invited.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InvitedMember {
    /// The member.
    #[serde(flatten)]
    member: Member,
    /// The invitation; it is shown this once.
    invitation: InvitationToJoin,
}

/// The routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let mut invited = example("invited");
    invited["invitation"] = example_invitation();
    let create = changing("Invites a member")
        .describe(
            "The invitation is handed on by whoever asks for it. A member takes a seat by joining, and nobody is \
             invited while no member seat is free.",
        )
        .takes::<NewMember>(&json!({"phone": "13800138000", "name": "Li Lei", "department": "Sales"}))
        .gives::<InvitedMember>("201", "The member; the invitation is shown this once", &invited)
        .problems(&[Code::SeatsFull, Code::AlreadyMember, Code::AlreadyCollaborator, Code::NotForKind]);
    let show = op("members", "A member").right::<MembersRead>();
    let show = show.gives::<Member>("200", "The member", &example("active"));
    let change = changing("Changes a member; switched off, they see nothing of the organization any more")
        .takes::<MemberChange>(&json!({"status": "disabled"}))
        .gives::<Member>("200", "The member as it is then", &example("disabled"))
        .problems(&[Code::SeatsFull, Code::WrongStatus, Code::NotForKind]);
    let remove = changing("Removes a member: the seat is free, the person's account stays");
    vec![
        endpoint::post("/organizations/{org}/members", invite, create),
        endpoint::get("/organizations/{org}/members", list, listing::<Member>("The members")),
        endpoint::get("/organizations/{org}/members/{mbr}", show_one, show),
        endpoint::patch("/organizations/{org}/members/{mbr}", change_one, change),
        endpoint::delete(
            "/organizations/{org}/members/{mbr}",
            remove_one,
            remove.nothing("204", "They belong to the organization no more"),
        ),
        endpoint::post("/organizations/{org}/members/{mbr}/invitation", invite_again, inviting_again()),
    ]
}

fn example(status: &str) -> Value {
    json!({
        "id": "mbr_01J0000000000000000000000A", "status": status, "name": "Li Lei", "phone_masked": "138****8000",
        "department": "Sales", "department_id": "dep_01J0000000000000000000000A", "manager": null,
        "roles": [{
            "id": "rol_01J0000000000000000000000A", "name": "buyer", "app_id": "app_01J0000000000000000000000A",
        }],
        "apps": [{"id": "app_01J0000000000000000000000A", "name": "Supplier portal"}],
        "modules": [modules::example()], "created_at": "2026-11-22T10:00:00.000Z",
    })
}

async fn invite(order: Order<MembersWrite, InOrganization, Json<NewMember>>) -> HttpResponse {
    let site = order.permit.site.clone();
    let invited = async {
        let Json(body) = order.body.clone();
        let placement = Placement {
            name: checked_name(body.name.as_deref())?,
            department: body.department.map(Some),
            manager: body.manager.map(Some),
            roles: body.roles,
            apps: body.apps,
            modules: body.modules.map(modules::references).transpose()?,
        };
        let new = NewAffiliation { belonging: Belonging::Member, phone: body.phone, placement };
        site.admin.invite_person(order.permit.at.scope, new, &order.permit.by).await
    };
    let invited = invited.await;
    order
        .answer(invited, StatusCode::CREATED, |(placed, issued)| InvitedMember {
            member: view(placed),
            invitation: invitation(&site, issued),
        })
        .await
}

async fn list(
    permit: Permitted<MembersRead, InOrganization>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    affiliations::list(permit, request, Belonging::Member, view).await
}

async fn show_one(
    permit: Permitted<MembersRead, InOrganization>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    affiliations::show(permit, request, Belonging::Member, view).await
}

async fn change_one(order: Order<MembersWrite, InOrganization, Json<MemberChange>>) -> HttpResponse {
    let site = order.permit.site.clone();
    let changed = async {
        let id = person(&order.request, Belonging::Member)?;
        let Json(body) = order.body.clone();
        let placement = Placement {
            name: checked_name(body.name.as_deref())?,
            department: body.department,
            manager: body.manager,
            roles: body.roles,
            apps: body.apps,
            modules: body.modules.map(modules::references).transpose()?,
        };
        let change = AffiliationChange { enabled: switched(body.status), placement };
        site.admin.change_person(order.permit.at.scope, id, change, &order.permit.by).await
    };
    let changed = changed.await;
    order.answer(changed, StatusCode::OK, view).await
}

async fn remove_one(order: Order<MembersWrite, InOrganization, Nothing>) -> HttpResponse {
    affiliations::remove(order, Belonging::Member).await
}

async fn invite_again(order: Order<MembersWrite, InOrganization, Nothing>) -> HttpResponse {
    affiliations::invite_again(order, Belonging::Member).await
}

fn view(placed: &Placed) -> Member {
    let known = &placed.affiliation;
    Member {
        id: known.id.to_string(),
        status: known.status.into(),
        name: known.name.clone(),
        phone_masked: known.phone.masked(),
        department: placed.department.clone(),
        department_id: known.department.map(|id| id.to_string()),
        manager: known.manager.map(|id| id.to_string()),
        roles: affiliations::roles(placed),
        apps: affiliations::apps(placed),
        modules: placed.modules.iter().map(modules::view).collect(),
        created_at: known.created_at.rfc3339(),
    }
}
