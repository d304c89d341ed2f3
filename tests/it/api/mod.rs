//! Stories of backends that call the API.

mod common;
mod docs;
mod menu;
mod organizations;
mod seats;
mod service_account;
mod service_account_races;
mod walk;
