//! Stories of the bus between nodes, over real Redis servers that each story starts for itself and kills, pauses or empties as it likes.
//! They need redis-server and redis-cli, so `cargo test --test redis` runs them and `cargo test` does not.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed, which is what it is for")]

mod clusters;
mod doctor;
mod limits;
mod node;
mod nudges;
mod secrecy;
mod server;
mod tokens;
mod whole_node;
