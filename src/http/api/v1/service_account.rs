//! `/organizations/{org}/service-account`: bound, shown without its secrets, unbound.

use actix_web::http::StatusCode;
use actix_web::{HttpResponse, web};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};
use utoipa::ToSchema;

use crate::domain::right::{ServiceAccountRead, ServiceAccountWrite};
use crate::domain::service_account::{DomainFile, PushMode, last_four};
use crate::http::api::body::{Json, clearable};
use crate::http::api::endpoint::{self, Endpoint};
use crate::http::api::failures::failed;
use crate::http::api::order::{Order, shown};
use crate::http::api::permit::{InOrganization, Permitted};
use crate::http::openapi::op::{op, query, text};
use crate::http::problem::{Code, Problem};
use crate::usecases::administration::ChangeError;
use crate::usecases::service_accounts::{Bound, NewServiceAccount};

const PATH: &str = "/organizations/{org}/service-account";

/// A service account to be bound, or what it is from now on.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct ServiceAccountBinding {
    /// WeChat's id of the account: `wx` and letters and digits.
    #[schema(min_length = 8, max_length = 64, pattern = "^wx[A-Za-z0-9]+$")]
    appid: String,
    /// The app secret.
    #[schema(min_length = 1, max_length = 128)]
    secret: String,
    /// The token of the message URL: 3 to 32 letters and digits, yours to invent.
    #[schema(pattern = "^[A-Za-z0-9]{3,32}$")]
    token: String,
    /// The EncodingAESKey of the message URL.
    #[schema(min_length = 43, max_length = 43)]
    encoding_aes_key: String,
    /// How WeChat sends its pushes; `safe` when absent.
    mode: Option<PushModeName>,
    /// WeChat's original id, which pushes then have to be addressed to. Null takes it away; absent leaves it.
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<String>, pattern = "^gh_[A-Za-z0-9]{1,61}$")]
    original_id: Option<Option<String>>,
    /// The file that WeChat wants at the root of the domain: its name, the code in it, or name and content. Null takes it away;
    /// absent leaves it.
    #[serde(default, deserialize_with = "clearable")]
    #[schema(value_type = Option<DomainFileText>)]
    domain_file: Option<Option<DomainFileText>>,
}

/// The file that proves a domain to WeChat.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(untagged, expecting = "expected a name like MP_verify_AbCd1234.txt, its code, or name and content")]
pub enum DomainFileText {
    /// Its name, or the code in it; the content is the code.
    Short(String),
    /// Its name and content.
    Whole(WholeDomainFile),
}

/// The file that proves a domain to WeChat, with its content.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct WholeDomainFile {
    /// `MP_verify_….txt`.
    #[schema(pattern = "^MP_verify_[A-Za-z0-9]{1,64}\\.txt$")]
    name: String,
    /// What it says: letters, digits, hyphens and underscores.
    #[schema(pattern = "^[A-Za-z0-9_-]{1,256}$")]
    content: String,
}

/// How WeChat sends its pushes.
#[derive(Clone, Copy, Debug, Deserialize, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
#[expect(
    missing_docs,
    reason = "the words are the contract's, and domain::service_account::PushMode says what they mean"
)]
pub enum PushModeName {
    Plain,
    Compatible,
    Safe,
}

/// A secret, as much of it as is shown.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct KeptSecret {
    /// That it is kept.
    set: bool,
    /// Its last four characters; null for one that is too short to be shown in part.
    last4: Option<String>,
}

/// A service account, without its secrets.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct ServiceAccount {
    /// WeChat's id of it.
    appid: String,
    /// WeChat's original id, if it was given.
    original_id: Option<String>,
    /// How WeChat sends its pushes.
    mode: PushModeName,
    /// The app secret.
    secret: KeptSecret,
    /// The token of the message URL.
    token: KeptSecret,
    /// The EncodingAESKey of the message URL.
    encoding_aes_key: KeptSecret,
    /// What to enter in WeChat's console as the message URL (服务器配置).
    callback_url: String,
    /// What to enter there as the web authorization domain (网页授权域名).
    oauth_domain: String,
    /// The name of the file that proves the domain, if it is served here.
    domain_file: Option<String>,
    /// Where it is served.
    domain_file_url: Option<String>,
    /// How many people follow it, as far as WeChat has said.
    followers: u64,
    /// How many accounts of external users are signed in by it.
    bindings: u64,
    /// When it was bound.
    #[schema(format = DateTime)]
    created_at: String,
    /// When it was bound or changed last.
    #[schema(format = DateTime)]
    updated_at: String,
}

#[derive(Deserialize)]
struct Confirmation {
    confirm: Option<String>,
}

/// The routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let bind = op("service_account", "Binds the service account, or changes the one that is bound")
        .right::<ServiceAccountWrite>()
        .describe(
            "One organization, one service account, and the other way round; conflicts are told before WeChat is asked. \
             Then the credentials are tried, and what WeChat has against them is told in plain words with a stable \
             `reason`. The account's message templates are fetched. When the EncodingAESKey changes, pushes that are under way still open with the one before.",
        )
        .repeatable()
        .takes::<ServiceAccountBinding>(&json!({
            "appid": "wx0123456789abcdef", "secret": "…", "token": "abc123", "encoding_aes_key": "…",
            "mode": "safe", "original_id": "gh_0123456789ab", "domain_file": "MP_verify_AbCd1234.txt",
        }))
        .gives::<ServiceAccount>("200", "The service account as it is then", &example())
        .problems(&[
            Code::ServiceAccountTaken,
            Code::OrganizationHasServiceAccount,
            Code::WeChatRefused,
            Code::WeChatUnavailable,
        ]);
    let read = op("service_account", "The service account, without its secrets")
        .right::<ServiceAccountRead>()
        .gives::<ServiceAccount>("200", "The service account", &example());
    let unbind = op("service_account", "Unbinds the service account")
        .right::<ServiceAccountWrite>()
        .describe(
            "Without `confirm` it says what stops working: how many accounts are signed in by it and how many people follow it. \
             With it everybody is signed out, whoever is on the way in is refused, and browsers that wait are told \
             (`refused`, `portal_closed`). Accounts and their seats stay; their people prove their phone once more, and are bound \
             anew, when another service account is bound. `unreachable` of the answer says how many have no phone that could be \
             proved, because it was freed: nobody comes into those again. `GET /apps/{app}/external-users?unreachable=true` lists \
             them, and they keep their seats until they are disabled or deleted.",
        )
        .repeatable()
        .parameters(json!([query("confirm", &text(), "The appid, or `true`: that this is meant")]))
        .nothing("204", "It is unbound")
        .problems(&[Code::ConfirmationRequired]);
    vec![
        endpoint::put(PATH, bind_account, bind),
        endpoint::get(PATH, show, read),
        endpoint::delete(PATH, unbind_account, unbind),
    ]
}

fn example() -> Value {
    json!({
        "appid": "wx0123456789abcdef", "original_id": "gh_0123456789ab", "mode": "safe",
        "secret": {"set": true, "last4": "cdef"}, "token": {"set": true, "last4": null},
        "encoding_aes_key": {"set": true, "last4": "DEFG"},
        "callback_url": "https://sign-in.example.com/wechat/wx0123456789abcdef/events",
        "oauth_domain": "sign-in.example.com", "domain_file": "MP_verify_AbCd1234.txt",
        "domain_file_url": "https://sign-in.example.com/MP_verify_AbCd1234.txt",
        "followers": 1200, "bindings": 87,
        "created_at": "2026-11-22T10:00:00.000Z", "updated_at": "2026-11-22T10:00:00.000Z",
    })
}

async fn bind_account(
    order: Order<ServiceAccountWrite, InOrganization, Json<ServiceAccountBinding>>,
) -> HttpResponse {
    let site = order.permit.site.clone();
    let bound = async {
        let Json(wanted) = &order.body;
        let new = wanted.clone().read()?;
        site.admin.bind_service_account(order.permit.at.scope, new, &order.permit.by).await
    };
    let bound = bound.await;
    let account = bound.as_ref().ok().map(|bound| bound.value().account.clone());
    let scope = order.permit.at.scope;
    let answer = order.answer(bound, StatusCode::OK, |bound| view(bound, site.admin.public_url())).await;
    if let Some(account) = account.filter(|_| answer.status().is_success()) {
        site.admin.first_templates(scope, &account).await;
    }
    answer
}

async fn show(permit: Permitted<ServiceAccountRead, InOrganization>) -> Result<HttpResponse, Problem> {
    let bound = permit.site.admin.bound_service_account(permit.at.scope).await;
    let bound = bound.map_err(|error| failed(&permit.visitor, error))?;
    Ok(shown(view(&bound, permit.site.admin.public_url())))
}

async fn unbind_account(order: Order<ServiceAccountWrite, InOrganization>) -> HttpResponse {
    // A query that makes no sense confirms nothing.
    let asked = web::Query::<Confirmation>::from_query(order.request.query_string());
    let confirmed = asked.ok().and_then(|asked| asked.into_inner().confirm);
    let site = order.permit.site.clone();
    let (scope, by) = (order.permit.at.scope, &order.permit.by);
    let unbound = site.admin.unbind_service_account(scope, confirmed.as_deref(), by).await;
    order.answer_nothing(unbound).await
}

impl ServiceAccountBinding {
    fn read(self) -> Result<NewServiceAccount, ChangeError> {
        Ok(NewServiceAccount {
            appid: self.appid,
            secret: self.secret,
            token: self.token,
            encoding_aes_key: self.encoding_aes_key,
            mode: self.mode.map_or(PushMode::Safe, PushMode::from),
            original_id: self.original_id,
            domain_file: match self.domain_file {
                Some(Some(file)) => Some(Some(file.read()?)),
                Some(None) => Some(None),
                None => None,
            },
        })
    }
}

impl DomainFileText {
    fn read(&self) -> Result<DomainFile, ChangeError> {
        let read = match self {
            Self::Short(text) => DomainFile::parse(text),
            Self::Whole(WholeDomainFile { name, content }) => DomainFile::new(name, content),
        };
        read.map_err(|rule| ChangeError::invalid("domain_file", rule.to_string()))
    }
}

fn view(Bound { account, reach }: &Bound, public_url: &str) -> ServiceAccount {
    let kept = |secret| KeptSecret { set: true, last4: last_four(secret) };
    let file = account.domain_file.as_ref().map(DomainFile::name);
    ServiceAccount {
        appid: account.appid.clone(),
        original_id: account.original_id.clone(),
        mode: account.mode.into(),
        secret: kept(&account.secret),
        token: kept(&account.token),
        encoding_aes_key: kept(&account.encoding_aes_key),
        callback_url: format!("{public_url}/wechat/{}/events", account.appid),
        oauth_domain: host_of(public_url).to_owned(),
        domain_file: file.map(ToOwned::to_owned),
        domain_file_url: file.map(|name| format!("{public_url}/{name}")),
        followers: reach.followers,
        bindings: reach.bindings,
        created_at: account.created_at.rfc3339(),
        updated_at: account.updated_at.rfc3339(),
    }
}

/// The host of our own address, without scheme and port: WeChat's console takes nothing else.
fn host_of(url: &str) -> &str {
    let authority = url.split_once("://").map_or(url, |(_, rest)| rest);
    match authority.rsplit_once(':') {
        Some((host, port)) if port.bytes().all(|b| b.is_ascii_digit()) => host,
        _ => authority,
    }
}

impl From<PushModeName> for PushMode {
    fn from(name: PushModeName) -> Self {
        match name {
            PushModeName::Plain => Self::Plain,
            PushModeName::Compatible => Self::Compatible,
            PushModeName::Safe => Self::Safe,
        }
    }
}

impl From<PushMode> for PushModeName {
    fn from(mode: PushMode) -> Self {
        match mode {
            PushMode::Plain => Self::Plain,
            PushMode::Compatible => Self::Compatible,
            PushMode::Safe => Self::Safe,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_domain_is_a_host_and_nothing_else() {
        for (url, host) in [
            ("https://sign-in.example.com", "sign-in.example.com"),
            ("http://127.0.0.1:8080", "127.0.0.1"),
            ("http://[::1]:8080", "[::1]"),
            ("http://[::1]", "[::1]"),
        ] {
            assert_eq!(host_of(url), host, "{url}");
        }
    }
}
