//! What the benches share: rates and their table, the bare database, a server that is set up.

pub(crate) mod commits;
pub(crate) mod rates;
pub(crate) mod server;
