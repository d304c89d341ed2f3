//! `/apps/{app}/external-users`: the accounts of one app, read, invited, let in, changed, signed out, deleted.
//! Not here: what external users do themselves (`pages`).
//! Called by `v1`, which lists the routes.

mod change;
mod csv;
mod invite;
mod logins;
mod read;
mod view;

use crate::http::api::endpoint::Endpoint;

/// The routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    [read::endpoints(), change::endpoints(), invite::endpoints(), logins::endpoints()]
        .into_iter()
        .flatten()
        .collect()
}
