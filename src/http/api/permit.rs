//! Who asks, and what they may: a key, a right, and the organization or app of the address. An extractor of these is the
//! only way to a scope, so that no handler can forget to ask.

use std::marker::PhantomData;

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpMessage, HttpRequest, web};
use futures_util::future::LocalBoxFuture;

use crate::domain::api_key::{ApiKey, KeyText};
use crate::domain::audit::By;
use crate::domain::ids::{AppId, DeliveryId, NotificationId, OrgId};
use crate::domain::right::Right;
use crate::domain::scope::OrgScope;
use crate::http::answers::store_failed;
use crate::http::extract::Visitor;
use crate::http::problem::{Code, Problem};
use crate::http::site::Site;

/// What an address is about: where a right has to hold.
pub trait Place: Sized + 'static {
    /// Finds it, and whether the key may be there at all.
    ///
    /// # Errors
    /// It is not there for this key: an unknown organization, and another one's, are the same.
    fn find(
        site: &Site,
        visitor: &Visitor,
        request: &HttpRequest,
        key: &ApiKey,
    ) -> impl Future<Output = Result<Self, Problem>>;
}

/// The organization of the address.
#[derive(Clone, Copy, Debug)]
pub struct InOrganization {
    /// Leave to look at its rows.
    pub scope: OrgScope,
}

/// The app of the address.
#[derive(Clone, Copy, Debug)]
pub struct InApp {
    /// Leave to look at the rows of its organization.
    pub scope: OrgScope,
    /// The app.
    pub app: AppId,
}

/// The notification of the address.
#[derive(Clone, Copy, Debug)]
pub struct OfNotification {
    /// Leave to look at the rows of its organization.
    pub scope: OrgScope,
    /// The notification.
    pub notification: NotificationId,
}

/// The delivery of the address.
#[derive(Clone, Copy, Debug)]
pub struct OfDelivery {
    /// Leave to look at the rows of its organization.
    pub scope: OrgScope,
    /// The delivery.
    pub delivery: DeliveryId,
}

/// The platform itself.
#[derive(Clone, Copy, Debug)]
pub struct OnPlatform;

/// Nothing in particular: any key that counts.
#[derive(Clone, Copy, Debug)]
pub struct Anywhere;

/// Somebody who may do something somewhere.
pub struct Permitted<R, P> {
    /// Where.
    pub at: P,
    /// Who, for the audit log.
    pub by: By,
    /// Their key.
    pub key: ApiKey,
    /// Their request.
    pub visitor: Visitor,
    /// This server.
    pub site: web::Data<Site>,
    right: PhantomData<R>,
}

/// No right in particular: any key that counts has it.
#[derive(Clone, Copy, Debug)]
pub struct NoRight;

/// What an extractor demands of a key.
pub trait Demand: 'static {
    /// The scope, if one is needed.
    fn scope() -> Option<crate::domain::right::Scope>;
}

impl<R: Right> Demand for R {
    fn scope() -> Option<crate::domain::right::Scope> {
        Some(R::SCOPE)
    }
}

impl Place for InOrganization {
    async fn find(
        site: &Site,
        visitor: &Visitor,
        request: &HttpRequest,
        key: &ApiKey,
    ) -> Result<Self, Problem> {
        let asked: OrgId = in_path(request, "org").ok_or_else(|| visitor.problem(Code::NotFound))?;
        Ok(Self { scope: organization(site, visitor, key, asked).await? })
    }
}

impl Place for InApp {
    async fn find(
        site: &Site,
        visitor: &Visitor,
        request: &HttpRequest,
        key: &ApiKey,
    ) -> Result<Self, Problem> {
        let unknown = || visitor.problem(Code::NotFound);
        let app: AppId = in_path(request, "app").ok_or_else(unknown)?;
        let found = site.admin.store().app(app).await.map_err(|error| store_failed(visitor, &error))?;
        let found = found.ok_or_else(unknown)?;
        Ok(Self { scope: organization(site, visitor, key, found.organization).await?, app })
    }
}

impl Place for OfNotification {
    async fn find(
        site: &Site,
        visitor: &Visitor,
        request: &HttpRequest,
        key: &ApiKey,
    ) -> Result<Self, Problem> {
        let unknown = || visitor.problem(Code::NotFound);
        let notification: NotificationId = in_path(request, "ntf").ok_or_else(unknown)?;
        let whose = site.admin.store().organization_of_notification(notification).await;
        let whose = whose.map_err(|error| store_failed(visitor, &error))?.ok_or_else(unknown)?;
        Ok(Self { scope: organization(site, visitor, key, whose).await?, notification })
    }
}

impl Place for OfDelivery {
    async fn find(
        site: &Site,
        visitor: &Visitor,
        request: &HttpRequest,
        key: &ApiKey,
    ) -> Result<Self, Problem> {
        let unknown = || visitor.problem(Code::NotFound);
        let delivery: DeliveryId = in_path(request, "dlv").ok_or_else(unknown)?;
        let whose = site.admin.store().organization_of_delivery(delivery).await;
        let whose = whose.map_err(|error| store_failed(visitor, &error))?.ok_or_else(unknown)?;
        Ok(Self { scope: organization(site, visitor, key, whose).await?, delivery })
    }
}

impl Place for OnPlatform {
    async fn find(_: &Site, visitor: &Visitor, _: &HttpRequest, key: &ApiKey) -> Result<Self, Problem> {
        match key.organization {
            None => Ok(Self),
            Some(_) => Err(visitor.problem(Code::PlatformKeyRequired)),
        }
    }
}

impl Place for Anywhere {
    async fn find(_: &Site, _: &Visitor, _: &HttpRequest, _: &ApiKey) -> Result<Self, Problem> {
        Ok(Self)
    }
}

async fn organization(
    site: &Site,
    visitor: &Visitor,
    key: &ApiKey,
    asked: OrgId,
) -> Result<OrgScope, Problem> {
    let Some(scope) = OrgScope::of_key(key, asked) else {
        let noted = site.admin.note_cross_tenant(key, &visitor.caller()).await;
        noted.map_err(|error| store_failed(visitor, &error))?;
        return Err(visitor.problem(Code::NotFound));
    };
    let found =
        site.admin.store().organization(asked).await.map_err(|error| store_failed(visitor, &error))?;
    match found {
        None => Err(visitor.problem(Code::NotFound)),
        Some(found) if !found.enabled && key.organization.is_some() => {
            Err(visitor.problem(Code::OrganizationDisabled))
        }
        Some(_) => Ok(scope),
    }
}

/// An id in the address; one of another form is none.
pub fn in_path<I: std::str::FromStr>(request: &HttpRequest, name: &str) -> Option<I> {
    request.match_info().get(name)?.parse().ok()
}

/// The key of a request, counted against its limit.
///
/// # Errors
/// There is none that counts, or too many requests.
async fn key(site: &Site, visitor: &Visitor, request: &HttpRequest) -> Result<ApiKey, Problem> {
    let bearer = request.headers().get(header::AUTHORIZATION).and_then(|value| value.to_str().ok());
    let bearer = bearer.and_then(|value| {
        let (scheme, token) = value.split_once(' ')?;
        scheme.eq_ignore_ascii_case("bearer").then_some(token.trim())
    });
    let Some(bearer) = bearer else { return Err(visitor.problem(Code::Unauthorized)) };
    let key = match KeyText::parse(bearer) {
        Some(text) => site.admin.authenticate(&text).await.map_err(|error| store_failed(visitor, &error))?,
        None => None,
    };
    let Some(key) = key else {
        return Err(match site.api_limits.count_failure(&visitor.network.key()) {
            Ok(()) => visitor.problem(Code::Unauthorized),
            Err(wait) => visitor.problem(Code::TooManyRequests).retry_after(wait),
        });
    };
    match site.api_limits.count(key.id) {
        Ok(left) => {
            request.extensions_mut().insert(left);
            Ok(key)
        }
        Err(wait) => Err(visitor.problem(Code::TooManyRequests).retry_after(wait)),
    }
}

impl<R: Demand, P: Place> Permitted<R, P> {
    /// Reads a request.
    ///
    /// # Errors
    /// No key, the wrong one, one without the right, or nothing there.
    pub async fn of(request: &HttpRequest) -> Result<Self, Problem> {
        let site = request.app_data::<web::Data<Site>>().cloned();
        let Some(site) = site else { return Err(Problem::new(Code::Internal, "")) };
        let visitor = Visitor::of(request, &site);
        let key = key(&site, &visitor, request).await?;
        let at = P::find(&site, &visitor, request, &key).await?;
        if let Some(scope) = R::scope().filter(|&scope| !key.may(scope)) {
            let detail = format!("this key lacks the scope {}", scope.name());
            return Err(visitor.problem(Code::MissingScope).detail(detail).with("scope", scope.name()));
        }
        let by = By { actor: key.id.to_string(), caller: visitor.caller() };
        Ok(Self { at, by, key, visitor, site, right: PhantomData })
    }
}

impl Demand for NoRight {
    fn scope() -> Option<crate::domain::right::Scope> {
        None
    }
}

impl<R: Demand, P: Place> FromRequest for Permitted<R, P> {
    type Error = Problem;
    type Future = LocalBoxFuture<'static, Result<Self, Problem>>;

    fn from_request(request: &HttpRequest, _: &mut Payload) -> Self::Future {
        let request = request.clone();
        Box::pin(async move { Self::of(&request).await })
    }
}
