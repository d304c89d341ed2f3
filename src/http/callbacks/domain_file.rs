//! `/MP_verify_….txt`: the file that WeChat wants at the domain's root.

use actix_web::http::header;
use actix_web::{HttpResponse, web};

use crate::domain::domain_file::name_of;
use crate::http::answers::store_failed;
use crate::http::extract::Visitor;
use crate::http::problem::{Code, Problem};
use crate::http::site::Site;

/// `GET /MP_verify_{code}.txt`: the content that a service account's binding has, exactly.
pub async fn show(
    site: web::Data<Site>,
    visitor: Visitor,
    code: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let found = site.admin.store().domain_file(&name_of(&code)).await;
    let found = found.map_err(|error| store_failed(&visitor, &error))?;
    let (_, file) = found.ok_or_else(|| visitor.problem(Code::NotFound))?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/plain"))
        .insert_header((header::CACHE_CONTROL, "no-cache"))
        .body(file.text().to_owned()))
}
