//! `/sandbox/…`, by which a test plays the people, and the SMS gateway.
//! Only JSON; the pages for a person at a browser are in `phone`. Mounted by `server`.

mod accounts;
mod bulk;
mod following;
mod menu;
mod messages;
mod people;
mod personal_data;
mod problem;
mod sms;
mod templates;
mod upkeep;

use actix_web::web::{ServiceConfig, get, post, put, resource, scope, to};

pub(crate) use following::{block, follow, unblock, unfollow};
pub(crate) use menu::{Index, Tapped, tap};
pub(crate) use people::join;
pub(crate) use problem::Problem;

/// Mounts the paths.
pub(crate) fn routes(config: &mut ServiceConfig) {
    let people = resource("/people").route(post().to(people::create)).route(get().to(people::list));
    config.route("/sms", post().to(sms::accept)).service(
        scope("/sandbox")
            .service(
                resource("/accounts").route(post().to(accounts::register)).default_service(to(wrong_method)),
            )
            .route("/accounts/{appid}/token/expire", post().to(accounts::end_tokens))
            .service(people.default_service(to(wrong_method)))
            .route("/people/bulk", post().to(bulk::create))
            .route("/people/{id}", get().to(people::show))
            .route("/people/{id}/follow", post().to(following::follow_route))
            .route("/people/{id}/unfollow", post().to(following::unfollow_route))
            .route("/people/{id}/block", post().to(following::block_route))
            .route("/people/{id}/unblock", post().to(following::unblock_route))
            .route("/people/{id}/menu", post().to(menu::tap_route))
            .route("/people/{id}/modify", post().to(personal_data::modify))
            .route("/people/{id}/revoke", post().to(personal_data::revoke))
            .route("/people/{id}/cancel", post().to(personal_data::cancel))
            .route("/messages", get().to(messages::inbox))
            .route("/sms", get().to(sms::inbox))
            .route("/stats", get().to(upkeep::stats))
            .route("/faults", put().to(upkeep::faults))
            .route("/reset", post().to(upkeep::reset))
            .default_service(to(unknown_path)),
    );
}

async fn unknown_path() -> Problem {
    Problem::not_found("the sandbox has no such route: docs/sandbox.md lists its routes")
}

async fn wrong_method() -> Problem {
    Problem::wrong_method()
}
