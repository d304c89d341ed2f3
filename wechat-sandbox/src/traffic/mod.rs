//! What stands between the wire and WeChat's paths: misbehaviour on request, and the counting of calls.
//! Nothing here knows what a path does. Mounted by `server`, set and read by `control`.

mod faults;
mod sends;
mod stats;
mod watch;

pub(crate) use faults::{FaultSettings, Faults, ReceiptPlan};
pub(crate) use sends::Sends;
pub(crate) use stats::Stats;
pub(crate) use watch::{Outcome, watch};
