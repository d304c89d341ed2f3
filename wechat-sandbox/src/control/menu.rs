//! `POST /sandbox/people/{id}/menu`: tapping an entry of an account's menu.

use actix_web::{
    HttpResponse,
    web::{Bytes, Data, Path},
};
use serde::Deserialize;
use serde_json::json;

use super::{
    following::find,
    problem::{Problem, read},
};
use crate::{
    callback::{Delivered, Event},
    instant::now,
    state::{Action, Entry, Menu},
    world::World,
};

/// Which entry is meant.
#[derive(Clone, Copy, Deserialize)]
#[serde(untagged, expecting = "index is the number of an entry, or [button, entry under it], from 0")]
pub(crate) enum Index {
    /// Its place among all that can be tapped: buttons without a list, and entries of lists.
    Flat(usize),
    /// The button, and the place in its list.
    Nested([usize; 2]),
}

impl Index {
    fn entry(self, menu: &Menu) -> Option<&Entry> {
        match self {
            Self::Flat(index) => menu.entry(index),
            Self::Nested([button, index]) => menu.entry_under(button, index),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Tap {
    appid: String,
    index: Index,
}

/// What came of a tap.
pub(crate) struct Tapped {
    /// The page that opens, if one does.
    pub(crate) url: Option<String>,
    /// The first delivery of the event, if there was one to deliver.
    pub(crate) callback: Option<Delivered>,
}

/// The route.
pub(super) async fn tap_route(
    world: Data<World>,
    id: Path<String>,
    body: Bytes,
) -> Result<HttpResponse, Problem> {
    let Tap { appid, index } = read(&body)?;
    let tapped = tap(&world, &id, &appid, index).await?;
    Ok(HttpResponse::Ok().json(json!({"url": tapped.url})))
}

/// Lets a follower tap an entry, and tells the account's server as WeChat does.
///
/// # Errors
/// Person, account or menu is unknown, the person does not follow, or there is no such entry.
pub(crate) async fn tap(world: &World, id: &str, appid: &str, index: Index) -> Result<Tapped, Problem> {
    let (person, account) = find(world, id, appid)?;
    let (menu_id, action) = {
        let ledger = world.ledger();
        let menu = ledger.state().menus.get(appid).ok_or_else(no_menu)?;
        if !person.follows(appid) {
            return Err(Problem::conflict("only followers see an account's menu: follow it first"));
        }
        let entry =
            index.entry(menu).ok_or_else(|| Problem::unfit("the menu has no entry with this index"))?;
        (menu.id, entry.action.clone())
    };
    let (url, event) = outcome(action, menu_id);
    let callback = match event {
        Some(event) => world.outbox.push(&account, person.openid(appid), &event, now()).await,
        None => None,
    };
    Ok(Tapped { url, callback })
}

/// The page that opens, and what the server is told. Scanner, camera and map would open first, and an event would tell
/// what came of it: this phone has none of them, as if they were closed again. Articles and pictures make no event.
fn outcome(action: Action, menu_id: u64) -> (Option<String>, Option<Event>) {
    match action {
        Action::Click { key } => (None, Some(Event::Click { key })),
        Action::View { url } => (Some(url.clone()), Some(Event::View { url, menu_id })),
        Action::Miniprogram { pagepath, .. } => (None, Some(Event::ViewMiniprogram { pagepath, menu_id })),
        Action::ScancodePush { .. }
        | Action::ScancodeWaitmsg { .. }
        | Action::PicSysphoto { .. }
        | Action::PicPhotoOrAlbum { .. }
        | Action::PicWeixin { .. }
        | Action::LocationSelect { .. }
        | Action::MediaId { .. }
        | Action::ArticleId { .. }
        | Action::ArticleViewLimited { .. } => (None, None),
    }
}

fn no_menu() -> Problem {
    Problem::not_found("the account has no menu: its server makes one with /cgi-bin/menu/create")
}
