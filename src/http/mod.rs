//! What the outside world speaks to: pages, live connections, the API.
//! Not here: decisions (`domain`), changes (`usecases`), SQL (`store`).
//! Called by `server`.

pub mod assets;
pub mod i18n;
pub mod pages;
