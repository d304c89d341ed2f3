//! `/organizations/{org}/modules`: what people are invited into.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::domain::module::{Module as Known, ModuleKind};
use crate::domain::naming::display_name;
use crate::domain::right::{MembersRead, MembersWrite};
use crate::http::answers::store_failed;
use crate::http::api::body::{Json, Nothing};
use crate::http::api::endpoint::{self, Endpoint};
use crate::http::api::list::{List, page};
use crate::http::api::order::{Order, shown};
use crate::http::api::permit::{InOrganization, Permitted, in_path};
use crate::http::openapi::op::op;
use crate::http::problem::{Code, Problem};
use crate::store::modules::NewModule as New;
use crate::usecases::administration::ChangeError;
use crate::usecases::modules::ModuleReference as Reference;

/// What a module is.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "the words are the contract's, and domain::module::ModuleKind says what they mean"
)]
pub enum ModuleKindName {
    Project,
    Task,
    Group,
}

/// A module to be added.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewModule {
    /// What it is.
    kind: ModuleKindName,
    /// Its name, unique among those of its kind in the organization: 1 to 60 characters.
    #[schema(min_length = 1, max_length = 60)]
    name: String,
    /// The app that it belongs to, by id.
    app: Option<String>,
}

/// A module by its kind and name.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ModuleByName {
    /// What it is.
    kind: ModuleKindName,
    /// Its name.
    #[schema(min_length = 1, max_length = 60)]
    name: String,
}

/// A module that somebody is placed in: one that is there by its id, or by kind and name one that is found or made.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(untagged, expecting = "an id of a module, or an object with kind and name")]
pub enum ModuleReference {
    /// By its id.
    Id(String),
    /// By its kind and name.
    Named(ModuleByName),
}

/// A module.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Module {
    /// Its id.
    id: String,
    /// What it is.
    kind: ModuleKindName,
    /// Its name.
    name: String,
    /// The app that it belongs to; null for none.
    app_id: Option<String>,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
}

/// The routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let create = op("members", "Adds a module that people can be invited into")
        .right::<MembersWrite>()
        .repeatable()
        .takes::<NewModule>(&json!({"kind": "project", "name": "New plant"}))
        .gives::<Module>("201", "The module", &example())
        .problems(&[Code::NameTaken]);
    let list = op("members", "The modules").right::<MembersRead>().lists::<Module>();
    let remove = op("members", "Takes a module away; nobody is in it any more")
        .right::<MembersWrite>()
        .repeatable()
        .nothing("204", "It is gone");
    vec![
        endpoint::post("/organizations/{org}/modules", create_one, create),
        endpoint::get("/organizations/{org}/modules", list_all, list),
        endpoint::delete("/organizations/{org}/modules/{mod}", delete_one, remove),
    ]
}

pub(super) fn example() -> Value {
    json!({
        "id": "mod_01J0000000000000000000000A", "kind": "project", "name": "New plant", "app_id": null,
        "created_at": "2026-11-22T10:00:00.000Z",
    })
}

async fn create_one(order: Order<MembersWrite, InOrganization, Json<NewModule>>) -> HttpResponse {
    let site = order.permit.site.clone();
    let made = async {
        let Json(body) = &order.body;
        let app = body.app.as_deref().map(str::parse).transpose();
        let new = New {
            kind: body.kind.into(),
            name: display_name(&body.name).map_err(|rule| ChangeError::invalid("name", rule.to_string()))?,
            app: app.map_err(|_| ChangeError::invalid("app", "must be an id like app_01…"))?,
        };
        site.admin.create_module(order.permit.at.scope, &new, &order.permit.by).await
    };
    let made = made.await;
    order.answer(made, StatusCode::CREATED, view).await
}

async fn list_all(
    permit: Permitted<MembersRead, InOrganization>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let page = page(&request, &permit.visitor)?;
    let listed = permit.site.admin.store().modules(permit.at.scope, page).await;
    let listed = listed.map_err(|error| store_failed(&permit.visitor, &error))?;
    Ok(shown(List::of(listed, |module| view(&module))))
}

async fn delete_one(order: Order<MembersWrite, InOrganization, Nothing>) -> HttpResponse {
    let site = order.permit.site.clone();
    let gone = match in_path(&order.request, "mod") {
        Some(id) => site.admin.delete_module(order.permit.at.scope, id, &order.permit.by).await,
        None => Err(ChangeError::NotFound),
    };
    order.answer_nothing(gone).await
}

pub(super) fn view(known: &Known) -> Module {
    Module {
        id: known.id.to_string(),
        kind: known.kind.into(),
        name: known.name.clone(),
        app_id: known.app.map(|app| app.to_string()),
        created_at: known.created_at.rfc3339(),
    }
}

/// The modules that a request names, with their names checked.
pub(super) fn references(sent: Vec<ModuleReference>) -> Result<Vec<Reference>, ChangeError> {
    let read = |(place, reference)| match reference {
        ModuleReference::Id(id) => Ok(Reference::Id(id)),
        ModuleReference::Named(ModuleByName { kind, name }) => {
            let name = display_name(&name)
                .map_err(|rule| ChangeError::invalid(format!("modules[{place}].name"), rule.to_string()))?;
            Ok(Reference::Named { kind: kind.into(), name })
        }
    };
    sent.into_iter().enumerate().map(read).collect()
}

impl From<ModuleKindName> for ModuleKind {
    fn from(name: ModuleKindName) -> Self {
        match name {
            ModuleKindName::Project => Self::Project,
            ModuleKindName::Task => Self::Task,
            ModuleKindName::Group => Self::Group,
        }
    }
}

impl From<ModuleKind> for ModuleKindName {
    fn from(kind: ModuleKind) -> Self {
        match kind {
            ModuleKind::Project => Self::Project,
            ModuleKind::Task => Self::Task,
            ModuleKind::Group => Self::Group,
        }
    }
}
