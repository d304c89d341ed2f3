//! Every change has a name here: it asks the domain, commits one unit (rows, change feed, audit), then nudges the bus.
//! Not here: HTTP, waiting, pushing.
//! Called by `http` and `cli admin`; never by actors.

pub mod account_codes;
pub mod account_logins;
pub mod account_sign_in;
pub mod administration;
pub mod affiliations;
pub mod api_keys;
pub mod apps;
pub mod arrive;
mod audience;
pub mod claim;
pub mod closing;
pub mod consent;
pub mod decide;
pub mod departments;
pub mod enter;
pub mod erase;
pub mod external_user_invitations;
pub mod external_user_phones;
pub mod external_users;
pub mod follow;
pub mod follow_codes;
pub mod followers;
pub mod inboxes;
pub mod join;
pub mod links;
pub mod logins;
pub mod menus;
pub mod modules;
pub mod notifications;
pub mod open_qr;
pub mod open_sessions;
pub mod organizations;
pub mod passwords;
pub mod personal_data;
pub mod phone_steps;
pub mod placement;
pub mod platform_accounts;
pub mod profile;
pub mod receipts;
pub mod registration;
pub mod repeats;
pub mod roles;
pub mod seats;
pub mod send_code;
pub mod service_accounts;
pub mod set_up;
pub mod sign_in;
pub mod templates;
pub mod turns;
pub mod user_logins;
pub mod verification;

pub use administration::Administration;
pub use platform_accounts::PlatformAccounts;
pub use sign_in::{Parts, SignIn};
