//! Every change has a name here: it asks the domain, commits one unit (rows, change feed, audit), then nudges the bus.
//! Not here: HTTP, waiting, pushing.
//! Called by `http` and `cli admin`; never by actors.

pub mod accounts;
pub mod arrive;
pub mod claim;
pub mod decide;
pub mod follow;
pub mod join;
pub mod logins;
pub mod open_qr;
pub mod phone_steps;
pub mod profile;
pub mod send_code;
pub mod sign_in;

pub use sign_in::{Parts, SignIn};
