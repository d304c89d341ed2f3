//! Requests that need no key, with their body: those of people who are not signed in yet, and of those who are.

use actix_web::dev::Payload;
use actix_web::http::header;
use actix_web::{FromRequest, HttpRequest, web};
use futures_util::future::LocalBoxFuture;

use crate::http::extract::{Visitor, body};
use crate::http::problem::{Code, Problem};
use crate::http::site::Site;

use super::body::Body;

/// A request that needs no key.
pub struct Open<B> {
    /// The body.
    pub body: B,
    /// Whose it is.
    pub visitor: Visitor,
    /// This server.
    pub site: web::Data<Site>,
}

impl<B: Body> FromRequest for Open<B> {
    type Error = actix_web::Error;
    type Future = LocalBoxFuture<'static, Result<Self, Self::Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let payload = web::Payload::from_request(&request, &mut payload).await?;
            Ok(Self::read(&request, payload).await?)
        })
    }
}

impl<B: Body> Open<B> {
    async fn read(request: &HttpRequest, payload: web::Payload) -> Result<Self, Problem> {
        let site = request.app_data::<web::Data<Site>>().cloned();
        let Some(site) = site else { return Err(Problem::new(Code::Internal, "")) };
        let visitor = Visitor::of(request, &site);
        let limit = B::LIMIT.unwrap_or(site.front.body_bytes);
        let bytes = body::bytes_up_to(payload, &visitor, &site, limit).await?;
        let kind = request.headers().get(header::CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let body = B::read(&bytes, kind.unwrap_or_default(), &visitor)?;
        Ok(Self { body, visitor, site })
    }
}
