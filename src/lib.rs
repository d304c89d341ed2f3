//! Menfang.
