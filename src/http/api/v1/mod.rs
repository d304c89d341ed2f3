//! The routes of the API, one file for each resource: what is sent, what is answered, what is called.
//! Not here: rules (`domain`), changes (`usecases`).
//! Called by `http/routes`, which declares them, and `http/openapi`, which describes them.

pub mod api_keys;
pub mod audit;
pub mod followers;
pub mod menu;
pub mod organizations;
pub mod service_account;

use super::endpoint::Endpoint;

/// Every route of the API.
pub fn endpoints() -> Vec<Endpoint> {
    [
        organizations::endpoints(),
        api_keys::endpoints(),
        audit::endpoints(),
        service_account::endpoints(),
        menu::endpoints(),
        followers::endpoints(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
