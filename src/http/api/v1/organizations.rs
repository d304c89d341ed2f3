//! `/organizations`: made and changed by the platform, read by themselves.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::domain::date::Date;
use crate::domain::naming::display_name;
use crate::domain::organization::{Edition, Organization as Known};
use crate::domain::right::{OrganizationRead, OrganizationsWrite};
use crate::http::answers::store_failed;
use crate::http::api::body::Json;
use crate::http::api::endpoint::{self, Endpoint};
use crate::http::api::list::{List, page};
use crate::http::api::order::{Order, shown};
use crate::http::api::permit::{InOrganization, OnPlatform, Permitted};
use crate::http::openapi::op::op;
use crate::http::problem::{Code, Problem};
use crate::store::organizations::OrganizationSettings;
use crate::usecases::administration::ChangeError;
use crate::usecases::organizations::Founding;

/// An organization to be made.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewOrganization {
    /// Its name, as visitors see it: 1 to 60 characters.
    #[schema(min_length = 1, max_length = 60)]
    name: String,
    /// What it has bought.
    edition: EditionName,
    /// The last day of its licence; a year from now when absent, without an end for the free edition.
    #[schema(format = Date)]
    licence_ends_on: Option<String>,
}

/// What may change of an organization.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct OrganizationChange {
    /// Its name.
    #[schema(min_length = 1, max_length = 60)]
    name: Option<String>,
    /// What it has bought; the member seats follow it.
    edition: Option<EditionName>,
    /// The last day of its licence.
    #[schema(format = Date)]
    licence_ends_on: Option<String>,
    /// Whether it is switched on; a disabled one's portals are closed and its keys refused.
    enabled: Option<bool>,
}

/// An edition.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "the words are the contract's, and domain::organization::Edition says what they mean"
)]
pub enum EditionName {
    Free,
    Trial,
    Standard,
    Enterprise,
    Ultimate,
}

/// An organization.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Organization {
    /// Its id.
    id: String,
    /// Its name.
    name: String,
    /// What it has bought.
    edition: EditionName,
    /// The last day of its licence; null without an end.
    #[schema(format = Date)]
    licence_ends_on: Option<String>,
    /// Whether it is switched on.
    enabled: bool,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
}

/// A new organization with its first key.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Founded {
    /// The organization.
    organization: Organization,
    /// A key with every scope of an organization; it is never shown again.
    api_key: String,
}

/// The routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let found = op("organizations", "Makes an organization with its first API key")
        .right::<OrganizationsWrite>()
        .repeatable()
        .takes::<NewOrganization>(&json!({"name": "Example Ltd", "edition": "standard"}))
        .gives::<Founded>(
            "201",
            "The organization; the key is shown this once",
            &json!({"organization": example(), "api_key": "mf_…"}),
        );
    let listed = op("organizations", "Every organization of the platform")
        .right::<OrganizationsWrite>()
        .lists::<Organization>();
    let read = op("organizations", "An organization").right::<OrganizationRead>().gives::<Organization>(
        "200",
        "The organization",
        &example(),
    );
    let change = op("organizations", "Changes an organization (platform keys)")
        .right::<OrganizationsWrite>()
        .repeatable()
        .takes::<OrganizationChange>(&json!({"licence_ends_on": "2027-12-31"}))
        .gives::<Organization>("200", "The organization as it is then", &example());
    vec![
        endpoint::post("/organizations", create, found),
        endpoint::get("/organizations", list, listed),
        endpoint::get("/organizations/{org}", show, read),
        endpoint::patch("/organizations/{org}", patch, change),
    ]
}

fn example() -> Value {
    json!({
        "id": "org_01J0000000000000000000000A", "name": "Example Ltd", "edition": "standard",
        "licence_ends_on": "2027-12-31", "enabled": true, "created_at": "2026-11-22T10:00:00.000Z",
    })
}

async fn create(order: Order<OrganizationsWrite, OnPlatform, Json<NewOrganization>>) -> HttpResponse {
    let site = order.permit.site.clone();
    let made = async {
        let Json(new) = &order.body;
        let founding = Founding {
            name: display_name(&new.name).map_err(|rule| ChangeError::invalid("name", rule.to_string()))?,
            edition: new.edition.into(),
            licence_ends_at: new.licence_ends_on.as_deref().map(licence_end).transpose()?,
            key: None,
        };
        site.admin.found(founding, &order.permit.by).await
    };
    let made = made.await;
    order
        .answer(made, StatusCode::CREATED, |(organization, key)| Founded {
            organization: view(organization),
            api_key: key.reveal(),
        })
        .await
}

async fn list(
    permit: Permitted<OrganizationsWrite, OnPlatform>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let page = page(&request, &permit.visitor)?;
    let found = permit.site.admin.store().organizations(page).await;
    let found = found.map_err(|error| store_failed(&permit.visitor, &error))?;
    Ok(shown(List::of(found, |organization| view(&organization))))
}

async fn show(permit: Permitted<OrganizationRead, InOrganization>) -> Result<HttpResponse, Problem> {
    let found = permit.site.admin.store().organization(permit.at.scope.organization()).await;
    let found = found.map_err(|error| store_failed(&permit.visitor, &error))?;
    let found = found.ok_or_else(|| permit.visitor.problem(Code::NotFound))?;
    Ok(shown(view(&found)))
}

async fn patch(order: Order<OrganizationsWrite, InOrganization, Json<OrganizationChange>>) -> HttpResponse {
    let site = order.permit.site.clone();
    let changed = async {
        let Json(change) = &order.body;
        let name = change.name.as_deref().map(display_name).transpose();
        let settings = OrganizationSettings {
            name: name.map_err(|rule| ChangeError::invalid("name", rule.to_string()))?,
            edition: change.edition.map(Edition::from),
            licence_ends_at: change.licence_ends_on.as_deref().map(licence_end).transpose()?.map(Some),
            enabled: change.enabled,
            member_seats: None,
        };
        site.admin.change_organization(order.permit.at.scope.organization(), settings, &order.permit.by).await
    };
    let changed = changed.await;
    order.answer(changed, StatusCode::OK, view).await
}

/// The end of a licence's last day.
fn licence_end(day: &str) -> Result<crate::domain::clock::Millis, ChangeError> {
    let day: Date =
        day.parse().map_err(|_| ChangeError::invalid("licence_ends_on", "must be a day like 2027-12-31"))?;
    Ok(day.begins_at())
}

fn view(known: &Known) -> Organization {
    Organization {
        id: known.id.to_string(),
        name: known.name.clone(),
        edition: known.edition.into(),
        licence_ends_on: known.licence_ends_at.map(|at| Date::of(at).to_string()),
        enabled: known.enabled,
        created_at: known.created_at.rfc3339(),
    }
}

impl From<EditionName> for Edition {
    fn from(name: EditionName) -> Self {
        match name {
            EditionName::Free => Self::Free,
            EditionName::Trial => Self::Trial,
            EditionName::Standard => Self::Standard,
            EditionName::Enterprise => Self::Enterprise,
            EditionName::Ultimate => Self::Ultimate,
        }
    }
}

impl From<Edition> for EditionName {
    fn from(edition: Edition) -> Self {
        match edition {
            Edition::Free => Self::Free,
            Edition::Trial => Self::Trial,
            Edition::Standard => Self::Standard,
            Edition::Enterprise => Self::Enterprise,
            Edition::Ultimate => Self::Ultimate,
        }
    }
}
