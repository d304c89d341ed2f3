//! The rules: values and state machines that decide, with time and chance as parameters.
//! Not here: I/O, async, SQL, HTTP, clock calls.
//! Called by every room; knows none of them.

pub mod clock;
pub mod ids;
