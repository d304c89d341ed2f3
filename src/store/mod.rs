//! The rows: every query and every conditional write, grouped by noun; secrets are sealed at this edge.
//! Not here: rules (`domain`) and what a change causes (`usecases`). No SeaORM type leaves the room.
//! Called by use cases (read and write), actors (read and write) and HTTP (read only: `begin` is never called there).

pub mod account_logins;
pub mod accounts;
pub mod affiliation_removal;
pub mod affiliations;
pub mod api_keys;
pub mod apps;
pub mod audit;
pub mod callback_events;
pub mod changes;
pub mod connect;
pub mod consents;
pub mod departments;
pub mod erasure;
pub mod error;
pub mod external_user_places;
pub mod external_user_records;
pub mod external_users;
pub mod follower_imports;
pub mod follower_pages;
pub mod followers;
pub mod idempotency;
pub mod identities;
pub mod invitations;
pub mod joinings;
pub mod locks;
pub mod logins;
pub mod modules;
pub mod organizations;
pub mod page;
pub mod placing;
pub mod portals;
pub mod qr_sessions;
pub mod reseal;
pub mod retention;
pub mod roles;
pub mod schema;
pub mod seats;
pub mod service_accounts;
pub mod unit;
pub mod user_logins;
pub mod vault;
pub mod verification_codes;
pub mod visits;
pub mod wechat_bindings;

pub use connect::{Database, Store};
pub use error::StoreError;
pub use page::{Listed, Order, Page};
pub use unit::Unit;
