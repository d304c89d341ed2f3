//! `/accounts`: codes for invited people, registering, signing in. These routes take no API key.

use actix_web::HttpResponse;
use actix_web::cookie::SameSite;
use actix_web::http::{StatusCode, header};
use serde::{Deserialize, Serialize};
use serde_json::json;
use utoipa::ToSchema;

use crate::domain::account::{AccountToken, Client};
use crate::http::answers::store_failed;
use crate::http::api::body::Json;
use crate::http::api::endpoint::{self, Endpoint};
use crate::http::api::open::Open;
use crate::http::extract::Visitor;
use crate::http::extract::account::COOKIE;
use crate::http::openapi::op::op;
use crate::http::problem::{Code, Problem};
use crate::http::site::Site;
use crate::usecases::account_codes::AccountCodeError;
use crate::usecases::account_sign_in::{AccountSignInError, Proof, web_only};
use crate::usecases::registration::{RegisterError, Registering};

use super::account_views::{
    AffiliationOfAccount, PlatformAccount, account, account_example, affiliation, affiliation_example,
};

/// Where somebody asks for a code.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountCodeOrder {
    /// The phone that the invitation is for.
    phone: String,
    /// The invitation's token.
    invitation: String,
}

/// A code is on its way.
#[derive(Clone, Copy, Debug, Serialize, ToSchema)]
pub struct AccountCodeOnItsWay {}

/// What somebody registers with.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Registration {
    /// The invitation's token.
    invitation: String,
    /// The phone that the invitation is for.
    phone: String,
    /// The code that was sent to it.
    code: String,
    /// A password of at least 8 characters that is not among the most used.
    password: String,
    /// What the person is called: 1 to 60 characters.
    #[schema(min_length = 1, max_length = 60)]
    name: String,
}

/// A new account, and what it was invited to.
#[derive(Clone, Debug, Serialize, ToSchema)]
pub struct RegisteredAccount {
    /// The account.
    account: PlatformAccount,
    /// What it has joined.
    affiliation: AffiliationOfAccount,
}

/// What somebody signs in with.
#[derive(Clone, Copy, Debug, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum AccountClient {
    /// A browser, which gets a cookie.
    Web,
    /// The mobile app, which gets a token.
    App,
}

/// What somebody signs in with: a phone, and either the password or a code.
#[derive(Clone, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct AccountSignIn {
    /// The account's phone.
    phone: String,
    /// The password.
    password: Option<String>,
    /// A code that was sent by `POST /accounts/codes`.
    code: Option<String>,
    /// With what.
    client: AccountClient,
}

/// Somebody is signed in.
#[derive(Clone, Debug, Serialize, ToSchema)]
#[serde(untagged)]
pub enum AccountSignedIn {
    /// On the mobile app.
    App {
        /// What to send as `Authorization: Bearer`; it is never shown again.
        token: String,
    },
    /// In a browser, which got its cookie.
    Web {
        /// Where to go.
        redirect_to: String,
    },
}

/// The routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    let codes = op("accounts", "Sends a code to the phone of an invited person")
        .describe("Nobody else can have a code sent: the phone must be the one that the invitation is for.")
        .anybody()
        .takes::<AccountCodeOrder>(&json!({"phone": "13800138000", "invitation": "…"}))
        .gives::<AccountCodeOnItsWay>("202", "It is on its way", &json!({}))
        .problems(&[
            Code::OriginNotAllowed,
            Code::PhoneInvalid,
            Code::InvitationInvalid,
            Code::SmsUnavailable,
        ]);
    let registered = json!({"account": account_example(), "affiliation": affiliation_example()});
    let new = json!({
        "invitation": "…", "phone": "13800138000", "code": "123456", "password": "a long one of your own",
        "name": "Li Lei",
    });
    let register = op("accounts", "Registers an account and joins it to what it was invited to")
        .anybody()
        .takes::<Registration>(&new)
        .gives::<RegisteredAccount>("201", "The account and what it has joined", &registered)
        .problems(&[
            Code::OriginNotAllowed,
            Code::PhoneInvalid,
            Code::InvitationInvalid,
            Code::CodeWrong,
            Code::AlreadyRegistered,
            Code::SeatsFull,
        ]);
    let sign_in = op("accounts", "Signs in with a platform account")
        .describe(
            "`client` web sets the cookie, app answers the token. Whatever is wrong, the answer is the same. An \
             external user has no account: whoever gave a right code to the mobile app is told so (403 `web_only`).",
        )
        .anybody()
        .takes::<AccountSignIn>(&json!({"phone": "13800138000", "password": "…", "client": "app"}))
        .gives::<AccountSignedIn>("200", "Signed in", &json!({"token": "mfa_…"}))
        .problems(&[Code::OriginNotAllowed, Code::SignInFailed, Code::WebOnly]);
    vec![
        endpoint::post("/accounts/codes", send_code, codes),
        endpoint::post("/accounts/register", register_one, register),
        endpoint::post("/accounts/sign-in", sign_in_one, sign_in),
    ]
}

async fn send_code(open: Open<Json<AccountCodeOrder>>) -> Result<HttpResponse, Problem> {
    let Json(order) = &open.body;
    let sent = open.site.accounts.send_code(&order.phone, &order.invitation, &open.visitor.caller()).await;
    sent.map_err(|error| code_problem(&open.visitor, error))?;
    Ok(answer(StatusCode::ACCEPTED, &AccountCodeOnItsWay {}))
}

async fn register_one(open: Open<Json<Registration>>) -> Result<HttpResponse, Problem> {
    let Json(new) = &open.body;
    let with = Registering {
        invitation: &new.invitation,
        phone: &new.phone,
        code: &new.code,
        password: &new.password,
        name: &new.name,
    };
    let registered = open.site.accounts.register(&with, &open.visitor.caller()).await;
    let (known, membership) = registered.map_err(|error| register_problem(&open.visitor, error))?;
    let shown = RegisteredAccount { account: account(&known), affiliation: affiliation(&membership) };
    Ok(answer(StatusCode::CREATED, &shown))
}

async fn sign_in_one(open: Open<Json<AccountSignIn>>) -> Result<HttpResponse, Problem> {
    let Json(with) = &open.body;
    let proof = match (&with.password, &with.code) {
        (Some(password), None) => Proof::Password(password),
        (None, Some(code)) => Proof::Code(code),
        _ => {
            let problem = open.visitor.problem(Code::InvalidField);
            return Err(problem.detail("send either password or code").with("field", "password"));
        }
    };
    let client = Client::from(with.client);
    let signed_in = open.site.accounts.sign_in(&with.phone, proof, client, &open.visitor.caller()).await;
    let token = signed_in.map_err(|error| sign_in_problem(&open.visitor, error))?;
    if client == Client::App {
        let shown = AccountSignedIn::App { token: token.reveal().to_owned() };
        return Ok(answer(StatusCode::OK, &shown));
    }
    let mut answer = answer(StatusCode::OK, &AccountSignedIn::Web { redirect_to: "/account".into() });
    add_login(&open.site, &mut answer, &token);
    Ok(answer)
}

/// Sets the cookie of a login that was just granted; it ends with the browser.
pub(crate) fn add_login(site: &Site, answer: &mut HttpResponse, token: &AccountToken) {
    let cookie = site.cookie(COOKIE, token.reveal().to_owned(), SameSite::Strict, None);
    if let Err(error) = answer.add_cookie(&cookie) {
        tracing::error!(error = %error, "a login cookie could not be set");
    }
}

/// The problem of a code that was not sent.
pub(crate) fn code_problem(visitor: &Visitor, error: AccountCodeError) -> Problem {
    match error {
        AccountCodeError::PhoneInvalid => visitor.problem(Code::PhoneInvalid).with("field", "phone"),
        AccountCodeError::Invitation(_) => visitor.problem(Code::InvitationInvalid),
        AccountCodeError::Limited(limited) => {
            visitor.problem(Code::TooManyRequests).retry_after(limited.retry_after)
        }
        AccountCodeError::Sms(_) => visitor.problem(Code::SmsUnavailable),
        AccountCodeError::Store(error) => store_failed(visitor, &error),
    }
}

/// The problem of somebody who was not registered.
pub(crate) fn register_problem(visitor: &Visitor, error: RegisterError) -> Problem {
    let invalid = |field: &str, rule: String| {
        visitor.problem(Code::InvalidField).detail(format!("{field}: {rule}")).with("field", field)
    };
    match error {
        RegisterError::PhoneInvalid => visitor.problem(Code::PhoneInvalid).with("field", "phone"),
        RegisterError::Name(rule) => invalid("name", rule.to_string()),
        RegisterError::Password(rule) => invalid("password", rule.to_string()),
        RegisterError::Invitation(_) => visitor.problem(Code::InvitationInvalid),
        RegisterError::CodeWrong => visitor.problem(Code::CodeWrong),
        RegisterError::Limited(limited) => {
            visitor.problem(Code::TooManyRequests).retry_after(limited.retry_after)
        }
        RegisterError::AlreadyRegistered => visitor.problem(Code::AlreadyRegistered),
        RegisterError::SeatsFull => visitor.problem(Code::SeatsFull),
        RegisterError::Busy(_) => visitor.problem(Code::Unavailable),
        RegisterError::Store(error) => store_failed(visitor, &error),
    }
}

/// The problem of somebody who was not signed in.
pub(crate) fn sign_in_problem(visitor: &Visitor, error: AccountSignInError) -> Problem {
    match error {
        AccountSignInError::Failed => visitor.problem(Code::SignInFailed),
        AccountSignInError::WebOnly => {
            let problem = visitor.problem(Code::WebOnly);
            match web_only() {
                Some(rule) => problem.detail(rule.sentence()).with("rule", rule.code()),
                None => problem,
            }
        }
        AccountSignInError::Limited(wait) => visitor.problem(Code::TooManyRequests).retry_after(wait),
        AccountSignInError::Busy(_) => visitor.problem(Code::Unavailable),
        AccountSignInError::Store(error) => store_failed(visitor, &error),
    }
}

pub(super) fn answer<V: Serialize>(status: StatusCode, value: &V) -> HttpResponse {
    HttpResponse::build(status).insert_header((header::CACHE_CONTROL, "no-store")).json(value)
}

impl From<AccountClient> for Client {
    fn from(client: AccountClient) -> Self {
        match client {
            AccountClient::Web => Self::Web,
            AccountClient::App => Self::App,
        }
    }
}
