//! Stories of backends that call the API.

mod apps;
mod common;
mod erasure;
mod external_users;
mod invitations;
mod organizations;
mod portals;
mod roles;
mod seats_of_users;
