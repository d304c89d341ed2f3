//! Menfang.
fn main() {}
