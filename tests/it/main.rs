//! Stories of the whole server, told by browsers and phones, and checks of the source itself.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed, which is what it is for")]

mod accounts;
mod api;
mod architecture;
mod command_line;
mod held_rows;
mod migrations;
mod notifications;
mod portal_rules;
mod servers;
mod sign_in;
mod support;
