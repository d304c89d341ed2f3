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
pub mod external_user_phones;
pub mod members;
pub mod modules;
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
    all.extend(departments::endpoints());
    all.extend(modules::endpoints());
    all.extend(members::endpoints());
    all.extend(collaborators::endpoints());
    all.extend(capabilities::endpoints());
    all.extend(accounts::endpoints());
    all.extend(account::endpoints());
    all
}
