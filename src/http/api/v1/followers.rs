//! `/organizations/{org}/followers`: who follows the service account, and their import from WeChat.

use std::collections::HashMap;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::domain::clock::Millis;
use crate::domain::follower::{Follower as Known, FollowerImport as Import};
use crate::domain::right::{FollowersRead, FollowersSync};
use crate::http::answers::store_failed;
use crate::http::api::endpoint::{self, Endpoint};
use crate::http::api::failures::failed;
use crate::http::api::list::{List, filters, page};
use crate::http::api::order::{Order, shown};
use crate::http::api::permit::{InOrganization, Permitted};
use crate::http::openapi::op::{op, query, text};
use crate::http::problem::{Code, Problem};
use crate::store::followers::Wanted;
use crate::store::wechat_bindings::Binding;

const PATH: &str = "/organizations/{org}/followers";
const SYNC: &str = "/organizations/{org}/followers/sync";

/// A person who follows the service account, or did.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Follower {
    /// WeChat's name for the person at this account.
    openid: String,
    /// Whether the person follows; only then can messages be sent.
    follows: bool,
    /// Since when, as far as WeChat has said.
    #[schema(format = DateTime)]
    followed_at: Option<String>,
    /// As of when `follows` is known.
    #[schema(format = DateTime)]
    changed_at: String,
    /// How the person came, in WeChat's words, such as `ADD_SCENE_SEARCH`.
    scene: Option<String>,
    /// The accounts of external users that are signed in by this openid.
    users: Vec<FollowerUser>,
}

/// An account that is signed in by a follower's openid.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FollowerUser {
    /// Its id.
    id: String,
    /// Its app.
    app: String,
}

/// An import of followers from WeChat.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct FollowerImport {
    /// Its id.
    id: String,
    /// `running`; `paused` while something is in the way, after which it goes on by itself; `done`; `failed`.
    #[schema(pattern = "^(running|paused|done|failed)$")]
    state: String,
    /// How many people follow, as WeChat said last.
    total: i32,
    /// How many of them are listed.
    listed: i32,
    /// Of how many WeChat was asked what it tells.
    detailed: i32,
    /// When it began.
    #[schema(format = DateTime)]
    started_at: String,
    /// When it came further last.
    #[schema(format = DateTime)]
    updated_at: String,
    /// What is in the way, or why it failed, as a stable word: `quota`, `unreachable`, `wrong_secret`, …
    failure: Option<String>,
}

#[derive(Serialize)]
struct Counted<T> {
    #[serde(flatten)]
    list: List<T>,
    total: u64,
}

#[derive(Deserialize)]
struct Filters {
    follows: Option<bool>,
    bound: Option<bool>,
    openid: Option<String>,
}

/// The routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let bool = json!({"type": "boolean"});
    let total = json!({"type": "integer", "minimum": 0, "description": "How many there are on all pages"});
    let list = op("followers", "Who follows the service account, or did")
        .right::<FollowersRead>()
        .lists_with::<Follower>(&json!({"total": total}))
        .parameters(json!([
            query("follows", &bool, "Those who follow now, or those who do not"),
            query("bound", &bool, "Those who are somebody's external user, or those who are not"),
            query("openid", &text(), "The one with this openid"),
        ]))
        .problems(&[Code::NoServiceAccount]);
    let sync = op("followers", "Imports the followers from WeChat")
        .right::<FollowersSync>()
        .describe(
            "It goes on by itself, also over a restart of the server; `GET` says how far it is. Who is not in WeChat's list any more \
             is kept as one who does not follow. While an import runs no second one begins.",
        )
        .repeatable()
        .gives::<FollowerImport>("202", "The import that runs now", &example())
        .problems(&[Code::NoServiceAccount]);
    let progress = op("followers", "The newest import of followers")
        .right::<FollowersRead>()
        .gives::<FollowerImport>("200", "The import", &example())
        .problems(&[Code::NoServiceAccount]);
    vec![
        endpoint::get(PATH, list_followers, list),
        endpoint::post(SYNC, begin_sync, sync),
        endpoint::get(SYNC, show_sync, progress),
    ]
}

fn example() -> Value {
    json!({
        "id": "imp_01J0000000000000000000000A", "state": "running", "total": 100_000, "listed": 30_000, "detailed": 0,
        "started_at": "2026-11-22T10:00:00.000Z", "updated_at": "2026-11-22T10:00:03.000Z", "failure": null,
    })
}

async fn list_followers(
    permit: Permitted<FollowersRead, InOrganization>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let (visitor, scope) = (&permit.visitor, permit.at.scope);
    let page = page(&request, visitor)?;
    let Filters { follows, bound, openid } = filters(&request, visitor)?;
    let wanted = Wanted { follows, bound, openid };
    let account = permit.site.admin.followed_account(scope).await.map_err(|error| failed(visitor, error))?;
    let store = permit.site.admin.store();
    let read = async {
        let listed = store.followers(scope, &account, &wanted, page).await?;
        let total = store.count_followers(scope, &account, &wanted).await?;
        let openids = listed.items.iter().map(|known| known.openid.clone()).collect();
        let bindings = store.bindings_of(scope, &account.appid, openids).await?;
        Ok((listed, total, bindings))
    };
    let (listed, total, bindings) = read.await.map_err(|error| store_failed(visitor, &error))?;
    let mut users: HashMap<String, Vec<FollowerUser>> = HashMap::new();
    for Binding { openid, user, app } in bindings {
        let user = FollowerUser { id: user.to_string(), app: app.to_string() };
        users.entry(openid).or_default().push(user);
    }
    let list = List::of(listed, |known| view(known, &mut users));
    Ok(shown(Counted { list, total }))
}

async fn begin_sync(order: Order<FollowersSync, InOrganization>) -> HttpResponse {
    let site = order.permit.site.clone();
    let begun = site.admin.import_followers(order.permit.at.scope, &order.permit.by).await;
    order.answer(begun, StatusCode::ACCEPTED, import_view).await
}

async fn show_sync(permit: Permitted<FollowersRead, InOrganization>) -> Result<HttpResponse, Problem> {
    let (visitor, scope) = (&permit.visitor, permit.at.scope);
    let account = permit.site.admin.followed_account(scope).await.map_err(|error| failed(visitor, error))?;
    let newest = permit.site.admin.store().newest_import(scope, account.id).await;
    let newest = newest.map_err(|error| store_failed(visitor, &error))?;
    let newest = newest.ok_or_else(|| visitor.problem(Code::NotFound))?;
    Ok(shown(import_view(&newest)))
}

fn view(known: Known, users: &mut HashMap<String, Vec<FollowerUser>>) -> Follower {
    Follower {
        users: users.remove(&known.openid).unwrap_or_default(),
        openid: known.openid,
        follows: known.follows,
        followed_at: known.followed_at.map(Millis::rfc3339),
        changed_at: known.changed_at.rfc3339(),
        scene: known.scene,
    }
}

fn import_view(import: &Import) -> FollowerImport {
    FollowerImport {
        id: import.id.to_string(),
        state: import.word().to_owned(),
        total: import.total,
        listed: import.listed,
        detailed: import.detailed,
        started_at: import.started_at.rfc3339(),
        updated_at: import.updated_at.rfc3339(),
        failure: import.failure.clone(),
    }
}
