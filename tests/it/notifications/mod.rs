//! Notifications: ordered, spread, sent, each exactly once; and inboxes.

mod dispatch;
mod faults;
mod follow;
mod inbox;
mod inbox_audience;
mod inbox_live;
mod priorities;
