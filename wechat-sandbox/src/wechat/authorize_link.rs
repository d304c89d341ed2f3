//! The authorize link, checked as strictly as WeChat checks it: the pattern of the parameters counts, not only they.

use std::collections::HashMap;

use actix_web::web::Query;
use reqwest::Url;

use crate::state::{Account, Scope, State};

/// The first four parameters; WeChat knows the link by this order.
const ORDER: [&str; 4] = ["appid", "redirect_uri", "response_type", "scope"];
/// The longest `state`.
const STATE_BYTES: usize = 128;

/// What is wrong with a link, as the phone shows it.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum LinkError {
    /// One of WeChat's numbered page errors.
    Numbered(i64, &'static str),
    /// An error that WeChat shows without a number.
    Unnumbered(&'static str),
}

/// A link that WeChat would follow.
#[derive(Debug)]
pub(super) struct AuthorizeLink {
    pub(super) appid: String,
    pub(super) scope: Scope,
    redirect_uri: Url,
    state: String,
    /// Ask for consent even where it is not needed.
    pub(super) force_popup: bool,
}

impl AuthorizeLink {
    /// Reads and checks the raw query.
    pub(super) fn parse(query: &str, all: &State) -> Result<Self, LinkError> {
        let pairs = Query::<Vec<(String, String)>>::from_query(query)
            .map_err(|_| LinkError::Unnumbered("the link cannot be read"))?
            .into_inner();
        let named: HashMap<&str, &str> =
            pairs.iter().map(|(name, value)| (name.as_str(), value.as_str())).collect();
        let value = |name: &str| named.get(name).copied().unwrap_or_default();
        check_presence(&named)?;
        check_order(&pairs)?;
        if value("response_type") != "code" {
            return Err(LinkError::Unnumbered("response_type must be code"));
        }
        let scope = match value("scope") {
            "snsapi_base" => Scope::Base,
            "snsapi_userinfo" => Scope::Userinfo,
            _ => return Err(LinkError::Numbered(10005, "the account has no such scope")),
        };
        check_state(value("state"))?;
        let account = all.accounts.get(value("appid"));
        let account = account.ok_or(LinkError::Numbered(40013, "invalid appid"))?;
        Ok(Self {
            appid: account.appid.clone(),
            scope,
            redirect_uri: check_redirect(account, value("redirect_uri"))?,
            state: value("state").to_owned(),
            force_popup: value("forcePopup") == "true",
        })
    }

    /// Where the phone goes with the code: the answer stands behind whatever query the place has already.
    pub(super) fn back_with(&self, code: &str) -> String {
        let mut url = self.redirect_uri.clone();
        url.query_pairs_mut().append_pair("code", code).append_pair("state", &self.state);
        url.into()
    }

    /// The host that the phone will go to.
    pub(super) fn host(&self) -> &str {
        self.redirect_uri.host_str().unwrap_or_default()
    }
}

fn check_presence(named: &HashMap<&str, &str>) -> Result<(), LinkError> {
    let missing = |name: &str| named.get(name).is_none_or(|value| value.is_empty());
    if missing("appid") {
        return Err(LinkError::Numbered(10012, "appid is empty"));
    }
    if missing("redirect_uri") {
        return Err(LinkError::Numbered(10011, "redirect_uri is empty"));
    }
    if missing("scope") {
        return Err(LinkError::Numbered(10010, "scope is empty"));
    }
    if named.get("state") == Some(&"") {
        return Err(LinkError::Numbered(10013, "state is empty"));
    }
    Ok(())
}

fn check_order(pairs: &[(String, String)]) -> Result<(), LinkError> {
    let in_order = pairs.iter().map(|(name, _)| name.as_str()).take(ORDER.len()).eq(ORDER);
    // `state` may be absent; where it is, it stands right behind the four.
    let state_in_place = pairs.iter().position(|(name, _)| name == "state").is_none_or(|place| place == 4);
    if in_order && state_in_place {
        return Ok(());
    }
    Err(LinkError::Unnumbered(
        "the parameters must be appid, redirect_uri, response_type, scope, state: in this order",
    ))
}

fn check_state(state: &str) -> Result<(), LinkError> {
    if state.len() > STATE_BYTES {
        return Err(LinkError::Unnumbered("state is longer than 128 bytes"));
    }
    if !state.bytes().all(|byte| byte.is_ascii_alphanumeric()) {
        return Err(LinkError::Unnumbered("state may have letters and digits only"));
    }
    Ok(())
}

fn check_redirect(account: &Account, redirect_uri: &str) -> Result<Url, LinkError> {
    let differs = LinkError::Numbered(10003, "the domain of redirect_uri differs from the configured one");
    let Ok(url) = Url::parse(redirect_uri) else { return Err(differs) };
    let (Some(host), Some(port)) = (url.host_str(), url.port_or_known_default()) else { return Err(differs) };
    let web = ["http", "https"].contains(&url.scheme());
    if web && account.allows_redirect_to(host, port) { Ok(url) } else { Err(differs) }
}

#[cfg(test)]
#[path = "authorize_link_tests.rs"]
mod tests;
