//! The pages' own files (styles, scripts, pictures), compiled in and served with their hash as the version.

use std::fmt::Write as _;

use actix_web::http::header::{self, EntityTag, Header as _, IfNoneMatch};
use actix_web::{HttpRequest, HttpResponse, web};
use rust_embed::{EmbeddedFile, RustEmbed};

#[derive(RustEmbed)]
#[folder = "src/http/assets"]
struct Files;

const FOREVER: &str = "public, max-age=31536000, immutable";
/// May be kept, but has to be asked for each time.
pub(super) const ASK_FIRST: &str = "no-cache";

/// The address of an asset, with the first 8 hex digits of its SHA-256 so that it can be cached for ever.
/// A name that does not exist gets its address without a version (and answers 404).
pub fn asset_url(name: &str) -> String {
    match Files::get(name) {
        Some(file) => format!("/assets/{name}?v={}", version(&file)),
        None => format!("/assets/{name}"),
    }
}

/// Declares `GET /assets/{name}` (and `HEAD`).
pub fn routes(config: &mut web::ServiceConfig) {
    config.service(web::resource("/assets/{name}").route(web::get().to(serve)).route(web::head().to(serve)));
}

/// Serves one asset: 200 or 304 with its `ETag`, 404 for an unknown name. With the right `v` it may be kept for a
/// year, otherwise the browser asks again each time (a page of the version before may still be open).
pub async fn serve(request: HttpRequest, name: web::Path<String>) -> HttpResponse {
    let Some(file) = Files::get(&name) else {
        return HttpResponse::NotFound().insert_header(nosniff()).finish();
    };
    let version = version(&file);
    let current = request.query_string() == format!("v={version}");
    let tag = EntityTag::new_strong(version);
    let fresh = matches_tag(&request, &tag);
    let mut answer = if fresh { HttpResponse::NotModified() } else { HttpResponse::Ok() };
    answer
        .insert_header(header::ETag(tag))
        .insert_header((header::CACHE_CONTROL, if current { FOREVER } else { ASK_FIRST }))
        .insert_header(nosniff());
    if fresh {
        return answer.finish();
    }
    answer
        .insert_header((header::CONTENT_TYPE, content_type(&file)))
        .body(web::Bytes::from(file.data.into_owned()))
}

fn nosniff() -> (header::HeaderName, &'static str) {
    (header::X_CONTENT_TYPE_OPTIONS, "nosniff")
}

/// Whether who asks has this very version already.
pub(super) fn matches_tag(request: &HttpRequest, tag: &EntityTag) -> bool {
    if !request.headers().contains_key(header::IF_NONE_MATCH) {
        return false;
    }
    match IfNoneMatch::parse(request) {
        Ok(IfNoneMatch::Any) => true,
        Ok(IfNoneMatch::Items(tags)) => tags.iter().any(|known| known.weak_eq(tag)),
        Err(_) => false,
    }
}

fn content_type(file: &EmbeddedFile) -> String {
    let mime = file.metadata.mimetype();
    let text = mime.starts_with("text/") || mime.ends_with("svg+xml");
    if text { format!("{mime}; charset=utf-8") } else { mime.to_owned() }
}

fn version(file: &EmbeddedFile) -> String {
    file.metadata.sha256_hash().iter().take(4).fold(String::with_capacity(8), |mut hex, byte| {
        // Writing into a String cannot fail.
        let _ = write!(hex, "{byte:02x}");
        hex
    })
}

#[cfg(test)]
mod tests {
    use actix_web::{App, http::StatusCode, test};

    use super::*;

    async fn get(path: &str, known: Option<&str>) -> (StatusCode, String, String, String, usize) {
        let app = test::init_service(App::new().configure(routes)).await;
        let mut request = test::TestRequest::get().uri(path);
        if let Some(tag) = known {
            request = request.insert_header((header::IF_NONE_MATCH, tag));
        }
        let answer = test::call_service(&app, request.to_request()).await;
        let status = answer.status();
        let read = |name| answer.headers().get(name).map_or("", |v| v.to_str().unwrap()).to_owned();
        let (cache, kind, tag) =
            (read(header::CACHE_CONTROL), read(header::CONTENT_TYPE), read(header::ETAG));
        assert_eq!(read(header::X_CONTENT_TYPE_OPTIONS), "nosniff");
        (status, cache, kind, tag, test::read_body(answer).await.len())
    }

    #[actix_web::test]
    async fn a_versioned_asset_is_kept_for_ever() {
        let (status, cache, kind, tag, length) = get(&asset_url("app.css"), None).await;
        assert_eq!(
            (status, cache.as_str(), kind.as_str()),
            (StatusCode::OK, FOREVER, "text/css; charset=utf-8")
        );
        assert!(length > 0 && asset_url("app.css").contains(tag.trim_matches('"')));
        let (status, cache, _, _, length) = get(&asset_url("app.css"), Some(&tag)).await;
        assert_eq!((status, cache.as_str(), length), (StatusCode::NOT_MODIFIED, FOREVER, 0));
    }

    #[actix_web::test]
    async fn without_the_present_version_the_browser_asks_again() {
        for path in ["/assets/live.js", "/assets/live.js?v=00000000"] {
            let (status, cache, kind, tag, _) = get(path, Some("\"other\"")).await;
            assert_eq!((status, cache.as_str()), (StatusCode::OK, ASK_FIRST));
            assert!(kind.starts_with("text/javascript") && tag.len() == 10);
        }
    }

    #[actix_web::test]
    async fn an_unknown_name_is_not_found() {
        for path in ["/assets/none.css", "/assets/..%2fassets.rs", "/assets/%2e%2e%2fi18n.rs"] {
            let (status, cache, ..) = get(path, None).await;
            assert_eq!((status, cache.as_str()), (StatusCode::NOT_FOUND, ""), "{path}");
        }
        assert_eq!(asset_url("none.css"), "/assets/none.css");
    }
}
