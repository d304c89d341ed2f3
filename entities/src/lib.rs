//! Menfang's tables as entities: one file per table, columns only.
//! Not here: queries (they stand in `store`) and rules (`domain`).
//! Called by `store` alone.
#![expect(missing_docs, reason = "what a column means stands at the domain value that it becomes")]

pub mod app;
pub mod audit_entry;
pub mod callback_event;
pub mod change;
pub mod external_user;
pub mod follower;
pub mod known_browser;
pub mod limit_lock;
pub mod login;
pub mod organization;
pub mod portal;
pub mod qr_session;
pub mod service_account;
pub mod verification_code;
pub mod visit;
pub mod wechat_binding;
