//! Stories of backends that call the API.

mod common;
mod docs;
mod organizations;
mod seats;
mod walk;
