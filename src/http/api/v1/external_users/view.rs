//! How an external user is shown, and how one is named in an address.

use actix_web::HttpRequest;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::domain::clock::Millis;
use crate::domain::external_user::{Record, Status};
use crate::domain::ids::UserId;
use crate::http::api::permit::{InApp, in_path};
use crate::usecases::external_users::Whom;

/// Whether an account may be used.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ExternalUserStatus {
    /// The organization has yet to let it in; takes no seat.
    Pending,
    /// In use; takes a seat.
    Active,
    /// Switched off; takes no seat.
    Disabled,
}

/// An external user.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct ExternalUser {
    /// Its id.
    id: String,
    /// The id of its app.
    app: String,
    /// Whether it may be used.
    status: ExternalUserStatus,
    /// The name to show, if there is one.
    nickname: Option<String>,
    /// The picture to show, if there is one.
    avatar_url: Option<String>,
    /// Its phone, with the middle hidden; null once it was freed.
    phone_masked: Option<String>,
    /// The name of its one role.
    role: String,
    /// The id of its role.
    role_id: String,
    /// The name of its department.
    department: Option<String>,
    /// The id of its department.
    department_id: Option<String>,
    /// Who it reports to: a member (`mbr_…`) or another external user of the app (`usr_…`).
    manager: Option<String>,
    /// Whether a WeChat identity is bound to it.
    has_wechat: bool,
    /// Whether the person follows the service account; only followers can be sent messages.
    follows: bool,
    /// When the organization invited it; null when the person came by itself.
    #[schema(format = DateTime)]
    invited_at: Option<String>,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was last changed.
    #[schema(format = DateTime)]
    updated_at: String,
}

pub(super) fn example() -> Value {
    json!({
        "id": "usr_01J0000000000000000000000A", "app": "app_01J0000000000000000000000A", "status": "active",
        "nickname": "Alice", "avatar_url": null, "phone_masked": "138****8000", "role": "user",
        "role_id": "rol_01J0000000000000000000000A", "department": "Purchasing",
        "department_id": "dep_01J0000000000000000000000A", "manager": "mbr_01J0000000000000000000000A",
        "has_wechat": true, "follows": false, "invited_at": null, "created_at": "2026-11-22T10:00:00.000Z",
        "updated_at": "2026-11-22T10:00:00.000Z",
    })
}

pub(super) fn view(record: &Record) -> ExternalUser {
    let user = &record.user;
    ExternalUser {
        id: user.id.to_string(),
        app: user.app.to_string(),
        status: user.status.into(),
        nickname: user.nickname.clone(),
        avatar_url: user.avatar_url.clone(),
        phone_masked: user.phone_masked(),
        role: user.role.clone(),
        role_id: record.role.to_string(),
        department: record.department.clone(),
        department_id: user.department.map(|department| department.to_string()),
        manager: user.manager.map(|manager| manager.to_string()),
        has_wechat: record.has_wechat,
        follows: record.follows,
        invited_at: user.invited_at.map(Millis::rfc3339),
        created_at: record.created_at.rfc3339(),
        updated_at: record.updated_at.rfc3339(),
    }
}

/// The person that an address names; none when it cannot be an id.
pub(super) fn whom(at: InApp, request: &HttpRequest) -> Option<Whom> {
    let user = in_path::<UserId>(request, "usr")?;
    Some(Whom { scope: at.scope, app: at.app, user })
}

impl From<ExternalUserStatus> for Status {
    fn from(status: ExternalUserStatus) -> Self {
        match status {
            ExternalUserStatus::Pending => Self::Pending,
            ExternalUserStatus::Active => Self::Active,
            ExternalUserStatus::Disabled => Self::Disabled,
        }
    }
}

impl From<Status> for ExternalUserStatus {
    fn from(status: Status) -> Self {
        match status {
            Status::Pending => Self::Pending,
            Status::Active => Self::Active,
            Status::Disabled => Self::Disabled,
        }
    }
}
