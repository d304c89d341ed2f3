//! The sandbox from outside: everything over HTTP, as a server under test and its testers use it.

mod authorization;
mod callbacks;
mod credentials;
mod crowds;
mod durability;
mod faults;
mod menu;
mod messages;
mod personal_data;
mod phone;
mod qr_codes;
mod quota;
mod receipts;
mod sms;
mod support;
mod templates;
