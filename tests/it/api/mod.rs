//! Stories of backends that call the API.

mod capabilities;
mod collaborators;
mod common;
mod departments;
mod docs;
mod members;
mod menu;
mod modules;
mod organizations;
mod seats;
mod service_account;
mod service_account_races;
mod walk;
