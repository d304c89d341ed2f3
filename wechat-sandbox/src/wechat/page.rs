//! The pages that WeChat shows on a phone: consent, and what is wrong.

use actix_web::HttpResponse;
use askama::Template;

use super::authorize_link::{AuthorizeLink, LinkError};
use crate::{
    phone::{Language, page},
    state::Person,
    traffic::Outcome,
};

/// The errcode under which pages without a number of their own are counted.
const UNNUMBERED: i64 = -1;

#[derive(Template)]
#[template(path = "wechat_notice.html")]
struct Notice<'a> {
    language: Language,
    title: &'a str,
    sentence: &'a str,
    code: Option<i64>,
    offers_phone: bool,
}

#[derive(Template)]
#[template(path = "wechat_consent.html")]
struct ConsentPage<'a> {
    language: Language,
    nickname: &'a str,
    person: &'a str,
    host: &'a str,
    original_link: &'a str,
}

/// Outside WeChat.
pub(super) fn open_in_wechat(language: Language) -> HttpResponse {
    let title = language.say("请在微信客户端打开链接", "Please open this link in the WeChat client");
    let sentence = language.say(
        "这是沙箱里的微信授权页。先在模拟手机上选一个人，再打开链接。",
        "This is the sandbox's authorization page. Choose a person on the pretend phone first, then open the link.",
    );
    show(&Notice { language, title, sentence, code: None, offers_phone: true }, UNNUMBERED)
}

/// In WeChat's browser, but without the cookie that says who it is.
pub(super) fn nobody_holds_the_phone(language: Language) -> HttpResponse {
    let title = language.say("没有人拿着这部手机", "Nobody is holding this phone");
    let sentence = language.say(
        "请带上 Cookie sandbox_person={id}，或在模拟手机上选一个人。",
        "Send the cookie sandbox_person={id}, or choose a person on the pretend phone.",
    );
    show(&Notice { language, title, sentence, code: None, offers_phone: true }, UNNUMBERED)
}

/// The cookie names somebody who is not there.
pub(super) fn unknown_person(language: Language, id: &str) -> HttpResponse {
    let title = language.say("沙箱里没有这个人", "The sandbox knows no such person");
    let sentence = match language {
        Language::Chinese => format!("Cookie sandbox_person 的值是 {id}。沙箱可能被重置过：请重新选一个人。"),
        Language::English => format!(
            "The cookie sandbox_person says {id}. Perhaps the sandbox has been reset: choose a person again."
        ),
    };
    show(&Notice { language, title, sentence: &sentence, code: None, offers_phone: true }, UNNUMBERED)
}

/// A link that WeChat does not follow.
pub(super) fn link_error(language: Language, error: &LinkError) -> HttpResponse {
    let title = language.say("无法打开授权页", "The authorization page cannot be opened");
    let (code, sentence) = match *error {
        LinkError::Numbered(code, sentence) => (Some(code), sentence),
        LinkError::Unnumbered(sentence) => (None, sentence),
    };
    show(&Notice { language, title, sentence, code, offers_phone: false }, code.unwrap_or(UNNUMBERED))
}

/// A page that a fault makes fail.
pub(super) fn plain_error(code: i64, sentence: &str) -> HttpResponse {
    let language = Language::Chinese;
    show(&Notice { language, title: "系统错误", sentence, code: Some(code), offers_phone: false }, code)
}

/// After "refuse": the dialog is gone, the page that asked hears nothing.
pub(super) fn refused(language: Language, host: &str) -> HttpResponse {
    let title = language.say("已拒绝授权", "You refused");
    let sentence = match language {
        Language::Chinese => format!("{host} 不会得到任何通知。可以关闭此页。"),
        Language::English => format!("{host} is not told anything. You can close this page."),
    };
    show(&Notice { language, title, sentence: &sentence, code: None, offers_phone: true }, 0)
}

/// The consent dialog of `snsapi_userinfo`.
pub(super) fn consent(
    language: Language,
    link: &AuthorizeLink,
    person: &Person,
    original_link: &str,
) -> HttpResponse {
    let (nickname, host) = (&person.nickname, link.host());
    show(&ConsentPage { language, nickname, person: &person.id, host, original_link }, 0)
}

/// A path that WeChat does not have.
pub(crate) async fn not_found() -> HttpResponse {
    HttpResponse::NotFound().content_type("text/html; charset=utf-8").body("<h1>404 Not Found</h1>")
}

/// WeChat's pages answer 200 whatever they say.
fn show(template: &impl Template, outcome: i64) -> HttpResponse {
    let mut response = page(template);
    response.extensions_mut().insert(Outcome(outcome));
    response
}
