//! Listing external users, and reading one.

use actix_web::{HttpRequest, HttpResponse};
use serde::Deserialize;
use serde_json::json;

use crate::domain::external_user::{Record, Status};
use crate::domain::naming::Named;
use crate::domain::right::ExternalUsersRead;
use crate::http::answers::store_failed;
use crate::http::api::endpoint::{self, Endpoint};
use crate::http::api::failures::failed;
use crate::http::api::list::{List, filters, page};
use crate::http::api::order::shown;
use crate::http::api::permit::{InApp, Permitted};
use crate::http::openapi::op::{op, query, text};
use crate::http::problem::{Code, Problem};
use crate::store::external_user_records::Wanted;
use crate::store::{Listed, StoreError};
use crate::usecases::administration::ChangeError;

use super::view::{ExternalUser, example, view, whom};

#[derive(Deserialize)]
struct Filters {
    status: Option<String>,
    role: Option<String>,
    department: Option<String>,
    subdepartments: Option<bool>,
    waiting: Option<bool>,
    phone: Option<String>,
    unreachable: Option<bool>,
}

pub(super) fn endpoints() -> Vec<Endpoint> {
    let status = json!({"enum": ["pending", "active", "disabled"]});
    let list = op("external users", "The external users of an app, in the order in which they came")
        .right::<ExternalUsersRead>()
        .lists::<ExternalUser>()
        .parameters(json!([
            query("status", &status, "Those of this status; `pending` are both the invited and those who wait"),
            query(
                "waiting",
                &json!({"type": "boolean"}),
                "Those who came by themselves and wait to be let in; or all others: `status=pending&waiting=false` are those \
                 who are invited and have not come yet",
            ),
            query("role", &text(), "Those of this role, by its id or name"),
            query("department", &text(), "Those of this department, by its id or name"),
            query(
                "subdepartments",
                &json!({"type": "boolean", "default": false}),
                "Also those of the departments that are part of `department`, directly or through others",
            ),
            query("phone", &text(), "The one of this phone: the whole number"),
            query(
                "unreachable",
                &json!({"type": "boolean"}),
                "Those who have neither phone nor WeChat identity left, so that nobody comes into them; or all others",
            ),
        ]));
    let read = op("external users", "An external user").right::<ExternalUsersRead>().gives::<ExternalUser>(
        "200",
        "The external user",
        &example(),
    );
    vec![
        endpoint::get("/apps/{app}/external-users", index, list),
        endpoint::get("/apps/{app}/external-users/{usr}", show, read),
    ]
}

async fn index(
    permit: Permitted<ExternalUsersRead, InApp>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let visitor = &permit.visitor;
    let page = page(&request, visitor)?;
    let filters: Filters = filters(&request, visitor)?;
    let (store, InApp { scope, app }) = (permit.site.admin.store(), permit.at);
    let wanted = wanted(&permit, filters).await.map_err(|error| failed(visitor, error))?;
    let users = match wanted {
        Some(wanted) => store.external_users(scope, app, &wanted, page).await,
        None => Ok(Listed { items: Vec::new(), next: None }),
    };
    let users = users.map_err(|error: StoreError| store_failed(visitor, &error))?;
    Ok(shown(List::of(users, |record: Record| view(&record))))
}

/// What a query asks for; none when it names a role or department that nobody can be in.
async fn wanted(
    permit: &Permitted<ExternalUsersRead, InApp>,
    filters: Filters,
) -> Result<Option<Wanted>, ChangeError> {
    let (admin, InApp { scope, app }) = (&permit.site.admin, permit.at);
    let status = filters.status.map(|word| {
        let rule = "must be pending, active or disabled";
        Status::from_name(&word).ok_or_else(|| ChangeError::invalid("status", rule))
    });
    let mut wanted = Wanted {
        status: status.transpose()?,
        phone: filters.phone.map(|typed| admin.phone(&typed)).transpose()?,
        unreachable: filters.unreachable,
        waiting: filters.waiting,
        ..Wanted::default()
    };
    if let Some(named) = filters.role {
        let Some(role) = admin.store().role(app, &Named::read(&named)).await? else { return Ok(None) };
        wanted.role = Some(role.name);
    }
    if let Some(named) = filters.department {
        let department = admin.store().department_by(scope, &Named::read(&named)).await?;
        let Some(department) = department else { return Ok(None) };
        wanted.departments = Some(if filters.subdepartments == Some(true) {
            admin.store().department_with_parts(scope, department).await?
        } else {
            vec![department]
        });
    }
    Ok(Some(wanted))
}

async fn show(
    permit: Permitted<ExternalUsersRead, InApp>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let unknown = || permit.visitor.problem(Code::NotFound);
    let whom = whom(permit.at, &request).ok_or_else(unknown)?;
    let found = permit.site.admin.store().external_user_record(whom.scope, whom.app, whom.user).await;
    let found = found.map_err(|error| store_failed(&permit.visitor, &error))?;
    Ok(shown(view(&found.ok_or_else(unknown)?)))
}
