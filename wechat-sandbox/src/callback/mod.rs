//! Events on their way to an account's callback URL: written, sealed, signed, delivered and repeated as WeChat does.
//! Nothing here decides when an event happens. Called by `control` and `phone` through [`Outbox`], and by `wechat` through
//! [`Receipts`].

mod delivery;
mod event;
mod outbox;
mod push;
mod receipts;
mod reply;
mod verification;

pub(crate) use event::{Event, PersonalData, Scan};
pub(crate) use outbox::{Delivered, Outbox, Pace};
pub(crate) use receipts::{Receipt, Receipts, hand_on};
pub(crate) use verification::Verification;
