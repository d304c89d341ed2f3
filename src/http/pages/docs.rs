//! The API's description: `/api/openapi.json` for programs, `/api/docs` for people. Both are of this very version.

use std::sync::LazyLock;

use actix_web::http::StatusCode;
use actix_web::http::header::{self, ETag, EntityTag};
use actix_web::{HttpRequest, HttpResponse, web};

use crate::domain::keys::{hex, sha256};
use crate::http::answers::page;
use crate::http::assets::{ASK_FIRST, matches_tag};
use crate::http::extract::Visitor;
use crate::http::openapi;
use crate::http::openapi::outline::{Outline, outline};
use crate::http::site::Site;

use super::views::DocsPage;

/// What is read once and never changes while the program runs.
struct Document {
    text: String,
    version: String,
    outline: Outline,
}

static DOCUMENT: LazyLock<Document> = LazyLock::new(|| {
    let text = openapi::text();
    let version = hex(&sha256(text.as_bytes()))[..16].to_owned();
    Document { text, version, outline: outline(&openapi::document()) }
});

/// `GET /api/openapi.json`: 200, or 304 for whoever has this version.
pub async fn document(request: HttpRequest) -> HttpResponse {
    let tag = EntityTag::new_strong(DOCUMENT.version.clone());
    let fresh = matches_tag(&request, &tag);
    let mut answer = if fresh { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer.insert_header(ETag(tag)).insert_header((header::CACHE_CONTROL, ASK_FIRST));
    if fresh {
        return answer.finish();
    }
    answer.insert_header((header::CONTENT_TYPE, "application/json")).body(DOCUMENT.text.as_str())
}

/// `GET /api/docs`.
pub async fn show(site: web::Data<Site>, visitor: Visitor) -> HttpResponse {
    let view = DocsPage {
        lang: visitor.lang,
        url: site.front.origin.clone(),
        host: site.front.authority.clone(),
        outline: &DOCUMENT.outline,
    };
    page(&site, StatusCode::OK, &view)
}
