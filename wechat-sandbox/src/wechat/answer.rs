//! How WeChat's API answers: HTTP 200 with JSON, whatever happened.

use std::{fmt, io};

use actix_web::{HttpResponse, ResponseError, http::StatusCode};
use serde_json::{Value, json};

use super::page;
use crate::{
    instant::{now, seconds},
    random,
    traffic::Outcome,
};

/// The two sets of paths, which differ in content type and in how an error text ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Surface {
    /// `/cgi-bin/…`
    Api,
    /// `/sns/…`
    Sns,
}

impl Surface {
    /// The set that a path belongs to.
    pub(super) fn of(path: &str) -> Self {
        if path.starts_with("/sns/") { Self::Sns } else { Self::Api }
    }
}

/// An answer that is an errcode.
#[derive(Debug)]
pub(super) struct Refusal {
    surface: Surface,
    code: i64,
}

impl Refusal {
    /// An errcode of `/cgi-bin`.
    pub(super) const fn api(code: i64) -> Self {
        Self { surface: Surface::Api, code }
    }

    /// An errcode of `/sns`.
    pub(super) const fn sns(code: i64) -> Self {
        Self { surface: Surface::Sns, code }
    }

    /// The errcode on the set of paths.
    pub(super) const fn on(surface: Surface, code: i64) -> Self {
        Self { surface, code }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.code, message(self.code))
    }
}

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        StatusCode::OK
    }

    fn error_response(&self) -> HttpResponse {
        // `/sns` writes a comma where `/cgi-bin` writes none.
        let comma = if self.surface == Surface::Sns { "," } else { "" };
        let errmsg = format!("{}{comma} rid: {}", message(self.code), rid());
        respond(self.surface, self.code, &json!({"errcode": self.code, "errmsg": errmsg}))
    }
}

impl From<io::Error> for Refusal {
    fn from(error: io::Error) -> Self {
        tracing::error!(%error, "the journal cannot be written");
        Self::api(-1)
    }
}

/// A good answer of `/cgi-bin`.
pub(super) fn api(body: &Value) -> HttpResponse {
    respond(Surface::Api, 0, body)
}

/// A good answer of `/sns`.
pub(super) fn sns(body: &Value) -> HttpResponse {
    respond(Surface::Sns, 0, body)
}

/// A call that a fault makes fail.
pub(crate) fn failed_call(path: &str, code: i64) -> HttpResponse {
    if path.starts_with("/connect/") {
        return page::plain_error(code, message(code));
    }
    Refusal::on(Surface::of(path), code).error_response()
}

fn respond(surface: Surface, code: i64, body: &Value) -> HttpResponse {
    let content_type = match surface {
        Surface::Api => "application/json; encoding=utf-8",
        Surface::Sns => "text/plain",
    };
    let mut response = HttpResponse::Ok().content_type(content_type).body(body.to_string());
    response.extensions_mut().insert(Outcome(code));
    response
}

/// The request id: its first group is the clock.
fn rid() -> String {
    format!("{:08x}-{}-{}", seconds(now()), random::hex(8), random::hex(8))
}

/// The texts as WeChat writes them. Nobody may parse them.
fn message(code: i64) -> &'static str {
    match code {
        -1 => "system error",
        40001 => "invalid credential, access_token is invalid or not latest",
        40002 => "invalid grant_type",
        40003 => "invalid openid",
        40013 => "invalid appid",
        40014 => "invalid access_token",
        40029 => "invalid code",
        40030 => "invalid refresh_token",
        40031 => "invalid openid list",
        40032 => "invalid openid list size",
        40125 => "invalid appsecret",
        40163 => "code been used",
        41001 => "access_token missing",
        41002 => "appid missing",
        41003 => "refresh_token missing",
        41004 => "appsecret missing",
        41008 => "missing code",
        41009 => "missing openid",
        42001 => "access_token expired",
        42002 => "refresh_token expired",
        43001 => "require GET method",
        43002 => "require POST method",
        43004 => "require subscribe",
        44002 => "empty post data",
        45009 => "reach max api daily quota limit",
        45011 => "api minute-quota reach limit, must slower, retry next minute",
        47001 => "data format error",
        48001 => "api unauthorized",
        48004 => "api forbidden",
        50002 => "user limited",
        _ => "error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_request_id_starts_with_the_clock() {
        let rid = rid();
        let groups: Vec<_> = rid.split('-').collect();
        assert_eq!(groups.iter().map(|group| group.len()).collect::<Vec<_>>(), [8, 8, 8]);
        let clock = u64::from_str_radix(groups[0], 16).expect("hex");
        assert!(seconds(now()).abs_diff(clock) <= 1);
    }
}
