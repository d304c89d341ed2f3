//! One route of the API: its address, its handler and its description, in one place so that none goes without the others.

use actix_web::http::Method;
use actix_web::{Handler, Responder, Route, web};

use crate::http::openapi::op::Op;

/// Where the API begins.
pub const BASE: &str = "/api/v1";

/// One route.
pub struct Endpoint {
    /// The address under [`BASE`].
    pub path: &'static str,
    /// The method.
    pub method: Method,
    /// What handles it.
    pub route: Route,
    /// What it is.
    pub op: Op,
}

macro_rules! methods {
    ($($(#[$doc:meta])* $name:ident = $method:expr;)*) => {$(
        $(#[$doc])*
        pub fn $name<F, Args>(path: &'static str, handler: F, op: Op) -> Endpoint
        where
            F: Handler<Args>,
            Args: actix_web::FromRequest + 'static,
            F::Output: Responder + 'static,
        {
            Endpoint { path, method: $method, route: web::method($method).to(handler), op }
        }
    )*};
}

methods! {
    /// A route that reads.
    get = Method::GET;
    /// A route that adds or does.
    post = Method::POST;
    /// A route that puts.
    put = Method::PUT;
    /// A route that changes some fields.
    patch = Method::PATCH;
    /// A route that takes away.
    delete = Method::DELETE;
}
