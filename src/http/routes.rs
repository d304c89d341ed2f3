//! Every route, in one list, grouped by who calls it.

use actix_web::{HttpResponse, ResponseError, web};

use super::answers;
use super::assets;
use super::callbacks::wechat;
use super::extract::Visitor;
use super::live::{events, poll, start, websocket};
use super::pages::{entrance, home, phone};
use super::problem::Code;
use super::site::Site;

/// Declares every public route.
pub fn public(config: &mut web::ServiceConfig) {
    let get = web::get;
    let post = web::post;
    config
        // People.
        .service(web::resource("/").route(get().to(nothing)))
        .service(
            web::resource("/p/{slug}").route(get().to(entrance::show)).route(web::head().to(entrance::show)),
        )
        .service(web::resource("/p/{slug}/code.svg").route(get().to(entrance::lasting_code)))
        .service(
            web::resource("/p/{slug}/q/{ticket}")
                .route(get().to(entrance::scan))
                .route(web::head().to(entrance::scan)),
        )
        .service(web::resource("/p/{slug}/home").route(get().to(home::show)))
        .service(web::resource("/p/{slug}/me").route(get().to(home::me)))
        .service(web::resource("/p/{slug}/logout").route(post().to(home::logout)))
        // The waiting browser.
        .service(web::resource("/p/{slug}/qr").route(post().to(start::start)))
        .service(web::resource("/qr/{id}").route(get().to(poll::poll)))
        .service(web::resource("/qr/{id}/ws").route(get().to(websocket::connect)))
        .service(web::resource("/qr/{id}/events").route(get().to(events::events)))
        .service(web::resource("/qr/{id}/claim").route(post().to(start::claim)))
        // The phone.
        .service(web::resource("/p/{slug}/phone").route(get().to(phone::show)))
        .service(web::resource("/p/{slug}/phone/code").route(post().to(phone::code)))
        .service(web::resource("/p/{slug}/phone/bind").route(post().to(phone::bind)))
        .service(web::resource("/p/{slug}/phone/approve").route(post().to(phone::approve)))
        .service(web::resource("/p/{slug}/phone/deny").route(post().to(phone::deny)))
        .service(web::resource("/p/{slug}/phone/report").route(post().to(phone::report)))
        .service(web::resource("/p/{slug}/phone/profile").route(post().to(phone::profile)))
        // WeChat.
        .service(web::resource("/wechat/{appid}/oauth/callback").route(get().to(wechat::authorized)))
        .service(
            web::resource("/wechat/{appid}/events")
                .route(get().to(wechat::verify))
                .route(post().to(wechat::push)),
        )
        .configure(assets::routes)
        .default_service(web::to(nothing));
}

/// Whatever has no route.
async fn nothing(site: web::Data<Site>, visitor: Visitor) -> HttpResponse {
    answers::problem(&site, &visitor, &visitor.problem(Code::NotFound))
}

/// Problems of the framework's own extractors, as ours.
pub fn framework_errors(config: &mut web::ServiceConfig) {
    let answer = |code: Code, request: &actix_web::HttpRequest| {
        let id = actix_web::HttpMessage::extensions(request)
            .get::<super::front_door::RequestId>()
            .map_or_else(String::new, |id| id.0.clone());
        actix_web::error::InternalError::from_response(
            "refused",
            super::problem::Problem::new(code, &id).error_response(),
        )
        .into()
    };
    config
        .app_data(
            web::QueryConfig::default().error_handler(move |_, request| answer(Code::BadRequest, request)),
        )
        .app_data(
            web::PathConfig::default().error_handler(move |_, request| answer(Code::NotFound, request)),
        );
}
