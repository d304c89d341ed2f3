//! The load: browsers and phones that cost next to nothing, so that one core is enough for many of them.

pub(crate) mod browser;
pub(crate) mod http;
pub(crate) mod offered;
pub(crate) mod person;
pub(crate) mod socket;
