//! Stories of several servers on one database, each in a process of its own, while things break around them: nodes are killed or
//! frozen, Redis or the database goes away, a clock is wrong. What arrived is counted at the sandbox; who is signed in is what
//! the browsers were told.
//!
//! They are told in short, or at length with `MENFANG_FAULTS=long`.

#![expect(clippy::unwrap_used, reason = "a test that panics has failed, which is what it is for")]

mod across;
mod clocks;
mod database_away;
mod fan_out;
mod lease;
mod lossy;
mod redis_away;
mod rolling;
mod seats;
mod sign_ins;
mod support;
