//! Every way in which a link can be wrong.

use super::*;
use crate::state::{Change, Mode};

fn state() -> State {
    let mut state = State::default();
    state.apply(Change::AccountRegistered(Account {
        appid: "wx1".to_owned(),
        secret: "secret".to_owned(),
        mode: Mode::Plain,
        redirect_domains: vec!["www.example.org".to_owned()],
        ..Account::default()
    }));
    state
}

fn parse(query: &str) -> Result<AuthorizeLink, LinkError> {
    AuthorizeLink::parse(query, &state())
}

fn number(query: &str) -> Option<i64> {
    match parse(query) {
        Err(LinkError::Numbered(code, _)) => Some(code),
        Err(LinkError::Unnumbered(_)) => None,
        Ok(link) => panic!("{query} was taken: {link:?}"),
    }
}

const BACK: &str = "redirect_uri=https%3A%2F%2Fwww.example.org%2Fback%3Fa%3D1";

#[test]
fn the_answer_is_appended_to_the_query_of_the_place() {
    let link = parse(&format!("appid=wx1&{BACK}&response_type=code&scope=snsapi_base&state=s1"))
        .expect("a good link");
    assert_eq!(link.back_with("c1"), "https://www.example.org/back?a=1&code=c1&state=s1");
    assert_eq!(link.host(), "www.example.org");
}

#[test]
fn what_may_follow_the_state_and_a_missing_state_are_taken() {
    for tail in
        ["", "&state=s", "&state=s&forcePopup=true", "&state=s&connect_redirect=1", "&connect_redirect=1"]
    {
        let query = format!("appid=wx1&{BACK}&response_type=code&scope=snsapi_userinfo{tail}");
        assert_eq!(parse(&query).expect("a good link").force_popup, tail.contains("forcePopup"), "{query}");
    }
}

#[test]
fn missing_parameters_have_their_numbers() {
    assert_eq!(number(&format!("{BACK}&response_type=code&scope=snsapi_base")), Some(10012));
    assert_eq!(number("appid=wx1&response_type=code&scope=snsapi_base"), Some(10011));
    assert_eq!(number(&format!("appid=wx1&{BACK}&response_type=code")), Some(10010));
    assert_eq!(number(&format!("appid=wx1&{BACK}&response_type=code&scope=snsapi_base&state=")), Some(10013));
}

#[test]
fn foreign_domains_scopes_and_accounts_have_their_numbers() {
    let with = |appid: &str, back: &str, scope: &str| {
        number(&format!("appid={appid}&redirect_uri={back}&response_type=code&scope={scope}&state=s"))
    };
    assert_eq!(with("wx1", "https%3A%2F%2Fexample.org%2F", "snsapi_base"), Some(10003));
    assert_eq!(with("wx1", "https%253A%252F%252Fwww.example.org%252F", "snsapi_base"), Some(10003));
    assert_eq!(with("wx1", "javascript%3A%2F%2Fwww.example.org%2F", "snsapi_base"), Some(10003));
    assert_eq!(with("wx1", "https%3A%2F%2Fwww.example.org%2F", "snsapi_login"), Some(10005));
    assert_eq!(with("wx2", "https%3A%2F%2Fwww.example.org%2F", "snsapi_base"), Some(40013));
}

#[test]
fn order_state_and_response_type_are_checked() {
    let long = "s".repeat(129);
    for query in [
        format!("{BACK}&appid=wx1&response_type=code&scope=snsapi_base&state=s"),
        format!("appid=wx1&{BACK}&scope=snsapi_base&response_type=code&state=s"),
        format!("state=s&appid=wx1&{BACK}&response_type=code&scope=snsapi_base"),
        format!("appid=wx1&{BACK}&response_type=code&scope=snsapi_base&forcePopup=true&state=s"),
        format!("appid=wx1&{BACK}&response_type=token&scope=snsapi_base&state=s"),
        format!("appid=wx1&{BACK}&response_type=code&scope=snsapi_base&state=a-b"),
        format!("appid=wx1&{BACK}&response_type=code&scope=snsapi_base&state={long}"),
    ] {
        assert_eq!(number(&query), None, "{query}");
    }
    let longest = "s".repeat(128);
    parse(&format!("appid=wx1&{BACK}&response_type=code&scope=snsapi_base&state={longest}"))
        .expect("just short enough");
}
