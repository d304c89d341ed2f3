//! The front door: what every request passes and every answer gets, whatever it is about.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Instant;

use actix_web::body::{BoxBody, MessageBody};
use actix_web::dev::{ServiceRequest, ServiceResponse};
use actix_web::http::Method;
use actix_web::http::header::{self, HeaderName, HeaderValue};
use actix_web::middleware::Next;
use actix_web::{Error, HttpMessage, HttpRequest, HttpResponse, ResponseError, web};

use crate::domain::ids::new_uuid;

use super::api::limits::Left;
use super::problem::{Code, Problem};
use super::site::Site;

/// The id of a request, in its answer's `X-Request-Id` and in every log line about it.
#[derive(Clone)]
pub struct RequestId(pub String);

/// The pattern of a resource's address, which it has among its data: by the address of a request it would be looked for anew.
pub struct Route(pub Box<str>);

/// Makes the id of a request.
pub type MakeId = std::sync::Arc<dyn Fn() -> String + Send + Sync>;

/// A maker of ids out of the server's clock and entropy.
pub fn ids(
    clock: std::sync::Arc<dyn crate::domain::clock::Clock>,
    entropy: std::sync::Arc<dyn crate::domain::clock::Entropy>,
) -> MakeId {
    std::sync::Arc::new(move || new_uuid(&*clock, &*entropy).simple().to_string())
}

/// The middleware.
///
/// # Errors
/// Never by itself; what the handlers' framework says is passed on.
pub async fn pass(
    request: ServiceRequest,
    next: Next<impl MessageBody + 'static>,
) -> Result<ServiceResponse<BoxBody>, Error> {
    let begun = Instant::now();
    let id = request.app_data::<web::Data<MakeId>>().map_or_else(String::new, |make| make());
    request.extensions_mut().insert(RequestId(id.clone()));
    let method = request.method().clone();
    let mut response = match refused(&request, &id) {
        Some(answer) => request.into_response(answer),
        None => match next.call(request).await {
            Ok(response) => response.map_into_boxed_body(),
            Err(error) => return Err(error),
        },
    };
    let secure = response.request().app_data::<web::Data<Site>>().is_some_and(|site| site.front.secure);
    dress(response.headers_mut(), &id, secure);
    let left = response.request().extensions().get::<Left>().copied();
    for (name, value) in left.into_iter().flat_map(Left::headers) {
        response.headers_mut().insert(name, value);
    }
    note(&method, route_of(response.request()), response.status().as_u16(), begun, &id);
    Ok(response)
}

/// The pattern of the address, as metrics and logs name it. What was turned away before it came to its resource is looked for.
fn route_of(request: &HttpRequest) -> Cow<'_, str> {
    match request.app_data::<Route>() {
        Some(Route(pattern)) => Cow::Borrowed(pattern),
        None => request.match_pattern().map_or(Cow::Borrowed("none"), Cow::Owned),
    }
}

/// What is turned away before any handler sees it.
fn refused(request: &ServiceRequest, id: &str) -> Option<HttpResponse> {
    let site = request.app_data::<web::Data<Site>>()?;
    let front = &site.front;
    let problem = |code| Some(Problem::new(code, id).error_response());
    let target = request.uri().path_and_query().map_or("", |target| target.as_str());
    if target.len() > front.url_bytes {
        return problem(Code::UrlTooLong);
    }
    let host = request.headers().get(header::HOST).and_then(|host| host.to_str().ok()).unwrap_or("");
    if !host.eq_ignore_ascii_case(&front.authority) {
        let by_name = front.loopback_port.is_some_and(|port| host == format!("localhost:{port}"));
        if by_name && matches!(*request.method(), Method::GET | Method::HEAD) {
            let place = format!("{}{target}", front.origin);
            return Some(HttpResponse::Found().insert_header((header::LOCATION, place)).finish());
        }
        return problem(Code::UnknownHost);
    }
    // WeChat's servers post without an Origin; they prove themselves by a signature.
    let from_wechat = request.path().starts_with("/wechat/");
    if request.method().is_safe() || from_wechat {
        return None;
    }
    // A key is no cookie: no foreign page can make a browser send one.
    if request.path().starts_with("/api/") && request.headers().contains_key(header::AUTHORIZATION) {
        return None;
    }
    let text = |name: HeaderName| request.headers().get(name).and_then(|value| value.to_str().ok());
    let same_site = text(HeaderName::from_static("sec-fetch-site")).is_none_or(|site| site == "same-origin");
    // Programs send no Origin, browsers always do; a login cookie without one counts for nothing in the API.
    let by_program = request.path().starts_with("/api/") && !request.headers().contains_key(header::ORIGIN);
    if (by_program || text(header::ORIGIN) == Some(front.origin.as_str())) && same_site {
        None
    } else {
        problem(Code::OriginNotAllowed)
    }
}

fn dress(headers: &mut header::HeaderMap, id: &str, secure: bool) {
    let fixed = [
        ("x-content-type-options", "nosniff"),
        // With no-referrer a plain form post would carry `Origin: null`.
        ("referrer-policy", "same-origin"),
        ("cross-origin-opener-policy", "same-origin"),
        ("permissions-policy", "camera=(), geolocation=(), microphone=()"),
    ];
    for (name, value) in fixed {
        headers.insert(HeaderName::from_static(name), HeaderValue::from_static(value));
    }
    if secure {
        let year = HeaderValue::from_static("max-age=31536000; includeSubDomains");
        headers.insert(header::STRICT_TRANSPORT_SECURITY, year);
    }
    if let Ok(value) = HeaderValue::from_str(id) {
        headers.insert(HeaderName::from_static("x-request-id"), value);
    }
}

fn note(method: &Method, route: Cow<'_, str>, status: u16, begun: Instant, id: &str) {
    let seconds = begun.elapsed().as_secs_f64();
    // Anybody may make up methods: each would be a series of its own.
    let known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"];
    let method = known.into_iter().find(|known| *known == method.as_str()).unwrap_or("other");
    if status >= 500 {
        tracing::error!(request.id = id, http.route = &*route, http.status = status, "a request failed");
    } else {
        tracing::debug!(
            request.id = id,
            http.route = &*route,
            http.status = status,
            "a request was answered"
        );
    }
    let route: Arc<str> = route.into();
    metrics::histogram!("menfang_http_request_seconds", "route" => Arc::clone(&route)).record(seconds);
    let status = status.to_string();
    metrics::counter!("menfang_http_requests_total", "route" => route, "method" => method, "status" => status)
        .increment(1);
}
