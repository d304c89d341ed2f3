//! `/organizations/{org}/departments`: what members and external users are placed in.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::domain::department::Department as Known;
use crate::domain::ids::DepartmentId;
use crate::domain::naming::display_name;
use crate::domain::right::{MembersRead, MembersWrite};
use crate::http::answers::store_failed;
use crate::http::api::body::{Json, Nothing, clearable};
use crate::http::api::endpoint::{self, Endpoint};
use crate::http::api::list::{List, page};
use crate::http::api::order::{Order, shown};
use crate::http::api::permit::{InOrganization, Permitted, in_path};
use crate::http::openapi::op::op;
use crate::http::problem::{Code, Problem};
use crate::usecases::administration::ChangeError;
use crate::usecases::departments::DepartmentChange as Change;

/// A department to be added.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewDepartment {
    /// Its name, unique in the organization: 1 to 60 characters.
    #[schema(min_length = 1, max_length = 60)]
    name: String,
    /// The department that it is part of, by id or name.
    parent: Option<String>,
}

/// What may change of a department.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
#[expect(clippy::option_option, reason = "absent, null and a value are three things")]
pub struct DepartmentChange {
    /// Its name.
    #[schema(min_length = 1, max_length = 60)]
    name: Option<String>,
    /// The department that it is part of, by id or name; null for none.
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<String>)]
    parent: Option<Option<String>>,
}

/// A department.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Department {
    /// Its id.
    id: String,
    /// Its name.
    name: String,
    /// The department that it is part of; null for none.
    parent_id: Option<String>,
    /// When it was added.
    #[schema(format = DateTime)]
    created_at: String,
}

/// The routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let create = op("members", "Adds a department")
        .right::<MembersWrite>()
        .repeatable()
        .takes::<NewDepartment>(&json!({"name": "Sales", "parent": null}))
        .gives::<Department>("201", "The department", &example())
        .problems(&[Code::NameTaken]);
    let list = op("members", "The departments").right::<MembersRead>().lists::<Department>();
    let change = op("members", "Renames a department, or moves it with all that is part of it")
        .right::<MembersWrite>()
        .repeatable()
        .takes::<DepartmentChange>(&json!({"name": "Sales north"}))
        .gives::<Department>("200", "The department as it is then", &example())
        .problems(&[Code::NameTaken]);
    let remove = op("members", "Takes a department away")
        .describe("Its people lose it, and what was part of it becomes part of the department above.")
        .right::<MembersWrite>()
        .repeatable()
        .nothing("204", "It is gone");
    vec![
        endpoint::post("/organizations/{org}/departments", create_one, create),
        endpoint::get("/organizations/{org}/departments", list_all, list),
        endpoint::patch("/organizations/{org}/departments/{dep}", change_one, change),
        endpoint::delete("/organizations/{org}/departments/{dep}", delete_one, remove),
    ]
}

fn example() -> Value {
    json!({
        "id": "dep_01J0000000000000000000000A", "name": "Sales", "parent_id": null,
        "created_at": "2026-11-22T10:00:00.000Z",
    })
}

async fn create_one(order: Order<MembersWrite, InOrganization, Json<NewDepartment>>) -> HttpResponse {
    let site = order.permit.site.clone();
    let made = async {
        let Json(new) = &order.body;
        let name = display_name(&new.name).map_err(|rule| ChangeError::invalid("name", rule.to_string()))?;
        let (scope, by) = (order.permit.at.scope, &order.permit.by);
        site.admin.create_department(scope, &name, new.parent.as_deref(), by).await
    };
    let made = made.await;
    order.answer(made, StatusCode::CREATED, view).await
}

async fn list_all(
    permit: Permitted<MembersRead, InOrganization>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let page = page(&request, &permit.visitor)?;
    let listed = permit.site.admin.store().departments(permit.at.scope, page).await;
    let listed = listed.map_err(|error| store_failed(&permit.visitor, &error))?;
    Ok(shown(List::of(listed, |department| view(&department))))
}

async fn change_one(order: Order<MembersWrite, InOrganization, Json<DepartmentChange>>) -> HttpResponse {
    let site = order.permit.site.clone();
    let changed = async {
        let id: DepartmentId = in_path(&order.request, "dep").ok_or(ChangeError::NotFound)?;
        let Json(body) = order.body.clone();
        let name = body.name.as_deref().map(display_name).transpose();
        let name = name.map_err(|rule| ChangeError::invalid("name", rule.to_string()))?;
        let change = Change { name, parent: body.parent };
        site.admin.change_department(order.permit.at.scope, id, change, &order.permit.by).await
    };
    let changed = changed.await;
    order.answer(changed, StatusCode::OK, view).await
}

async fn delete_one(order: Order<MembersWrite, InOrganization, Nothing>) -> HttpResponse {
    let site = order.permit.site.clone();
    let gone = match in_path(&order.request, "dep") {
        Some(id) => site.admin.delete_department(order.permit.at.scope, id, &order.permit.by).await,
        None => Err(ChangeError::NotFound),
    };
    order.answer_nothing(gone).await
}

fn view(known: &Known) -> Department {
    Department {
        id: known.id.to_string(),
        name: known.name.clone(),
        parent_id: known.parent.map(|parent| parent.to_string()),
        created_at: known.created_at.rfc3339(),
    }
}
