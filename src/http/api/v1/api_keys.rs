//! `/api-keys` and `/organizations/{org}/api-keys`: made, listed without their secrets, taken back.

use std::time::Duration;

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::openapi::{ObjectBuilder, RefOr, Schema};
use utoipa::{PartialSchema, ToSchema};

use crate::domain::api_key::ApiKey as Known;
use crate::domain::ids::{ApiKeyId, OrgId};
use crate::domain::naming::display_name;
use crate::domain::right::{KeysRead, KeysWrite, Scope};
use crate::http::answers::store_failed;
use crate::http::api::body::{Json, Nothing};
use crate::http::api::endpoint::{self, Endpoint};
use crate::http::api::list::{List, page};
use crate::http::api::order::{Order, shown};
use crate::http::api::permit::{InOrganization, OnPlatform, Permitted, Place, in_path};
use crate::http::openapi::op::{Op, op};
use crate::http::problem::Problem;
use crate::usecases::administration::ChangeError;
use crate::usecases::api_keys::NewKey;

/// A key to be made.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewApiKey {
    /// What it is called: 1 to 60 characters.
    #[schema(min_length = 1, max_length = 60)]
    name: String,
    /// What it may do; every scope of the key that makes it, when absent.
    #[schema(value_type = Option<Vec<ScopeName>>, min_items = 1)]
    scopes: Option<Vec<String>>,
    /// How many days it lasts; as long as keys may when absent.
    #[schema(minimum = 1, maximum = 365)]
    expires_in_days: Option<u32>,
}

/// A key, without its secret.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ApiKey {
    /// Its id.
    id: String,
    /// What it is called.
    name: String,
    /// What it may do.
    #[schema(value_type = Vec<ScopeName>)]
    scopes: Vec<String>,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it ends.
    #[schema(format = DateTime)]
    expires_at: String,
    /// When it was taken back; null while it counts.
    #[schema(format = DateTime)]
    revoked_at: Option<String>,
    /// When it was last used, to the minute.
    #[schema(format = DateTime)]
    last_used_at: Option<String>,
}

/// A new key with its text.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct MadeApiKey {
    /// The key.
    #[serde(flatten)]
    key: ApiKey,
    /// Its text; it is never shown again.
    api_key: String,
}

/// A scope, as a word.
struct ScopeName;

impl PartialSchema for ScopeName {
    fn schema() -> RefOr<Schema> {
        let words = Scope::ALL.iter().map(|scope| scope.name());
        ObjectBuilder::new().description(Some("What a key may do.")).enum_values(Some(words)).into()
    }
}

impl ToSchema for ScopeName {}

/// The routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    vec![
        endpoint::post("/api-keys", create::<OnPlatform>, making("Makes a key of the platform")),
        endpoint::get("/api-keys", list::<OnPlatform>, listing("The keys of the platform")),
        endpoint::delete("/api-keys/{key}", revoke::<OnPlatform>, revoking()),
        endpoint::post(
            "/organizations/{org}/api-keys",
            create::<InOrganization>,
            making("Makes a key of the organization"),
        ),
        endpoint::get(
            "/organizations/{org}/api-keys",
            list::<InOrganization>,
            listing("The keys of the organization"),
        ),
        endpoint::delete("/organizations/{org}/api-keys/{key}", revoke::<InOrganization>, revoking()),
    ]
}

fn making(summary: &str) -> Op {
    let mut made = example();
    made["api_key"] = json!("mf_…");
    op("organizations", summary)
        .describe("A key can be given no scope that the key which makes it lacks.")
        .right::<KeysWrite>()
        .repeatable()
        .takes::<NewApiKey>(&json!({"name": "billing", "scopes": ["seats:read"], "expires_in_days": 90}))
        .gives::<MadeApiKey>("201", "The key; its text is shown this once", &made)
}

fn listing(summary: &str) -> Op {
    op("organizations", summary).right::<KeysRead>().lists::<ApiKey>()
}

fn revoking() -> Op {
    op("organizations", "Takes a key back, at once")
        .right::<KeysWrite>()
        .repeatable()
        .nothing("204", "It counts no more")
}

fn example() -> Value {
    json!({
        "id": "key_01J0000000000000000000000A", "name": "billing", "scopes": ["seats:read"],
        "created_at": "2026-11-22T10:00:00.000Z", "expires_at": "2027-02-20T10:00:00.000Z",
        "revoked_at": null, "last_used_at": null,
    })
}

/// Whose keys a place has.
pub trait Owner: Place {
    /// The organization; none for the platform.
    fn organization(&self) -> Option<OrgId>;
}

impl Owner for OnPlatform {
    fn organization(&self) -> Option<OrgId> {
        None
    }
}

impl Owner for InOrganization {
    fn organization(&self) -> Option<OrgId> {
        Some(self.scope.organization())
    }
}

async fn create<P: Owner>(order: Order<KeysWrite, P, Json<NewApiKey>>) -> HttpResponse {
    let site = order.permit.site.clone();
    let made = async {
        let Json(new) = &order.body;
        let organization = order.permit.at.organization();
        let key = NewKey {
            organization,
            name: display_name(&new.name).map_err(|rule| ChangeError::invalid("name", rule.to_string()))?,
            scopes: scopes(new.scopes.as_deref(), &order.permit.key, organization)?,
            lasts: new.expires_in_days.map(days).transpose()?,
        };
        site.admin.create_key(key, &order.permit.by).await
    };
    let made = made.await;
    order
        .answer(made, StatusCode::CREATED, |(key, text)| MadeApiKey {
            key: view(key),
            api_key: text.reveal(),
        })
        .await
}

/// The scopes that are asked for: none that the asking key lacks.
fn scopes(
    asked: Option<&[String]>,
    own: &Known,
    organization: Option<OrgId>,
) -> Result<Vec<Scope>, ChangeError> {
    let Some(asked) = asked else {
        let fit = |scope: &Scope| organization.is_none() || !scope.platform_only();
        return Ok(own.scopes.iter().copied().filter(fit).collect());
    };
    let read = |(place, word): (usize, &String)| {
        let field = format!("scopes[{place}]");
        let scope = Scope::from_name(word).ok_or_else(|| ChangeError::invalid(&field, "is no scope"))?;
        if own.may(scope) {
            Ok(scope)
        } else {
            Err(ChangeError::invalid(&field, "your own key lacks this scope"))
        }
    };
    asked.iter().enumerate().map(read).collect()
}

fn days(days: u32) -> Result<Duration, ChangeError> {
    if days == 0 {
        return Err(ChangeError::invalid("expires_in_days", "at least 1"));
    }
    Ok(Duration::from_secs(u64::from(days) * 86_400))
}

async fn list<P: Owner>(
    permit: Permitted<KeysRead, P>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let page = page(&request, &permit.visitor)?;
    let keys = permit.site.admin.store().api_keys(permit.at.organization(), page).await;
    let keys = keys.map_err(|error| store_failed(&permit.visitor, &error))?;
    Ok(shown(List::of(keys, |key| view(&key))))
}

async fn revoke<P: Owner>(order: Order<KeysWrite, P, Nothing>) -> HttpResponse {
    let site = order.permit.site.clone();
    let revoked = match in_path::<ApiKeyId>(&order.request, "key") {
        Some(id) => site.admin.revoke_key(order.permit.at.organization(), id, &order.permit.by).await,
        None => Err(ChangeError::NotFound),
    };
    order.answer_nothing(revoked).await
}

fn view(key: &Known) -> ApiKey {
    ApiKey {
        id: key.id.to_string(),
        name: key.name.clone(),
        scopes: key.scopes.iter().map(|scope| scope.name().to_owned()).collect(),
        created_at: key.created_at.rfc3339(),
        expires_at: key.expires_at.rfc3339(),
        revoked_at: key.revoked_at.map(crate::domain::clock::Millis::rfc3339),
        last_used_at: key.last_used_at.map(crate::domain::clock::Millis::rfc3339),
    }
}
