//! The routes of the API, one file for each resource: what is sent, what is answered, what is called.
//! Not here: rules (`domain`), changes (`usecases`).
//! Called by `http/routes`, which declares them, and `http/openapi`, which describes them.

pub mod api_keys;
pub mod apps;
pub mod audit;
pub mod external_user_phones;
pub mod external_users;
pub mod followers;
pub mod menu;
pub mod organizations;
pub mod portals;
pub mod roles;
pub mod seats;
pub mod service_account;

use super::endpoint::Endpoint;

/// Every route of the API.
pub fn endpoints() -> Vec<Endpoint> {
    [
        api_keys::endpoints(),
        apps::endpoints(),
        audit::endpoints(),
        external_user_phones::endpoints(),
        external_users::endpoints(),
        followers::endpoints(),
        menu::endpoints(),
        organizations::endpoints(),
        portals::endpoints(),
        roles::endpoints(),
        seats::endpoints(),
        service_account::endpoints(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
