//! The routes of the API, one file for each resource: what is sent, what is answered, what is called.
//! Not here: rules (`domain`), changes (`usecases`).
//! Called by `http/routes`, which declares them, and `http/openapi`, which describes them.

pub mod account;
pub mod accounts;
pub mod affiliations;
pub mod api_keys;
pub mod audit;
pub mod capabilities;
pub mod collaborators;
pub mod departments;
pub mod members;
pub mod modules;
pub mod organizations;

use super::endpoint::Endpoint;

/// Every route of the API.
pub fn endpoints() -> Vec<Endpoint> {
    [
        organizations::endpoints(),
        api_keys::endpoints(),
        audit::endpoints(),
        departments::endpoints(),
        modules::endpoints(),
        members::endpoints(),
        collaborators::endpoints(),
        capabilities::endpoints(),
        accounts::endpoints(),
        account::endpoints(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
