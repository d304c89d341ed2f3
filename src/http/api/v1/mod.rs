//! The routes of the API, one file for each resource: what is sent, what is answered, what is called.
//! Not here: rules (`domain`), changes (`usecases`).
//! Called by `http/routes`, which declares them, and `http/openapi`, which describes them.

pub mod account;
pub mod account_views;
pub mod accounts;
pub mod affiliations;
pub mod api_keys;
pub mod apps;
pub mod audit;
pub mod capabilities;
pub mod collaborators;
pub mod departments;
pub mod external_user_phones;
pub mod external_users;
pub mod followers;
pub mod inbox;
pub mod link_hosts;
pub mod members;
pub mod menu;
pub mod modules;
pub mod notifications;
pub mod organizations;
pub mod portals;
pub mod roles;
pub mod seats;
pub mod service_account;
pub mod templates;

use super::endpoint::Endpoint;

/// Every route of the API.
pub fn endpoints() -> Vec<Endpoint> {
    [
        account::endpoints(),
        accounts::endpoints(),
        api_keys::endpoints(),
        apps::endpoints(),
        audit::endpoints(),
        capabilities::endpoints(),
        collaborators::endpoints(),
        departments::endpoints(),
        external_user_phones::endpoints(),
        external_users::endpoints(),
        followers::endpoints(),
        inbox::endpoints(),
        link_hosts::endpoints(),
        members::endpoints(),
        menu::endpoints(),
        modules::endpoints(),
        notifications::endpoints(),
        organizations::endpoints(),
        portals::endpoints(),
        roles::endpoints(),
        seats::endpoints(),
        service_account::endpoints(),
        templates::endpoints(),
    ]
    .into_iter()
    .flatten()
    .collect()
}
