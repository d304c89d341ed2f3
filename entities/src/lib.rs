//! Menfang’s tables.
