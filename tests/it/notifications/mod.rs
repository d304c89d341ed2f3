//! Stories of messages that are sent to people.

mod follow;
