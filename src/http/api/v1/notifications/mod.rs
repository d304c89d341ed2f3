//! `/apps/{app}/notifications`, `/notifications/{ntf}` and `/deliveries/{dlv}`: orders, how far they are, what became of each
//! delivery. Not here: checking (`usecases`), sending (`actors`). Called by `http/routes` and `http/openapi`.

mod audience;
mod deliveries;
mod events;
mod order;
mod read;
mod view;

use crate::http::api::endpoint::Endpoint;

/// The tag of all of them in the document.
const TAG: &str = "notifications";

/// The routes.
pub(super) fn endpoints() -> Vec<Endpoint> {
    [order::endpoints(), read::endpoints(), deliveries::endpoints(), events::endpoints()]
        .into_iter()
        .flatten()
        .collect()
}
