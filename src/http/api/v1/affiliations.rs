//! What members and collaborators have in common: how they stand, how they are invited, what is shown of them.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::domain::account::Status;
use crate::domain::affiliation::{AffiliationId, Belonging, Placed};
use crate::domain::naming::display_name;
use crate::domain::right::{MembersRead, MembersWrite};
use crate::http::answers::store_failed;
use crate::http::api::body::Nothing;
use crate::http::api::list::{List, filters, page};
use crate::http::api::order::{Order, shown};
use crate::http::api::permit::{InOrganization, Permitted, in_path};
use crate::http::openapi::op::{Op, op, query};
use crate::http::problem::{Code, Problem};
use crate::http::site::Site;
use crate::usecases::administration::ChangeError;
use crate::usecases::affiliations::IssuedInvitation;

/// How somebody stands in an organization.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AffiliationStatus {
    /// Invited, and has not joined yet.
    Invited,
    /// Has joined.
    Active,
    /// Switched off.
    Disabled,
}

/// To switch somebody on or off.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AffiliationSwitch {
    /// On.
    Active,
    /// Off.
    Disabled,
}

/// A role that somebody has.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct HeldRole {
    /// Its id.
    id: String,
    /// Its name.
    name: String,
    /// The app that it is a role of.
    app_id: String,
}

/// An app that somebody has joined.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AppOfMember {
    /// Its id.
    id: String,
    /// Its name.
    name: String,
}

/// An invitation, to be handed to whoever is invited.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct InvitationToJoin {
    /// What `POST /accounts/register` and `POST /accounts/me/invitations` take; it is never shown again.
    token: String,
    /// A page on which it can be taken up.
    #[schema(format = "uri")]
    link: String,
    /// Until when it can be taken up.
    #[schema(format = DateTime)]
    expires_at: String,
}

#[derive(Deserialize)]
struct Filters {
    status: Option<AffiliationStatus>,
}

/// A right of an operation on members and collaborators, described.
pub(super) fn changing(summary: &str) -> Op {
    op("members", summary).right::<MembersWrite>().repeatable()
}

/// A list with its filter, described.
pub(super) fn listing<T: ToSchema>(summary: &str) -> Op {
    let statuses = json!({"type": "string", "enum": Status::ALL.map(Status::name)});
    op("members", summary).right::<MembersRead>().lists::<T>().parameters(json!([query(
        "status",
        &statuses,
        "Those who stand so"
    )]))
}

/// The operation of inviting anew, described.
pub(super) fn inviting_again() -> Op {
    let example = json!({
        "token": "…", "link": "https://portal.example.com/join/…", "expires_at": "2026-11-29T10:00:00.000Z",
    });
    changing("Invites somebody anew who has not joined yet; the invitation before counts no more")
        .gives::<InvitationToJoin>("201", "The invitation; it is shown this once", &example)
        .problems(&[Code::WrongStatus, Code::SeatsFull])
}

pub(super) fn example_invitation() -> Value {
    json!({"token": "…", "link": "https://portal.example.com/join/…", "expires_at": "2026-11-29T10:00:00.000Z"})
}

/// The person of the address.
pub(super) fn person(request: &HttpRequest, belonging: Belonging) -> Result<AffiliationId, ChangeError> {
    let id = match belonging {
        Belonging::Member => in_path(request, "mbr").map(AffiliationId::Member),
        Belonging::Collaborator => in_path(request, "col").map(AffiliationId::Collaborator),
    };
    id.ok_or(ChangeError::NotFound)
}

/// Answers with the people of one kind.
pub(super) async fn list<V: Serialize>(
    permit: Permitted<MembersRead, InOrganization>,
    request: HttpRequest,
    belonging: Belonging,
    view: fn(&Placed) -> V,
) -> Result<HttpResponse, Problem> {
    let visitor = &permit.visitor;
    let page = page(&request, visitor)?;
    let Filters { status } = filters(&request, visitor)?;
    let store = permit.site.admin.store();
    let listed = store.affiliations(permit.at.scope, belonging, status.map(Status::from), page).await;
    let listed = listed.map_err(|error| store_failed(visitor, &error))?;
    Ok(shown(List::of(listed, |placed| view(&placed))))
}

/// Answers with one person.
pub(super) async fn show<V: Serialize>(
    permit: Permitted<MembersRead, InOrganization>,
    request: HttpRequest,
    belonging: Belonging,
    view: fn(&Placed) -> V,
) -> Result<HttpResponse, Problem> {
    let visitor = &permit.visitor;
    let unknown = || visitor.problem(Code::NotFound);
    let id = person(&request, belonging).map_err(|_| unknown())?;
    let found = permit.site.admin.store().affiliation(permit.at.scope, id).await;
    let found = found.map_err(|error| store_failed(visitor, &error))?.ok_or_else(unknown)?;
    Ok(shown(view(&found)))
}

/// Removes one person.
pub(super) async fn remove(
    order: Order<MembersWrite, InOrganization, Nothing>,
    belonging: Belonging,
) -> HttpResponse {
    let site = order.permit.site.clone();
    let gone = match person(&order.request, belonging) {
        Ok(id) => site.admin.remove_person(order.permit.at.scope, id, &order.permit.by).await,
        Err(error) => Err(error),
    };
    order.answer_nothing(gone).await
}

/// Invites one person anew.
pub(super) async fn invite_again(
    order: Order<MembersWrite, InOrganization, Nothing>,
    belonging: Belonging,
) -> HttpResponse {
    let site = order.permit.site.clone();
    let issued = match person(&order.request, belonging) {
        Ok(id) => site.admin.invite_person_again(order.permit.at.scope, id, &order.permit.by).await,
        Err(error) => Err(error),
    };
    order.answer(issued, StatusCode::CREATED, |issued| invitation(&site, issued)).await
}

/// A name out of a request.
pub(super) fn checked_name(name: Option<&str>) -> Result<Option<String>, ChangeError> {
    let name = name.map(display_name).transpose();
    name.map_err(|rule| ChangeError::invalid("name", rule.to_string()))
}

/// Whether somebody shall be on.
pub(super) fn switched(status: Option<AffiliationSwitch>) -> Option<bool> {
    status.map(|status| matches!(status, AffiliationSwitch::Active))
}

/// An invitation as it is handed on.
pub(super) fn invitation(site: &Site, issued: &IssuedInvitation) -> InvitationToJoin {
    InvitationToJoin {
        token: issued.token.reveal().to_owned(),
        link: format!("{}/join/{}", site.admin.public_url(), issued.token.reveal()),
        expires_at: issued.expires_at.rfc3339(),
    }
}

pub(super) fn roles(placed: &Placed) -> Vec<HeldRole> {
    let role = |role: &crate::domain::affiliation::RoleOfApp| HeldRole {
        id: role.id.to_string(),
        name: role.name.clone(),
        app_id: role.app.to_string(),
    };
    placed.roles.iter().map(role).collect()
}

pub(super) fn apps(placed: &Placed) -> Vec<AppOfMember> {
    placed.apps.iter().map(|app| AppOfMember { id: app.id.to_string(), name: app.name.clone() }).collect()
}

impl From<AffiliationStatus> for Status {
    fn from(status: AffiliationStatus) -> Self {
        match status {
            AffiliationStatus::Invited => Self::Invited,
            AffiliationStatus::Active => Self::Active,
            AffiliationStatus::Disabled => Self::Disabled,
        }
    }
}

impl From<Status> for AffiliationStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Invited => Self::Invited,
            Status::Active => Self::Active,
            Status::Disabled => Self::Disabled,
        }
    }
}
