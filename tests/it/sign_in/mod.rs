//! Signing in by a QR code.

mod first_time;
