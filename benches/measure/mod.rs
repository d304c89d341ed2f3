//! What the sections share: cores and limits, programs and what they cost, rates, a bare database, a server that is set up.

pub(crate) mod commits;
pub(crate) mod cores;
pub(crate) mod cost;
pub(crate) mod postgres;
pub(crate) mod program;
pub(crate) mod rates;
pub(crate) mod sandbox;
pub(crate) mod server;
pub(crate) mod site;
