//! A template as a page, with the headers of every page.

use actix_web::{HttpResponse, http::StatusCode};
use askama::Template;

/// Own script and style only. Forms go to this server; opening a link sends the browser on to another one.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; \
    form-action 'self' http: https:; base-uri 'none'; frame-ancestors 'none'";

/// Renders a page with status 200.
pub(crate) fn page(template: &impl Template) -> HttpResponse {
    page_with(StatusCode::OK, template)
}

/// Renders a page with the given status.
pub(super) fn page_with(status: StatusCode, template: &impl Template) -> HttpResponse {
    let html = match template.render() {
        Ok(html) => html,
        Err(error) => {
            tracing::error!(%error, "a page cannot be rendered");
            return HttpResponse::InternalServerError().finish();
        }
    };
    HttpResponse::build(status)
        .content_type("text/html; charset=utf-8")
        .insert_header(("Content-Security-Policy", POLICY))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .insert_header(("Referrer-Policy", "same-origin"))
        .insert_header(("Cache-Control", "no-store"))
        .body(html)
}
