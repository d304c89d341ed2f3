//! The style and the script, compiled in.

use actix_web::{HttpResponse, web::Path};

/// `GET /phone/assets/{file}`
pub(super) async fn show(file: Path<String>) -> HttpResponse {
    let (content_type, body) = match file.as_str() {
        "phone.css" => ("text/css; charset=utf-8", include_str!("../../assets/phone.css")),
        "phone.js" => ("text/javascript; charset=utf-8", include_str!("../../assets/phone.js")),
        "icon.svg" => ("image/svg+xml", include_str!("../../assets/icon.svg")),
        _ => return HttpResponse::NotFound().finish(),
    };
    HttpResponse::Ok()
        .content_type(content_type)
        .insert_header(("Cache-Control", "no-cache"))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .body(body)
}
