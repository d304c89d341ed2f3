//! Signing in by a QR code.

mod claims;
pub(crate) mod first_time;
mod freed_phone;
mod gate;
mod held;
mod inside_wechat;
mod limits;
mod live;
mod no;
mod on_the_wire;
mod races;
mod refusals;
mod restart;
mod terms;
mod verification_codes;
