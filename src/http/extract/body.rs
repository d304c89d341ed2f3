//! Bodies, with a bound and a deadline (the framework bounds only the head's time).

use std::collections::HashMap;

use actix_web::web::{Bytes, BytesMut, Payload};
use futures_util::StreamExt;

use crate::http::problem::{Code, Problem};
use crate::http::site::Site;

use super::Visitor;

/// The fields of a form, each at most once.
pub struct Fields(HashMap<String, String>);

impl Fields {
    /// A field's text; empty when it is absent.
    pub fn get(&self, name: &str) -> &str {
        self.0.get(name).map_or("", String::as_str)
    }

    /// A field's text, if it was sent and is not empty.
    pub fn some(&self, name: &str) -> Option<&str> {
        Some(self.get(name)).filter(|text| !text.is_empty())
    }
}

/// Reads a body.
///
/// # Errors
/// It is too large, too slow, or was cut off.
pub async fn bytes(payload: Payload, visitor: &Visitor, site: &Site) -> Result<Bytes, Problem> {
    bytes_up_to(payload, visitor, site, site.front.body_bytes).await
}

/// Reads a body of at most `limit` bytes.
///
/// # Errors
/// As [`bytes`].
pub async fn bytes_up_to(
    mut payload: Payload,
    visitor: &Visitor,
    site: &Site,
    limit: usize,
) -> Result<Bytes, Problem> {
    let read = async {
        let mut body = BytesMut::new();
        while let Some(chunk) = payload.next().await {
            let chunk = chunk.map_err(|_| visitor.problem(Code::BadRequest))?;
            if body.len() + chunk.len() > limit {
                return Err(visitor.problem(Code::TooLarge));
            }
            body.extend_from_slice(&chunk);
        }
        Ok(body.freeze())
    };
    tokio::time::timeout(site.front.body, read).await.map_err(|_| visitor.problem(Code::BadRequest))?
}

/// Reads a form (`application/x-www-form-urlencoded`).
///
/// # Errors
/// As [`bytes`], or it is no form, or a field comes twice.
pub async fn fields(payload: Payload, visitor: &Visitor, site: &Site) -> Result<Fields, Problem> {
    let body = bytes(payload, visitor, site).await?;
    let pairs = actix_web::web::Query::<Vec<(String, String)>>::from_query(
        std::str::from_utf8(&body).map_err(|_| visitor.problem(Code::BadRequest))?,
    )
    .map_err(|_| visitor.problem(Code::BadRequest))?
    .into_inner();
    let count = pairs.len();
    let fields: HashMap<String, String> = pairs.into_iter().collect();
    if fields.len() == count { Ok(Fields(fields)) } else { Err(visitor.problem(Code::BadRequest)) }
}
