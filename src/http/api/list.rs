//! Lists: which page and which rows of it are asked for.

use actix_web::HttpRequest;
use actix_web::web::Query;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use uuid::Uuid;

use crate::http::extract::Visitor;
use crate::http::problem::{Code, Problem};
use crate::store::{Listed, Page};

/// Rows on a page when nobody says so.
const USUAL: u64 = 50;
/// Most rows on a page.
const MOST: u64 = 500;

/// A page of a list as it is answered.
#[derive(Debug, Serialize)]
pub struct List<T> {
    /// The rows.
    pub items: Vec<T>,
    /// What to send as `cursor` for the next page; null at the end.
    pub next: Option<String>,
}

impl<T> List<T> {
    /// A page, each row as it is shown.
    pub fn of<D>(listed: Listed<D>, show: impl FnMut(D) -> T) -> Self {
        let next = listed.next.map(|id| URL_SAFE_NO_PAD.encode(id.as_bytes()));
        Self { items: listed.items.into_iter().map(show).collect(), next }
    }
}

/// The page that a request asks for.
///
/// # Errors
/// `cursor` or `limit` make no sense.
pub fn page(request: &HttpRequest, visitor: &Visitor) -> Result<Page, Problem> {
    let invalid = |field: &str, rule: &str| {
        visitor.problem(Code::InvalidField).detail(format!("{field}: {rule}")).with("field", field)
    };
    let pairs = Query::<Vec<(String, String)>>::from_query(request.query_string())
        .map_err(|_| visitor.problem(Code::BadRequest))?;
    let mut page = Page::first(USUAL);
    for (name, value) in pairs.iter() {
        match name.as_str() {
            "limit" => {
                let limit = value.parse().ok().filter(|limit| (1..=MOST).contains(limit));
                page.limit = limit.ok_or_else(|| invalid("limit", "must be a number from 1 to 500"))?;
            }
            "cursor" => {
                let bytes = URL_SAFE_NO_PAD.decode(value).ok().and_then(|bytes| bytes.try_into().ok());
                let id = bytes.map(Uuid::from_bytes);
                page.after = Some(id.ok_or_else(|| invalid("cursor", "must be the `next` of a page"))?);
            }
            _ => {}
        }
    }
    Ok(page)
}

/// What else a request asks for in its query, each name at most once.
///
/// # Errors
/// A value makes no sense; the problem names the parameter.
pub fn filters<T: DeserializeOwned>(request: &HttpRequest, visitor: &Visitor) -> Result<T, Problem> {
    let text = request.query_string();
    Query::<T>::from_query(text).map(Query::into_inner).map_err(|_| {
        let field = first_wrong::<T>(text).unwrap_or_else(|| "query".into());
        let detail = format!("{field}: must have a value of its form, and come once");
        visitor.problem(Code::InvalidField).detail(detail).with("field", field)
    })
}

/// The first parameter of a query that is none of these.
pub fn unknown(request: &HttpRequest, known: &[&str]) -> Option<String> {
    let pairs = Query::<Vec<(String, String)>>::from_query(request.query_string()).ok()?.into_inner();
    let (name, _) = pairs.into_iter().find(|(name, _)| !known.contains(&name.as_str()))?;
    Some(name.chars().filter(|c| !c.is_control()).take(60).collect())
}

/// The parameter up to which a query makes no sense any more.
fn first_wrong<T: DeserializeOwned>(text: &str) -> Option<String> {
    let ends = text.match_indices('&').map(|(end, _)| end).chain([text.len()]);
    let end = ends.into_iter().find(|&end| Query::<T>::from_query(&text[..end]).is_err())?;
    let last = text[..end].rsplit('&').next()?;
    let pairs = Query::<Vec<(String, String)>>::from_query(last).ok()?.into_inner();
    pairs.into_iter().next().map(|(name, _)| name)
}

#[cfg(test)]
mod tests {
    use serde::Deserialize;

    use super::*;

    #[derive(Deserialize)]
    #[expect(dead_code, reason = "only whether it reads is asked")]
    struct Filters {
        follows: Option<bool>,
        openid: Option<String>,
    }

    #[test]
    fn the_first_parameter_that_makes_no_sense_is_named() {
        for (text, wrong) in [
            ("", None),
            ("openid=a&follows=true&else=%zz", None),
            ("follows=maybe", Some("follows")),
            ("openid=a&f%6fllows=&openid=b", Some("follows")),
            ("openid=a&follows=true&openid=b", Some("openid")),
        ] {
            assert_eq!(first_wrong::<Filters>(text).as_deref(), wrong, "{text}");
        }
    }
}
