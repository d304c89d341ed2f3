//! The routes of the API, one file for each resource: what is sent, what is answered, what is called.
//! Not here: rules (`domain`), changes (`usecases`).
//! Called by `http/routes`, which declares them, and `http/openapi`, which describes them.

pub mod api_keys;
pub mod audit;
pub mod external_user_phones;
pub mod organizations;
pub mod seats;

use super::endpoint::Endpoint;

/// Every route of the API.
pub fn endpoints() -> Vec<Endpoint> {
    let mut all = organizations::endpoints();
    all.extend(api_keys::endpoints());
    all.extend(audit::endpoints());
    all.extend(seats::endpoints());
    all.extend(external_user_phones::endpoints());
    all
}
