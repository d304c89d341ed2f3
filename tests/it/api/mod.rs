//! Stories of backends that call the API.

mod common;
mod organizations;
mod seats;
