//! Menfang’s schema.
