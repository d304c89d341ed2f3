//! What the outside world speaks to: pages, live connections, the API.
//! Not here: decisions (`domain`), changes (`usecases`), SQL (`store`).
//! Called by `server`.

pub mod answers;
pub mod api;
pub mod assets;
pub mod callbacks;
pub mod extract;
pub mod front_door;
pub mod i18n;
pub mod live;
pub mod openapi;
pub mod ops;
pub mod pages;
pub mod png;
pub mod problem;
pub mod qr_code;
pub mod routes;
pub mod site;
