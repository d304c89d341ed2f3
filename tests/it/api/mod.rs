//! Stories of backends that call the API.

mod common;
mod menu;
mod organizations;
mod service_account;
mod service_account_races;
