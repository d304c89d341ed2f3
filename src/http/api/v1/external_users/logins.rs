//! The logins of an external user: where it is signed in, and ending that.

use actix_web::{HttpRequest, HttpResponse};
use serde::Serialize;
use utoipa::ToSchema;

use crate::domain::clock::Millis;
use crate::domain::ids::LoginId;
use crate::domain::login::{Login, LoginKind};
use crate::domain::right::{ExternalUsersRead, ExternalUsersWrite};
use crate::http::answers::store_failed;
use crate::http::api::body::Nothing;
use crate::http::api::endpoint::{self, Endpoint};
use crate::http::api::list::{List, page};
use crate::http::api::order::{Order, shown};
use crate::http::api::permit::{InApp, Permitted, in_path};
use crate::http::openapi::op::op;
use crate::http::problem::{Code, Problem};
use crate::usecases::administration::ChangeError;

use super::view::whom;

/// Where somebody signed in.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(super) enum ExternalUserLoginKind {
    /// On a computer, by a scanned code.
    Pc,
    /// Inside WeChat, by the portal's link.
    Wechat,
}

/// A login: one browser on which an external user is signed in.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub(super) struct ExternalUserLogin {
    /// Its id.
    id: String,
    /// Where it was made.
    kind: ExternalUserLoginKind,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was last used, to the minute.
    #[schema(format = DateTime)]
    last_seen_at: String,
    /// When it ends whatever happens.
    #[schema(format = DateTime)]
    expires_at: String,
}

pub(super) fn endpoints() -> Vec<Endpoint> {
    let list = op("external users", "Where an external user is signed in")
        .right::<ExternalUsersRead>()
        .lists::<ExternalUserLogin>();
    let end_all = op("external users", "Signs an external user out everywhere, at once")
        .right::<ExternalUsersWrite>()
        .repeatable()
        .nothing("204", "No login of this person counts any more");
    let end = op("external users", "Ends one login, at once")
        .right::<ExternalUsersWrite>()
        .repeatable()
        .nothing("204", "It counts no more");
    vec![
        endpoint::get("/apps/{app}/external-users/{usr}/logins", index, list),
        endpoint::delete("/apps/{app}/external-users/{usr}/logins", remove_all, end_all),
        endpoint::delete("/apps/{app}/external-users/{usr}/logins/{lgn}", remove, end),
    ]
}

async fn index(
    permit: Permitted<ExternalUsersRead, InApp>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (visitor, store) = (&permit.visitor, permit.site.admin.store());
    let page = page(&request, visitor)?;
    let unknown = || visitor.problem(Code::NotFound);
    let whom = whom(permit.at, &request).ok_or_else(unknown)?;
    let failed = |error| store_failed(visitor, &error);
    store.external_user_record(whom.scope, whom.app, whom.user).await.map_err(failed)?.ok_or_else(unknown)?;
    let lifetimes = permit.site.sign_in.lifetimes();
    let logins = store.logins_of(whom.scope, whom.user, lifetimes, page).await.map_err(failed)?;
    Ok(shown(List::of(logins, |(login, created_at)| view(&login, created_at))))
}

async fn remove_all(order: Order<ExternalUsersWrite, InApp, Nothing>) -> HttpResponse {
    let site = order.permit.site.clone();
    let ended = match whom(order.permit.at, &order.request) {
        Some(whom) => site.admin.end_user_logins(whom, &order.permit.by).await,
        None => Err(ChangeError::NotFound),
    };
    order.answer_nothing(ended).await
}

async fn remove(order: Order<ExternalUsersWrite, InApp, Nothing>) -> HttpResponse {
    let site = order.permit.site.clone();
    let login = in_path::<LoginId>(&order.request, "lgn");
    let ended = match whom(order.permit.at, &order.request).zip(login) {
        Some((whom, login)) => site.admin.end_user_login(whom, login, &order.permit.by).await,
        None => Err(ChangeError::NotFound),
    };
    order.answer_nothing(ended).await
}

fn view(login: &Login, created_at: Millis) -> ExternalUserLogin {
    ExternalUserLogin {
        id: login.id.to_string(),
        kind: match login.kind {
            LoginKind::Pc => ExternalUserLoginKind::Pc,
            LoginKind::WeChat => ExternalUserLoginKind::Wechat,
        },
        created_at: created_at.rfc3339(),
        last_seen_at: login.last_seen_at.rfc3339(),
        expires_at: login.expires_at.rfc3339(),
    }
}
