//! Stories of backends that call the API.

mod apps;
mod capabilities;
mod collaborators;
mod departments;
mod docs;
mod erasure;
mod every_route;
mod external_user_filters;
mod external_users;
mod follower_import;
pub(crate) mod followers;
mod invitations;
mod members;
mod menu;
mod modules;
mod organizations;
pub(crate) mod personal_data;
mod portals;
mod roles;
mod seats;
mod seats_of_users;
mod service_account;
mod service_account_races;
pub(crate) mod templates;
mod unbinding;
mod walk;
