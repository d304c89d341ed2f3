//! The routes of the API, one file for each resource: what is sent, what is answered, what is called.
//! Not here: rules (`domain`), changes (`usecases`).
//! Called by `http/routes`, which declares them, and `http/openapi`, which describes them.

pub mod api_keys;
pub mod audit;
pub mod external_user_phones;
pub mod organizations;

use super::endpoint::Endpoint;

/// Every route of the API.
pub fn endpoints() -> Vec<Endpoint> {
    [organizations::endpoints(), api_keys::endpoints(), audit::endpoints(), external_user_phones::endpoints()]
        .into_iter()
        .flatten()
        .collect()
}
