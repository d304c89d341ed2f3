//! The API for backends: who asks, what they may, how often; each resource is a file of `v1`.
//! Not here: what a change does (`usecases`), what people see (`pages`).
//! Called by `http/routes` and `http/openapi`.

pub mod body;
pub mod endpoint;
pub mod failures;
pub mod limits;
pub mod list;
pub mod open;
pub mod order;
pub mod permit;
pub mod v1;
