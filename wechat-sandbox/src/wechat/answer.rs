//! How WeChat's API answers: HTTP 200 with JSON, whatever happened.

use std::{borrow::Cow, fmt, io, net::IpAddr};

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
    /// The address that may not use the secret, which the text names.
    address: Option<IpAddr>,
    /// The key of the value that breaks a rule, which the text names.
    key: Option<String>,
}

impl Refusal {
    /// An errcode of `/cgi-bin`.
    pub(super) const fn api(code: i64) -> Self {
        Self::on(Surface::Api, code)
    }

    /// An errcode of `/sns`.
    pub(super) const fn sns(code: i64) -> Self {
        Self::on(Surface::Sns, code)
    }

    /// The errcode on the set of paths.
    pub(super) const fn on(surface: Surface, code: i64) -> Self {
        Self { surface, code, address: None, key: None }
    }

    /// 40164: the secret may not be used from this address.
    pub(super) const fn not_in_whitelist(surface: Surface, address: IpAddr) -> Self {
        Self { surface, code: 40164, address: Some(address), key: None }
    }

    /// 47003: the value with this key breaks its rule.
    pub(super) fn invalid_value(key: &str) -> Self {
        Self { key: Some(key.to_owned()), ..Self::api(47003) }
    }

    fn message(&self) -> Cow<'static, str> {
        if let Some(key) = &self.key {
            return format!("argument invalid! data.{key}.value invalid").into();
        }
        match self.address.map(|address| address.to_canonical()) {
            Some(IpAddr::V4(four)) => {
                format!("invalid ip {four} ipv6 {}, not in whitelist", four.to_ipv6_mapped()).into()
            }
            Some(IpAddr::V6(six)) => format!("invalid ip {six} ipv6 {six}, not in whitelist").into(),
            None => message(self.code).into(),
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "{} {}", self.code, self.message())
    }
}

impl ResponseError for Refusal {
    fn status_code(&self) -> StatusCode {
        StatusCode::OK
    }

    fn error_response(&self) -> HttpResponse {
        // `/sns` writes a comma where `/cgi-bin` writes none.
        let comma = if self.surface == Surface::Sns { "," } else { "" };
        let errmsg = format!("{}{comma} rid: {}", self.message(), rid());
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
        40007 => "invalid media_id",
        40013 => "invalid appid",
        40014 => "invalid access_token",
        40015 => "invalid menu type",
        40016 => "invalid button size",
        40017 => "invalid button type",
        40018 => "invalid button name size",
        40019 => "invalid button key size",
        40020 => "invalid button url size",
        40021 => "invalid menu version",
        40022 => "invalid sub button level",
        40023 => "invalid sub button size",
        40024 => "invalid sub button type",
        40025 => "invalid sub button name size",
        40026 => "invalid sub button key size",
        40027 => "invalid sub button url size",
        40029 => "invalid code",
        40030 => "invalid refresh_token",
        40031 => "invalid openid list",
        40032 => "invalid openid list size",
        40033 => "invalid charset. please check your request, if include \\uxxxx will create fail!",
        40035 => "invalid parameter",
        40036 => "invalid template_id size",
        40037 => "invalid template_id",
        40039 => "invalid url size",
        40052 => "invalid action name",
        40053 => "invalid action info",
        40054 => "invalid sub button url domain",
        40055 => "invalid button url domain",
        40125 => "invalid appsecret",
        40163 => "code been used",
        40164 => "invalid ip, not in whitelist",
        40243 => "appsecret is frozen",
        40246 => "invalid keyword_name_list",
        40247 => "need new category template",
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
        43100 => "change template too frequently",
        43101 => "user refuse to accept the msg",
        44002 => "empty post data",
        45009 => "reach max api daily quota limit",
        45011 => "api minute-quota reach limit, must slower, retry next minute",
        45026 => "template num exceeds limit",
        45029 => "qrcode count out of limit",
        46003 => "menu no exist",
        47001 => "data format error",
        47003 => "argument invalid",
        48001 => "api unauthorized",
        48004 => "api forbidden",
        48006 => "forbid to clear quota because of reaching the limit",
        50002 => "user limited",
        50007 => "account frozen",
        53600 => "invalid article_id",
        76003 => "invalid cgi_path",
        76021 => "cgi_path not found, please check",
        76022 => "could not use this cgi_path, no permission",
        _ => "error",
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_refused_address_is_told() {
        for (address, expected) in [
            ("203.0.113.7", "invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist"),
            ("::ffff:203.0.113.7", "invalid ip 203.0.113.7 ipv6 ::ffff:203.0.113.7, not in whitelist"),
            ("2001:db8::7", "invalid ip 2001:db8::7 ipv6 2001:db8::7, not in whitelist"),
        ] {
            let address = address.parse().expect("an address");
            assert_eq!(Refusal::not_in_whitelist(Surface::Api, address).message(), expected);
        }
    }

    #[test]
    fn a_request_id_starts_with_the_clock() {
        let rid = rid();
        let groups: Vec<_> = rid.split('-').collect();
        assert_eq!(groups.iter().map(|group| group.len()).collect::<Vec<_>>(), [8, 8, 8]);
        let clock = u64::from_str_radix(groups[0], 16).expect("hex");
        assert!(seconds(now()).abs_diff(clock) <= 1);
    }
}
