//! `/apps/{app}/roles`: what external users may be; each has exactly one.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::domain::ids::RoleId;
use crate::domain::right::{AppsRead, AppsWrite};
use crate::domain::role::{Role as Known, role_name};
use crate::http::answers::store_failed;
use crate::http::api::body::{Json, Nothing};
use crate::http::api::endpoint::{self, Endpoint};
use crate::http::api::list::{List, page};
use crate::http::api::order::Order;
use crate::http::api::order::shown;
use crate::http::api::permit::{InApp, Permitted, in_path};
use crate::http::openapi::op::op;
use crate::http::problem::{Code, Problem};
use crate::usecases::administration::ChangeError;

/// A role's name.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct RoleName {
    /// 1 to 60 characters.
    #[schema(min_length = 1, max_length = 60)]
    name: String,
}

/// A role.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Role {
    /// Its id.
    id: String,
    /// Its name.
    name: String,
    /// Whether new people get it.
    is_default: bool,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
}

/// The routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let make = op("apps", "Adds a role")
        .right::<AppsWrite>()
        .repeatable()
        .takes::<RoleName>(&json!({"name": "buyer"}))
        .gives::<Role>("201", "The role", &example())
        .problems(&[Code::NameTaken]);
    let list = op("apps", "The roles of an app").right::<AppsRead>().lists::<Role>();
    let rename = op("apps", "Renames a role; its people follow")
        .right::<AppsWrite>()
        .repeatable()
        .takes::<RoleName>(&json!({"name": "purchaser"}))
        .gives::<Role>("200", "The role as it is then", &example())
        .problems(&[Code::NameTaken]);
    let delete = op("apps", "Deletes a role; its people get the default role")
        .right::<AppsWrite>()
        .repeatable()
        .nothing("204", "It is gone")
        .problems(&[Code::RoleIsDefault]);
    vec![
        endpoint::post("/apps/{app}/roles", create, make),
        endpoint::get("/apps/{app}/roles", index, list),
        endpoint::patch("/apps/{app}/roles/{role}", patch, rename),
        endpoint::delete("/apps/{app}/roles/{role}", remove, delete),
    ]
}

fn example() -> Value {
    json!({
        "id": "rol_01J0000000000000000000000A", "name": "buyer", "is_default": false,
        "created_at": "2026-11-22T10:00:00.000Z",
    })
}

async fn create(order: Order<AppsWrite, InApp, Json<RoleName>>) -> HttpResponse {
    let site = order.permit.site.clone();
    let made = async {
        let name = name(&order.body.0)?;
        let InApp { scope, app } = order.permit.at;
        site.admin.create_role(scope, app, name, &order.permit.by).await
    };
    let made = made.await;
    order.answer(made, StatusCode::CREATED, view).await
}

async fn index(permit: Permitted<AppsRead, InApp>, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let page = page(&request, &permit.visitor)?;
    let InApp { scope, app } = permit.at;
    let roles = permit.site.admin.store().roles(scope, app, page).await;
    let roles = roles.map_err(|error| store_failed(&permit.visitor, &error))?;
    Ok(shown(List::of(roles, |role| view(&role))))
}

async fn patch(order: Order<AppsWrite, InApp, Json<RoleName>>) -> HttpResponse {
    let site = order.permit.site.clone();
    let renamed = async {
        let role = in_path::<RoleId>(&order.request, "role").ok_or(ChangeError::NotFound)?;
        let name = name(&order.body.0)?;
        let InApp { scope, app } = order.permit.at;
        site.admin.rename_role(scope, app, role, name, &order.permit.by).await
    };
    let renamed = renamed.await;
    order.answer(renamed, StatusCode::OK, view).await
}

async fn remove(order: Order<AppsWrite, InApp, Nothing>) -> HttpResponse {
    let site = order.permit.site.clone();
    let InApp { scope, app } = order.permit.at;
    let deleted = match in_path::<RoleId>(&order.request, "role") {
        Some(role) => site.admin.delete_role(scope, app, role, &order.permit.by).await,
        None => Err(ChangeError::NotFound),
    };
    order.answer_nothing(deleted).await
}

fn name(sent: &RoleName) -> Result<String, ChangeError> {
    role_name(&sent.name).map_err(|rule| ChangeError::invalid("name", rule.to_string()))
}

fn view(known: &Known) -> Role {
    Role {
        id: known.id.to_string(),
        name: known.name.clone(),
        is_default: known.is_default,
        created_at: known.created_at.rfc3339(),
    }
}
