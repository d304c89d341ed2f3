//! `/accounts/me`: who is signed in with a platform account, what they have joined, their logins.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::domain::account::AccountLogin as KnownLogin;
use crate::domain::ids::AccountLoginId;
use crate::http::answers::store_failed;
use crate::http::api::body::Json;
use crate::http::api::endpoint::{self, Endpoint};
use crate::http::api::list::{List, page};
use crate::http::api::open::Open;
use crate::http::api::order::shown;
use crate::http::api::permit::in_path;
use crate::http::extract::Account;
use crate::http::extract::account::COOKIE;
use crate::http::openapi::op::op;
use crate::http::problem::{Code, Problem};
use crate::usecases::platform_accounts::Membership;
use crate::usecases::registration::AcceptError;

use super::account_views::{
    AffiliationOfAccount, OrganizationOfAccount, PlatformAccount, account, account_example, affiliation,
    affiliation_example, organization,
};
use super::accounts::answer;
use super::modules::ModuleKindName;

/// The account that is signed in, and what it belongs to.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct SignedInAs {
    /// The account.
    #[serde(flatten)]
    account: PlatformAccount,
    /// What it belongs to.
    affiliations: Vec<AffiliationOfAccount>,
}

/// What an account has joined in one organization.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct JoinedInOrganization {
    /// The organization.
    organization: OrganizationOfAccount,
    /// As what: `member` or `external_collaborator`.
    kind: &'static str,
    /// The member's or collaborator's id there.
    id: String,
    /// The apps; those that are switched off are left out.
    apps: Vec<JoinedApp>,
    /// The modules.
    modules: Vec<JoinedModule>,
}

/// An app that an account has joined.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct JoinedApp {
    /// Its id.
    id: String,
    /// Its name.
    name: String,
    /// Its portal's place in links.
    slug: String,
    /// Its portal.
    #[schema(format = "uri")]
    portal_url: String,
}

/// A module that an account has joined.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct JoinedModule {
    /// Its id.
    id: String,
    /// What it is.
    kind: ModuleKindName,
    /// Its name.
    name: String,
}

/// Everything that an account has joined.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct JoinedByAccount {
    /// By organization, those that are switched off, or in which the account is, left out.
    items: Vec<JoinedInOrganization>,
}

/// An invitation to be taken up.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct InvitationAcceptance {
    /// The invitation's token; it must be for the account's phone.
    invitation: String,
}

/// A login of an account.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct AccountLogin {
    /// Its id.
    id: String,
    /// With what: `web` or `app`.
    client: &'static str,
    /// Whether it is the one that asks.
    current: bool,
    /// When it began.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was last used, to the minute.
    #[schema(format = DateTime)]
    last_seen_at: String,
    /// When it ends, if it is used until then.
    #[schema(format = DateTime)]
    expires_at: String,
}

/// The routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let mut me = account_example();
    me["affiliations"] = json!([affiliation_example()]);
    let show = op("accounts", "Who is signed in, and what they belong to").account();
    let show = show.gives::<SignedInAs>("200", "The account", &me);
    let apps = op("accounts", "All apps and modules that were joined, in every organization").account();
    let apps = apps.gives::<JoinedByAccount>("200", "What was joined", &joined_example());
    let accept = op("accounts", "Takes up an invitation with an account that is there")
        .account()
        .takes::<InvitationAcceptance>(&json!({"invitation": "…"}))
        .gives::<AffiliationOfAccount>("201", "What was joined", &affiliation_example())
        .problems(&[Code::OriginNotAllowed, Code::BadRequest, Code::InvitationInvalid, Code::SeatsFull]);
    let logins = op("accounts", "The logins that count").account().lists::<AccountLogin>();
    let end = op("accounts", "Ends a login").account().nothing("204", "It is over");
    let out = op("accounts", "Ends the login that asks").account();
    let out = out.nothing("204", "It is over, and its cookie is taken away");
    vec![
        endpoint::get("/accounts/me", show_one, show),
        endpoint::get("/accounts/me/apps", show_apps, apps),
        endpoint::post("/accounts/me/invitations", accept_one, accept),
        endpoint::get("/accounts/me/logins", list_logins, logins.problems(&[Code::BadRequest])),
        endpoint::delete(
            "/accounts/me/logins/{alg}",
            end_login,
            end.problems(&[Code::OriginNotAllowed, Code::NotFound]),
        ),
        endpoint::post("/accounts/sign-out", sign_out, out.problems(&[Code::OriginNotAllowed])),
    ]
}

fn joined_example() -> serde_json::Value {
    json!({"items": [{
        "organization": {"id": "org_01J0000000000000000000000A", "name": "Example Ltd"}, "kind": "member",
        "id": "mbr_01J0000000000000000000000A",
        "apps": [{
            "id": "app_01J0000000000000000000000A", "name": "Supplier portal", "slug": "suppliers",
            "portal_url": "https://portal.example.com/p/suppliers",
        }],
        "modules": [{"id": "mod_01J0000000000000000000000A", "kind": "project", "name": "New plant"}],
    }]})
}

async fn show_one(asking: Account) -> Result<HttpResponse, Problem> {
    let memberships = memberships(&asking).await?;
    Ok(shown(SignedInAs {
        account: account(&asking.who.account),
        affiliations: memberships.iter().map(affiliation).collect(),
    }))
}

async fn show_apps(asking: Account) -> Result<HttpResponse, Problem> {
    let memberships = memberships(&asking).await?;
    let public_url = asking.site.accounts.public_url();
    let open = memberships.iter().filter(|membership| membership.is_open());
    Ok(shown(JoinedByAccount { items: open.map(|membership| joined(membership, public_url)).collect() }))
}

async fn memberships(asking: &Account) -> Result<Vec<Membership>, Problem> {
    let found = asking.site.accounts.memberships(asking.who.account.id).await;
    found.map_err(|error| store_failed(&asking.visitor, &error))
}

fn joined(membership: &Membership, public_url: &str) -> JoinedInOrganization {
    let placed = &membership.placed;
    let apps = placed.apps.iter().filter(|app| app.enabled).map(|app| JoinedApp {
        id: app.id.to_string(),
        name: app.name.clone(),
        slug: app.slug.clone(),
        portal_url: format!("{public_url}/p/{}", app.slug),
    });
    let modules = placed.modules.iter().map(|module| JoinedModule {
        id: module.id.to_string(),
        kind: module.kind.into(),
        name: module.name.clone(),
    });
    JoinedInOrganization {
        organization: organization(membership),
        kind: placed.affiliation.id.belonging().kind().name(),
        id: placed.affiliation.id.to_string(),
        apps: apps.collect(),
        modules: modules.collect(),
    }
}

async fn accept_one(
    asking: Account,
    open: Open<Json<InvitationAcceptance>>,
) -> Result<HttpResponse, Problem> {
    let (Json(body), visitor) = (&open.body, &asking.visitor);
    let accounts = &asking.site.accounts;
    let joined = accounts.accept(&asking.who.account, &body.invitation, &visitor.caller()).await;
    let membership = joined.map_err(|error| match error {
        AcceptError::Invitation(_) => visitor.problem(Code::InvitationInvalid),
        AcceptError::SeatsFull => visitor.problem(Code::SeatsFull),
        AcceptError::Store(error) => store_failed(visitor, &error),
    })?;
    Ok(answer(StatusCode::CREATED, &affiliation(&membership)))
}

async fn list_logins(asking: Account, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let page = page(&request, &asking.visitor)?;
    let logins = asking.site.accounts.logins(asking.who.account.id, page).await;
    let logins = logins.map_err(|error| store_failed(&asking.visitor, &error))?;
    let current = asking.who.login.id;
    Ok(shown(List::of(logins, |login| view(&login, current))))
}

fn view(login: &KnownLogin, current: AccountLoginId) -> AccountLogin {
    AccountLogin {
        id: login.id.to_string(),
        client: login.client.name(),
        current: login.id == current,
        created_at: login.created_at.rfc3339(),
        last_seen_at: login.last_seen_at.rfc3339(),
        expires_at: login.expires_at.rfc3339(),
    }
}

async fn end_login(asking: Account, request: HttpRequest) -> Result<HttpResponse, Problem> {
    let unknown = || asking.visitor.problem(Code::NotFound);
    let id: AccountLoginId = in_path(&request, "alg").ok_or_else(unknown)?;
    if end(&asking, id).await? { Ok(HttpResponse::NoContent().finish()) } else { Err(unknown()) }
}

async fn sign_out(asking: Account) -> Result<HttpResponse, Problem> {
    end(&asking, asking.who.login.id).await?;
    let mut answer = HttpResponse::NoContent()
        .insert_header((header::CACHE_CONTROL, "no-store"))
        // "cookies" would wipe those of the whole registrable domain.
        .insert_header(("clear-site-data", "\"cache\""))
        .finish();
    let removal = asking.site.removal(COOKIE);
    answer.add_cookie(&removal).map_err(|_| asking.visitor.problem(Code::Internal))?;
    Ok(answer)
}

async fn end(asking: &Account, id: AccountLoginId) -> Result<bool, Problem> {
    let account = asking.who.account.id;
    let ended = asking.site.accounts.end_login(account, id, &asking.visitor.caller()).await;
    ended.map_err(|error| store_failed(&asking.visitor, &error))
}
