//! Who is signed in with a platform account: the mobile app by a bearer token, a browser by its cookie.

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::future::LocalBoxFuture;

use crate::domain::account::Client;
use crate::http::answers::store_failed;
use crate::http::problem::{Code, Problem};
use crate::http::site::Site;
use crate::usecases::account_logins::SignedInAccount;

use super::Visitor;

/// The name of the cookie that is a login of a platform account.
pub const COOKIE: &str = "menfang_account";

/// Somebody who is signed in with a platform account.
pub struct Account {
    /// Who, by which login.
    pub who: SignedInAccount,
    /// Their request.
    pub visitor: Visitor,
    /// This server.
    pub site: web::Data<Site>,
}

impl FromRequest for Account {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move {
            let site = request.app_data::<web::Data<Site>>().cloned();
            let Some(site) = site else { return Err(Problem::new(Code::Internal, "")) };
            let visitor = Visitor::of(&request, &site);
            let who = signed_in(&request, &site, &visitor).await?;
            let who = who.ok_or_else(|| visitor.problem(Code::NotSignedIn))?;
            Ok(Self { who, visitor, site })
        })
    }
}

/// Who sends a request, if somebody is signed in.
///
/// # Errors
/// The database is away.
pub async fn signed_in(
    request: &HttpRequest,
    site: &Site,
    visitor: &Visitor,
) -> Result<Option<SignedInAccount>, Problem> {
    let Some((token, client)) = credential(request, site) else { return Ok(None) };
    site.accounts.who(&token, client).await.map_err(|error| store_failed(visitor, &error))
}

/// What a request proves itself with. A token is sent by nobody but its owner; a cookie is sent by the browser whichever
/// page asks for it, so that it counts for an unsafe request only together with this server's own `Origin`.
fn credential(request: &HttpRequest, site: &Site) -> Option<(String, Client)> {
    let text = |name| request.headers().get(name).and_then(|value| value.to_str().ok());
    if let Some(sent) = text(header::AUTHORIZATION) {
        let (scheme, token) = sent.split_once(' ')?;
        return scheme.eq_ignore_ascii_case("bearer").then(|| (token.trim().to_owned(), Client::App));
    }
    let cookie = request.cookie(&site.cookie_name(COOKIE))?;
    let own = request.method().is_safe() || text(header::ORIGIN) == Some(site.front.origin.as_str());
    own.then(|| (cookie.value().to_owned(), Client::Web))
}
