//! `/organizations/{org}/apps` and `/apps/{app}`: what an organization lets people into.

use actix_web::http::StatusCode;
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::domain::app::App as Known;
use crate::domain::naming::display_name;
use crate::domain::right::{AppsRead, AppsWrite};
use crate::domain::web_address::check_web_address;
use crate::http::answers::store_failed;
use crate::http::api::body::{Json, clearable};
use crate::http::api::endpoint::{self, Endpoint};
use crate::http::api::list::{List, page};
use crate::http::api::order::{Order, shown};
use crate::http::api::permit::{InApp, InOrganization, Permitted};
use crate::http::openapi::op::op;
use crate::http::problem::{Code, Problem};
use crate::store::apps::AppSettings;
use crate::usecases::administration::ChangeError;
use crate::usecases::apps::AppWanted;

/// An app to be made.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct NewApp {
    /// Its name, as visitors see it: 1 to 60 characters.
    #[schema(min_length = 1, max_length = 60)]
    name: String,
    /// Its portal's place in links: 4 to 60 lowercase letters, digits and hyphens; one made of the app's id when absent.
    #[schema(min_length = 4, max_length = 60, pattern = "^[a-z0-9][a-z0-9-]*[a-z0-9]$")]
    slug: Option<String>,
    /// The https address of its logo.
    #[schema(max_length = 1024)]
    logo_url: Option<String>,
}

/// What may change of an app.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AppChange {
    /// Its name.
    #[schema(min_length = 1, max_length = 60)]
    name: Option<String>,
    /// The https address of its logo; null takes it away.
    #[serde(default, deserialize_with = "clearable")]
    #[schema(max_length = 1024)]
    logo_url: Option<Option<String>>,
    /// Whether it is switched on; the portal of a disabled one is closed.
    enabled: Option<bool>,
}

/// An app.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct App {
    /// Its id.
    id: String,
    /// The id of its organization.
    organization: String,
    /// Its name.
    name: String,
    /// Its portal's place in links.
    slug: String,
    /// Its logo; null without one.
    logo_url: Option<String>,
    /// Whether it is switched on.
    enabled: bool,
    /// When it was made.
    #[schema(format = DateTime)]
    created_at: String,
    /// Its portal's link.
    portal_url: String,
}

/// The routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let make = op("apps", "Makes an app with its portal and its default role")
        .right::<AppsWrite>()
        .repeatable()
        .takes::<NewApp>(&json!({"name": "Supplier portal", "slug": "suppliers"}))
        .gives::<App>("201", "The app", &example())
        .problems(&[Code::SlugTaken]);
    let list = op("apps", "The apps of an organization").right::<AppsRead>().lists::<App>();
    let read = op("apps", "An app").right::<AppsRead>().gives::<App>("200", "The app", &example());
    let change = op("apps", "Changes an app")
        .right::<AppsWrite>()
        .repeatable()
        .takes::<AppChange>(&json!({"name": "Suppliers", "logo_url": "https://example.com/logo.png"}))
        .gives::<App>("200", "The app as it is then", &example());
    vec![
        endpoint::post("/organizations/{org}/apps", create, make),
        endpoint::get("/organizations/{org}/apps", index, list),
        endpoint::get("/apps/{app}", show, read),
        endpoint::patch("/apps/{app}", patch, change),
    ]
}

fn example() -> Value {
    json!({
        "id": "app_01J0000000000000000000000A", "organization": "org_01J0000000000000000000000A",
        "name": "Supplier portal", "slug": "suppliers", "logo_url": null, "enabled": true,
        "created_at": "2026-11-22T10:00:00.000Z", "portal_url": "https://door.example.com/p/suppliers",
    })
}

async fn create(order: Order<AppsWrite, InOrganization, Json<NewApp>>) -> HttpResponse {
    let site = order.permit.site.clone();
    let made = async {
        let Json(new) = &order.body;
        let wanted = AppWanted {
            name: name(&new.name)?,
            slug: new.slug.clone(),
            logo_url: new.logo_url.as_deref().map(logo).transpose()?,
        };
        site.admin.add_app(order.permit.at.scope, wanted, &order.permit.by).await
    };
    let made = made.await;
    order.answer(made, StatusCode::CREATED, |app| view(app, site.admin.public_url())).await
}

async fn index(
    permit: Permitted<AppsRead, InOrganization>,
    request: HttpRequest,
) -> Result<HttpResponse, Problem> {
    let page = page(&request, &permit.visitor)?;
    let apps = permit.site.admin.store().apps(permit.at.scope, page).await;
    let apps = apps.map_err(|error| store_failed(&permit.visitor, &error))?;
    Ok(shown(List::of(apps, |app| view(&app, permit.site.admin.public_url()))))
}

async fn show(permit: Permitted<AppsRead, InApp>) -> Result<HttpResponse, Problem> {
    let found = permit.site.admin.store().app(permit.at.app).await;
    let found = found.map_err(|error| store_failed(&permit.visitor, &error))?;
    let found = found.ok_or_else(|| permit.visitor.problem(Code::NotFound))?;
    Ok(shown(view(&found, permit.site.admin.public_url())))
}

async fn patch(order: Order<AppsWrite, InApp, Json<AppChange>>) -> HttpResponse {
    let site = order.permit.site.clone();
    let changed = async {
        let Json(change) = &order.body;
        let logo = change.logo_url.as_ref().map(|url| url.as_deref().map(logo).transpose());
        let settings = AppSettings {
            name: change.name.as_deref().map(name).transpose()?,
            logo_url: logo.transpose()?,
            enabled: change.enabled,
        };
        let InApp { scope, app } = order.permit.at;
        site.admin.change_app(scope, app, &settings, &order.permit.by).await
    };
    let changed = changed.await;
    order.answer(changed, StatusCode::OK, |app| view(app, site.admin.public_url())).await
}

fn name(typed: &str) -> Result<String, ChangeError> {
    display_name(typed).map_err(|rule| ChangeError::invalid("name", rule.to_string()))
}

fn logo(url: &str) -> Result<String, ChangeError> {
    check_web_address(url).map_err(|rule| ChangeError::invalid("logo_url", rule.to_string()))?;
    Ok(url.to_owned())
}

fn view(known: &Known, public_url: &str) -> App {
    App {
        id: known.id.to_string(),
        organization: known.organization.to_string(),
        name: known.name.clone(),
        slug: known.slug.clone(),
        logo_url: known.logo_url.clone(),
        enabled: known.enabled,
        created_at: known.created_at.rfc3339(),
        portal_url: format!("{public_url}/p/{}", known.slug),
    }
}
