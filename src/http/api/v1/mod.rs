//! The routes of the API, one file for each resource: what is sent, what is answered, what is called.
//! Not here: rules (`domain`), changes (`usecases`).
//! Called by `http/routes`, which declares them, and `http/openapi`, which describes them.

pub mod api_keys;
pub mod apps;
pub mod audit;
pub mod external_users;
pub mod organizations;
pub mod portals;
pub mod roles;

use super::endpoint::Endpoint;

/// Every route of the API.
pub fn endpoints() -> Vec<Endpoint> {
    [
        organizations::endpoints(),
        api_keys::endpoints(),
        audit::endpoints(),
        apps::endpoints(),
        portals::endpoints(),
        roles::endpoints(),
        external_users::endpoints(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
