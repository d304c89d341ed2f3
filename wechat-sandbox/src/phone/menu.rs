//! The menu of an account as the phone shows it, and tapping it.

use actix_web::{
    HttpRequest, HttpResponse,
    web::{Data, Form},
};
use serde::Deserialize;

use super::actions::{After, back_to_accounts, complain, holder, inside_wechat, leave_for};
use crate::{
    callback::Delivered,
    control::{self, Index, Tapped},
    state::{Action, Button, Entry, Menu},
    world::World,
};

/// A button of the bar.
pub(super) enum MenuButton {
    /// It can be tapped itself.
    Entry(MenuEntry),
    /// It opens a list.
    Group { name: String, entries: Vec<MenuEntry> },
}

/// Something to tap.
pub(super) struct MenuEntry {
    pub(super) name: String,
    /// Its place among all that can be tapped.
    pub(super) index: usize,
    /// Whether a page opens, which then gets a tab of its own.
    pub(super) opens_page: bool,
}

/// The buttons of a menu.
pub(super) fn buttons(menu: &Menu) -> Vec<MenuButton> {
    let mut indexes = 0..;
    let mut entry = |entry: &Entry| MenuEntry {
        name: entry.name.clone(),
        index: indexes.next().unwrap_or_default(),
        opens_page: matches!(entry.action, Action::View { .. }),
    };
    let button = |button: &Button| match button {
        Button::Entry(only) => MenuButton::Entry(entry(only)),
        Button::Group { name, entries } => {
            MenuButton::Group { name: name.clone(), entries: entries.iter().map(&mut entry).collect() }
        }
    };
    menu.buttons.iter().map(button).collect()
}

#[derive(Deserialize)]
pub(super) struct Tap {
    appid: String,
    index: usize,
}

/// `POST /phone/menu`: the page opens as WeChat's own browser would open it; without one, the phone says what happened.
pub(super) async fn tap(world: Data<World>, request: HttpRequest, form: Form<Tap>) -> HttpResponse {
    let Tap { appid, index } = form.into_inner();
    match control::tap(&world, &holder(&request), &appid, Index::Flat(index)).await {
        Ok(Tapped { url: Some(url), .. }) => leave_for(&inside_wechat(&url).unwrap_or(url)),
        Ok(Tapped { callback: Some(Delivered { delivered: true, .. }), .. }) => {
            back_to_accounts(Some(After::Told))
        }
        Ok(Tapped { callback: Some(_), .. }) => back_to_accounts(Some(After::Undelivered)),
        Ok(Tapped { callback: None, .. }) => back_to_accounts(Some(After::Nothing)),
        Err(problem) => complain(&world, &request, &problem),
    }
}
