//! The pages people see: entrance, phone, home, and what is said when something is in the way.
//! Not here: what the steps decide (`usecases`), the live connection (`http/live`).
//! Called by `http`'s routes.

pub mod account;
pub mod docs;
pub mod entrance;
pub mod follow;
pub mod home;
pub mod join;
pub mod phone;
mod phone_page;
pub mod views;
