//! Changing an external user, letting it in, deleting it.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::{Deserialize, Deserializer};
use serde_json::json;
use utoipa::ToSchema;

use crate::domain::capability::{Kind, allows_roles};
use crate::domain::external_user::Manager;
use crate::domain::naming::{Named, display_name};
use crate::domain::right::ExternalUsersWrite;
use crate::http::api::body::{Json, Nothing, clearable};
use crate::http::api::endpoint::{self, Endpoint};
use crate::http::api::order::Order;
use crate::http::api::permit::InApp;
use crate::http::openapi::op::op;
use crate::http::problem::Code;
use crate::usecases::administration::ChangeError;
use crate::usecases::external_users::UserChange;

use super::view::{ExternalUser, ExternalUserStatus, example, view, whom};

/// What may change of an external user.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub(super) struct ExternalUserChange {
    /// `active` lets a pending or disabled person in, which takes a seat; `disabled` signs the person out everywhere.
    status: Option<ExternalUserStatus>,
    /// The name to show, as an invitation's `name`: 1 to 60 characters; null for none. A picture from WeChat stays.
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<String>, min_length = 1, max_length = 60)]
    nickname: Option<Option<String>>,
    /// Its one role, by id or name.
    #[serde(default, deserialize_with = "roles_sent")]
    #[schema(value_type = String, required = false)]
    role: Option<Roles>,
    /// Its department, by id or name; null for none.
    #[serde(default, deserialize_with = "clearable")]
    department: Option<Option<String>>,
    /// Who it reports to: the id of a member (`mbr_…`) or of another external user of the app (`usr_…`); null for nobody.
    #[serde(default, deserialize_with = "clearable")]
    manager: Option<Option<String>>,
    /// What other kinds of user have; read so that the refusal can say why.
    #[serde(default, deserialize_with = "roles_sent")]
    #[schema(ignore)]
    roles: Option<Roles>,
}

/// Roles as they were sent.
#[derive(Clone, Debug, Deserialize)]
#[serde(untagged, expecting = "expected the id or name of a role")]
enum Roles {
    One(String),
    Several(Vec<String>),
    None,
}

fn roles_sent<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Roles>, D::Error> {
    Roles::deserialize(value).map(Some)
}

pub(super) fn endpoints() -> Vec<Endpoint> {
    let change = op("external users", "Changes an external user: all that is sent, or nothing")
        .describe("An external user has exactly one role, and may have a department and a manager.")
        .right::<ExternalUsersWrite>()
        .repeatable()
        .takes::<ExternalUserChange>(&json!({"role": "buyer", "department": "Purchasing", "manager": null}))
        .gives::<ExternalUser>("200", "The external user as it is then", &example())
        .problems(&[Code::SeatsFull, Code::WrongStatus, Code::NotForKind]);
    let approve =
        op("external users", "Lets a pending person in; the browsers that wait for it go on at once")
            .right::<ExternalUsersWrite>()
            .repeatable()
            .gives::<ExternalUser>("200", "The external user as it is then", &example())
            .problems(&[Code::SeatsFull, Code::WrongStatus]);
    let delete = op("external users", "Deletes an external user and its personal data")
        .describe("The audit log keeps its id. Whoever has the phone can come again, as somebody new.")
        .right::<ExternalUsersWrite>()
        .repeatable()
        .nothing("204", "It is gone");
    vec![
        endpoint::patch("/apps/{app}/external-users/{usr}", patch, change),
        endpoint::post("/apps/{app}/external-users/{usr}/approve", admit, approve),
        endpoint::delete("/apps/{app}/external-users/{usr}", remove, delete),
    ]
}

async fn patch(order: Order<ExternalUsersWrite, InApp, Json<ExternalUserChange>>) -> HttpResponse {
    let site = order.permit.site.clone();
    let changed = async {
        let whom = whom(order.permit.at, &order.request).ok_or(ChangeError::NotFound)?;
        site.admin.change_user(whom, wanted(&order.body.0)?, &order.permit.by).await
    };
    let changed = changed.await;
    order.answer(changed, StatusCode::OK, view).await
}

fn wanted(sent: &ExternalUserChange) -> Result<UserChange, ChangeError> {
    let role = match (&sent.role, &sent.roles) {
        (role, None) => role.as_ref().map(|role| one_role("role", role)).transpose()?,
        (_, Some(roles)) => {
            one_role("roles", roles)?;
            return Err(ChangeError::invalid("roles", "send the one role of an external user as `role`"));
        }
    };
    let manager = sent.manager.as_ref().map(|manager| match manager {
        Some(id) => id.parse::<Manager>().map(Some).map_err(|_| {
            ChangeError::invalid(
                "manager",
                "must be the id of a member (mbr_…) or of an external user (usr_…)",
            )
        }),
        None => Ok(None),
    });
    let nickname = sent.nickname.as_ref().map(|name| match name {
        Some(name) => {
            display_name(name).map(Some).map_err(|rule| ChangeError::invalid("nickname", rule.to_string()))
        }
        None => Ok(None),
    });
    Ok(UserChange {
        status: sent.status.map(Into::into),
        role: role.map(Named::read),
        department: sent.department.as_ref().map(|named| named.as_deref().map(Named::read)),
        manager: manager.transpose()?,
        nickname: nickname.transpose()?,
    })
}

/// The one role that was sent; how many there may be is for the table of capabilities to say.
fn one_role<'a>(field: &str, sent: &'a Roles) -> Result<&'a str, ChangeError> {
    let count = match sent {
        Roles::One(role) => return Ok(role),
        Roles::Several(roles) => roles.len(),
        Roles::None => 0,
    };
    allows_roles(Kind::ExternalUser, count)?;
    Err(ChangeError::invalid(field, "must be the id or name of one role, and no list"))
}

async fn admit(order: Order<ExternalUsersWrite, InApp, Nothing>) -> HttpResponse {
    let site = order.permit.site.clone();
    let admitted = match whom(order.permit.at, &order.request) {
        Some(whom) => site.admin.admit(whom, &order.permit.by).await,
        None => Err(ChangeError::NotFound),
    };
    order.answer(admitted, StatusCode::OK, view).await
}

async fn remove(order: Order<ExternalUsersWrite, InApp, Nothing>) -> HttpResponse {
    let site = order.permit.site.clone();
    let deleted = match whom(order.permit.at, &order.request) {
        Some(whom) => site.admin.delete_user(whom, &order.permit.by).await,
        None => Err(ChangeError::NotFound),
    };
    order.answer_nothing(deleted).await
}
