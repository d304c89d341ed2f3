//! The rules: values and state machines that decide, with time and chance as parameters.
//! Not here: I/O, async, SQL, HTTP, clock calls.
//! Called by every room; knows none of them.

pub mod account;
pub mod affiliation;
pub mod api_key;
pub mod app;
pub mod audit;
pub mod billing;
pub mod capability;
pub mod clock;
pub mod date;
pub mod delivery;
pub mod department;
pub mod domain_file;
pub mod external_user;
pub mod follower;
pub mod ids;
pub mod inbox;
pub mod invitation;
pub mod keys;
pub mod login;
pub mod menu;
pub mod menu_rule;
pub mod module;
pub mod naming;
pub mod network;
pub mod notification;
pub mod organization;
pub mod password;
pub mod phone_number;
pub mod phone_visit;
pub mod policy;
pub mod portal;
pub mod qr_session;
pub mod qr_ticket;
pub mod retry;
pub mod right;
pub mod role;
pub mod scope;
pub mod seats;
pub mod service_account;
pub mod user_agent;
pub mod verification;
pub mod web_address;
