//! Stories of backends that call the API.

mod capabilities;
mod collaborators;
mod common;
mod departments;
mod docs;
mod members;
mod modules;
mod organizations;
mod seats;
mod walk;
