//! Stories of backends that call the API.

mod common;
mod follower_import;
mod followers;
mod menu;
mod organizations;
mod personal_data;
mod service_account;
mod service_account_races;
