//! Events on their way to an account's callback URL: written, sealed, signed, delivered and repeated as WeChat does.
//! Nothing here decides when an event happens. Called by `control` and `phone` through [`Outbox`].

mod delivery;
mod event;
mod outbox;
mod push;
mod reply;
mod verification;

pub(crate) use event::{Event, PersonalData};
pub(crate) use outbox::{Delivered, Outbox, Pace};
pub(crate) use verification::Verification;
