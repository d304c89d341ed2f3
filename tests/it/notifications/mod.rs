//! Notifications: ordered, spread, sent, each exactly once.

mod dispatch;
mod faults;
mod priorities;
