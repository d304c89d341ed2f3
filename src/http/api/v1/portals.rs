//! `/apps/{app}/portal`: the settings of the external window of one app.

use actix_web::HttpResponse;
use actix_web::http::StatusCode;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::domain::naming::{Named, display_name};
use crate::domain::portal::{Confirm, LOGIN_HOURS, Portal as Known, SignUp, Terms};
use crate::domain::right::{AppsRead, AppsWrite};
use crate::domain::web_address::check_web_address;
use crate::http::answers::store_failed;
use crate::http::api::body::{Json, clearable};
use crate::http::api::endpoint::{self, Endpoint};
use crate::http::api::order::{Order, shown};
use crate::http::api::permit::{InApp, Permitted};
use crate::http::openapi::op::op;
use crate::http::problem::{Code, Problem};
use crate::http::qr_code;
use crate::store::portals::PortalSettings;
use crate::usecases::administration::ChangeError;

/// Who may make an account at a portal.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "the words are the contract's, and domain::portal::SignUp says what they mean"
)]
pub enum SignUpMode {
    Open,
    Approval,
    Invitation,
}

/// How a person confirms a sign-in on the phone.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "the words are the contract's, and domain::portal::Confirm says what they mean"
)]
pub enum ConfirmMode {
    Adaptive,
    Tap,
    Number,
}

/// What may change of a portal.
#[derive(Clone, Debug, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct PortalChange {
    /// Whether it is switched on; a closed portal tells its visitors so.
    enabled: Option<bool>,
    /// Its place in links: 4 to 60 lowercase letters, digits and hyphens. Links and codes of the old one lead nowhere,
    /// and people sign in again.
    #[schema(min_length = 4, max_length = 60, pattern = "^[a-z0-9][a-z0-9-]*[a-z0-9]$")]
    slug: Option<String>,
    /// Who may make an account.
    sign_up: Option<SignUpMode>,
    /// How people confirm.
    confirm: Option<ConfirmMode>,
    /// How long a login lasts at most, in hours.
    #[schema(minimum = 1, maximum = 336)]
    login_hours: Option<i32>,
    /// The role of new people, by its id or name.
    default_role: Option<String>,
    /// A title of its own; null for the usual one.
    #[serde(default, deserialize_with = "clearable")]
    #[schema(min_length = 1, max_length = 60)]
    title: Option<Option<String>>,
    /// The https address of the terms; null, as `terms_version`, for none.
    #[serde(default, deserialize_with = "clearable")]
    #[schema(max_length = 1024)]
    terms_url: Option<Option<String>>,
    /// The version of the terms; a new one has to be accepted anew. Null, as `terms_url`, for none.
    #[serde(default, deserialize_with = "clearable")]
    #[schema(min_length = 1, max_length = 60)]
    terms_version: Option<Option<String>>,
}

/// A portal.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct Portal {
    /// The id of its app.
    app: String,
    /// Whether it is switched on.
    enabled: bool,
    /// Its place in links.
    slug: String,
    /// Who may make an account.
    sign_up: SignUpMode,
    /// How people confirm.
    confirm: ConfirmMode,
    /// How long a login lasts at most, in hours.
    login_hours: i32,
    /// The role of new people.
    default_role: String,
    /// A title of its own.
    title: Option<String>,
    /// Where its terms are to be read.
    terms_url: Option<String>,
    /// The version of its terms.
    terms_version: Option<String>,
    /// Its lasting link, for the service account's menu and for printing.
    link: String,
    /// The link as a QR code, drawn as SVG.
    qr_svg: String,
}

/// The routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let read = op("apps", "A portal's settings, its link and its lasting QR code")
        .right::<AppsRead>()
        .gives::<Portal>("200", "The portal", &example());
    let change = op("apps", "Changes a portal's settings")
        .describe("`link` and `qr_svg` follow the slug; they cannot be sent.")
        .right::<AppsWrite>()
        .repeatable()
        .takes::<PortalChange>(&json!({"sign_up": "approval", "login_hours": 24}))
        .gives::<Portal>("200", "The portal as it is then", &example())
        .problems(&[Code::SlugTaken]);
    vec![
        endpoint::get("/apps/{app}/portal", show, read),
        endpoint::patch("/apps/{app}/portal", patch, change),
    ]
}

fn example() -> Value {
    json!({
        "app": "app_01J0000000000000000000000A", "enabled": true, "slug": "suppliers", "sign_up": "open",
        "confirm": "adaptive", "login_hours": 168, "default_role": "user", "title": null,
        "terms_url": "https://example.com/terms", "terms_version": "2026-11",
        "link": "https://door.example.com/p/suppliers", "qr_svg": "<svg …",
    })
}

async fn show(permit: Permitted<AppsRead, InApp>) -> Result<HttpResponse, Problem> {
    let found = permit.site.admin.store().portal_of_app(permit.at.app).await;
    let found = found.map_err(|error| store_failed(&permit.visitor, &error))?;
    let found = found.ok_or_else(|| permit.visitor.problem(Code::NotFound))?;
    Ok(shown(view(&found, permit.site.admin.public_url())))
}

async fn patch(order: Order<AppsWrite, InApp, Json<PortalChange>>) -> HttpResponse {
    let site = order.permit.site.clone();
    let changed = async {
        let Json(change) = &order.body;
        let settings = settings(change)?;
        let role = change.default_role.as_deref().map(Named::read);
        let InApp { scope, app } = order.permit.at;
        site.admin.change_portal(scope, app, &settings, role.as_ref(), &order.permit.by).await
    };
    let changed = changed.await;
    order.answer(changed, StatusCode::OK, |portal| view(portal, site.admin.public_url())).await
}

fn settings(change: &PortalChange) -> Result<PortalSettings, ChangeError> {
    if change.login_hours.is_some_and(|hours| !LOGIN_HOURS.contains(&hours)) {
        return Err(ChangeError::invalid("login_hours", "must be a number from 1 to 336"));
    }
    if let Some(Some(url)) = &change.terms_url {
        check_web_address(url).map_err(|rule| ChangeError::invalid("terms_url", rule.to_string()))?;
    }
    Ok(PortalSettings {
        enabled: change.enabled,
        slug: change.slug.clone(),
        sign_up: change.sign_up.map(Into::into),
        confirm: change.confirm.map(Into::into),
        login_hours: change.login_hours,
        title: line("title", change.title.as_ref())?,
        terms_url: change.terms_url.clone(),
        terms_version: line("terms_version", change.terms_version.as_ref())?,
    })
}

/// One line of text that can be cleared.
fn line(field: &str, sent: Option<&Option<String>>) -> Result<Option<Option<String>>, ChangeError> {
    let read = |text: &Option<String>| text.as_deref().map(display_name).transpose();
    sent.map(read).transpose().map_err(|rule| ChangeError::invalid(field, rule.to_string()))
}

fn view(known: &Known, public_url: &str) -> Portal {
    let link = format!("{public_url}/p/{}", known.slug);
    let terms = known.terms.clone();
    let (terms_url, terms_version) = terms.map(|Terms { url, version }| (url, version)).unzip();
    Portal {
        app: known.app.to_string(),
        enabled: known.enabled,
        slug: known.slug.clone(),
        sign_up: known.sign_up.into(),
        confirm: known.confirm.into(),
        login_hours: known.login_hours,
        default_role: known.default_role.clone(),
        title: known.title.clone(),
        terms_url,
        terms_version,
        // A host's name and a slug are short enough for every code.
        qr_svg: qr_code::svg(&link).unwrap_or_default(),
        link,
    }
}

impl From<SignUpMode> for SignUp {
    fn from(mode: SignUpMode) -> Self {
        match mode {
            SignUpMode::Open => Self::Open,
            SignUpMode::Approval => Self::Approval,
            SignUpMode::Invitation => Self::Invitation,
        }
    }
}

impl From<SignUp> for SignUpMode {
    fn from(sign_up: SignUp) -> Self {
        match sign_up {
            SignUp::Open => Self::Open,
            SignUp::Approval => Self::Approval,
            SignUp::Invitation => Self::Invitation,
        }
    }
}

impl From<ConfirmMode> for Confirm {
    fn from(mode: ConfirmMode) -> Self {
        match mode {
            ConfirmMode::Adaptive => Self::Adaptive,
            ConfirmMode::Tap => Self::Tap,
            ConfirmMode::Number => Self::Number,
        }
    }
}

impl From<Confirm> for ConfirmMode {
    fn from(confirm: Confirm) -> Self {
        match confirm {
            Confirm::Adaptive => Self::Adaptive,
            Confirm::Tap => Self::Tap,
            Confirm::Number => Self::Number,
        }
    }
}
