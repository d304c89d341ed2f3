//! Menfang's tables as entities: one file per table, columns only.
//! Not here: queries (they stand in `store`) and rules (`domain`).
//! Called by `store` alone.
#![expect(missing_docs, reason = "what a column means stands at the domain value that it becomes")]

pub mod account;
pub mod account_login;
pub mod affiliation;
pub mod affiliation_role;
pub mod api_key;
pub mod app;
pub mod audit_entry;
pub mod callback_event;
pub mod change;
pub mod consent;
pub mod delivery;
pub mod department;
pub mod expansion_pack;
pub mod external_user;
pub mod follow_code;
pub mod follower;
pub mod follower_import;
pub mod idempotency_key;
pub mod inbox_item;
pub mod invitation;
pub mod joining;
pub mod known_browser;
pub mod limit_lock;
pub mod login;
pub mod message_template;
pub mod module;
pub mod notification;
pub mod organization;
pub mod outbox;
pub mod portal;
pub mod qr_session;
pub mod receipt;
pub mod recipient_hold;
pub mod role;
pub mod secret_mark;
pub mod service_account;
pub mod verification_code;
pub mod visit;
pub mod wechat_binding;
