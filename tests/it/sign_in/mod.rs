//! Signing in by a QR code.

mod claims;
pub(crate) mod first_time;
mod held;
mod inside_wechat;
mod limits;
mod live;
mod no;
mod races;
mod refusals;
mod restart;
mod verification_codes;
