//! The sandbox from outside: everything over HTTP, as a server under test and its testers use it.

mod authorization;
mod callbacks;
mod credentials;
mod durability;
mod faults;
mod phone;
mod sms;
mod support;
