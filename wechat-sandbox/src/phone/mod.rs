//! The phone to play with in a browser: choose a person, open a scanned link, follow, tap the menu, read messages and SMS.
//! Everything works by plain forms; the script only makes it quicker. What happens is decided in `control`.
//! Mounted by `server`.

mod actions;
mod assets;
mod avatar;
mod chat;
mod language;
mod menu;
mod render;
mod scan;
mod screen;

use actix_web::web::{ServiceConfig, get, post};

pub(crate) use language::Language;
pub(crate) use render::page;

/// The cookie that says who holds the phone.
const HOLDER: &str = "sandbox_person";

/// Mounts the paths.
pub(crate) fn routes(config: &mut ServiceConfig) {
    config
        .route("/", get().to(actions::to_phone))
        .route("/phone", get().to(screen::show))
        .route("/phone/messages", get().to(screen::messages))
        .route("/phone/open", get().to(actions::open))
        .route("/phone/people", post().to(actions::create))
        .route("/phone/hold", post().to(actions::hold))
        .route("/phone/put-down", post().to(actions::put_down))
        .route("/phone/follow", post().to(actions::follow))
        .route("/phone/unfollow", post().to(actions::unfollow))
        .route("/phone/chat", get().to(chat::show))
        .route("/phone/chat/cards", get().to(chat::cards))
        .route("/phone/block", post().to(chat::block))
        .route("/phone/unblock", post().to(chat::unblock))
        .route("/phone/menu", post().to(menu::tap))
        .route("/phone/avatars/{file}", get().to(avatar::show))
        .route("/phone/assets/{file}", get().to(assets::show));
}
