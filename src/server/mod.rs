//! Putting the rooms together: building a server, starting it, draining it, stopping it.
//! Not here: anything a room could do itself.
//! Called by `cli`, and by tests.

pub mod build;
pub mod cluster_clock;
pub mod lifecycle;
mod secrets;
pub mod sections;
mod upgrade;
pub mod world;

pub use crate::bus::redis::check as check_redis;
pub use crate::http::openapi::text as openapi;
pub use build::{Server, administration, build};
pub use lifecycle::Running;
pub use secrets::disagreements;
pub use world::World;
