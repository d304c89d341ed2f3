//! Reading a parametric QR code: the page of the account to follow, or its chat for whoever does.

use actix_web::{HttpRequest, HttpResponse, http::StatusCode};
use askama::Template;

use super::{
    Language,
    actions::{complain, holder},
    chat,
    render::page,
    screen::{self, Wanted},
};
use crate::{control, control::Problem, instant::now, world::World};

#[derive(Template)]
#[template(path = "follow.html")]
struct FollowPage<'a> {
    language: Language,
    account: &'a str,
    appid: &'a str,
    link: &'a str,
}

/// What WeChat does when its scanner reads this link, which is that of a parametric code.
pub(super) async fn read(world: &World, request: &HttpRequest, link: &str) -> HttpResponse {
    let (language, me) = (Language::of(request), holder(request));
    let found = {
        let ledger = world.ledger();
        let state = ledger.state();
        state.qr_codes.by_link(link, now()).map(|code| {
            let account = state.accounts.get(&code.appid).map(|account| account.original_id.clone());
            (
                code.clone(),
                account.unwrap_or_default(),
                state.people.get(&me).map(|me| me.follows(&code.appid)),
            )
        })
    };
    let Some((code, account, follows)) = found else {
        let notice = language.say(
            "二维码已过期，或者不是这个沙箱里的。",
            "This QR code has expired, or is none of this sandbox’s.",
        );
        return screen::show_with(world, request, &Wanted::link(link), StatusCode::NOT_FOUND, notice);
    };
    match follows {
        None => complain(world, request, &Problem::not_found("nobody is holding this phone")),
        Some(false) => page(&FollowPage { language, account: &account, appid: &code.appid, link }),
        Some(true) => match control::follow(world, &me, &code.appid, Some(code.scene)).await {
            Ok(_) => chat::to_chat(&code.appid),
            Err(problem) => complain(world, request, &problem),
        },
    }
}

/// What the code with this link stands for, if it is still good.
pub(super) fn scene(world: &World, link: &str) -> Option<String> {
    world.ledger().state().qr_codes.by_link(link, now()).map(|code| code.scene.clone())
}
