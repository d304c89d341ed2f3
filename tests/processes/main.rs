//! Stories of real servers in processes of their own, which are killed without a word (SIGKILL) and started again on the same
//! folder. What arrived is counted at the sandbox, not in our own tables.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed, which is what it is for")]

mod demo;
mod imports;
mod notifications;
mod process;
mod rate;
