//! Every route, in one list, grouped by who calls it.

use actix_web::http::header::{self, HeaderValue};
use actix_web::{HttpRequest, HttpResponse, Resource, ResponseError, web};

use super::answers;
use super::api::endpoint::BASE;
use super::api::v1;
use super::assets;
use super::callbacks::{domain_file, wechat};
use super::extract::Visitor;
use super::front_door::Route;
use super::live::{events, poll, qr_socket, start};
use super::openapi;
use super::pages::{account, docs, entrance, follow, home, join, phone};
use super::problem::Code;
use super::site::Site;

/// Declares every public route.
pub fn public(config: &mut web::ServiceConfig) {
    let get = web::get;
    let post = web::post;
    config
        // The waiting browser, first: addresses are compared in this order, and nobody asks as often.
        .service(at("/p/{slug}/qr").route(post().to(start::start)))
        .service(at("/qr/{id}").route(get().to(poll::poll)))
        .service(at("/qr/{id}/ws").route(get().to(qr_socket::connect)))
        .service(at("/qr/{id}/events").route(get().to(events::events)))
        .service(at("/qr/{id}/claim").route(post().to(start::claim)))
        // People.
        .service(at("/").route(get().to(nothing)))
        .service(at("/p/{slug}").route(get().to(entrance::show)).route(web::head().to(entrance::show)))
        .service(
            at("/p/{slug}/code.svg")
                .route(get().to(entrance::lasting_code))
                .route(web::head().to(entrance::lasting_code)),
        )
        .service(
            at("/p/{slug}/q/{ticket}").route(get().to(entrance::scan)).route(web::head().to(entrance::scan)),
        )
        .service(at("/p/{slug}/home").route(get().to(home::show)).route(web::head().to(home::show)))
        .service(
            at("/p/{slug}/follow.png")
                .route(get().to(follow::picture))
                .route(web::head().to(follow::picture)),
        )
        .service(at("/p/{slug}/me").route(get().to(home::me)))
        .service(at("/p/{slug}/logout").route(post().to(home::logout)))
        // The phone.
        .service(at("/p/{slug}/phone").route(get().to(phone::show)))
        .service(at("/p/{slug}/phone/code").route(post().to(phone::code)))
        .service(at("/p/{slug}/phone/bind").route(post().to(phone::bind)))
        .service(at("/p/{slug}/phone/approve").route(post().to(phone::approve)))
        .service(at("/p/{slug}/phone/deny").route(post().to(phone::deny)))
        .service(at("/p/{slug}/phone/report").route(post().to(phone::report)))
        .service(at("/p/{slug}/phone/profile").route(post().to(phone::profile)))
        // Those who write a backend.
        .service(
            at("/api/openapi.json").route(get().to(docs::document)).route(web::head().to(docs::document)),
        )
        .service(at("/api/docs").route(get().to(docs::show)).route(web::head().to(docs::show)))
        // Registered people.
        .service(at("/join/{token}").route(get().to(join::show)).route(post().to(join::post)))
        .service(
            at("/account/sign-in").route(get().to(account::sign_in_page)).route(post().to(account::sign_in)),
        )
        .service(at("/account").route(get().to(account::show)))
        .service(at("/account/inbox/read").route(post().to(account::read_inbox)))
        .service(at("/account/sign-out").route(post().to(account::sign_out)))
        // WeChat.
        .service(at("/wechat/{appid}/oauth/callback").route(get().to(wechat::authorized)))
        .service(at("/wechat/{appid}/events").route(get().to(wechat::verify)).route(post().to(wechat::push)))
        .service(
            at("/MP_verify_{code}.txt")
                .route(get().to(domain_file::show))
                .route(web::head().to(domain_file::show)),
        )
        .configure(assets::routes)
        .configure(api)
        .default_service(web::to(nothing));
}

/// Declares the API: endpoints of one address are one resource.
fn api(config: &mut web::ServiceConfig) {
    let mut resources: Vec<(&str, Resource)> = Vec::new();
    for endpoint in v1::endpoints() {
        let place = resources.iter().position(|(path, _)| *path == endpoint.path);
        let (path, resource) = match place {
            Some(place) => resources.swap_remove(place),
            None => (endpoint.path, at(&format!("{BASE}{}", endpoint.path))),
        };
        resources.push((path, resource.route(endpoint.route)));
    }
    // A brace sorts behind every letter, so a name in an address goes before the id that could stand in its place.
    resources.sort_by_key(|(path, _)| *path);
    for (_, resource) in resources {
        config.service(resource);
    }
}

/// A resource that says so when a method is not for it.
fn at(path: &str) -> Resource {
    web::resource(path).app_data(Route(path.into())).default_service(web::to(wrong_method))
}

/// 405 with the methods that there are (RFC 9110, section 15.5.6).
async fn wrong_method(site: web::Data<Site>, visitor: Visitor, request: HttpRequest) -> HttpResponse {
    let mut answer = answers::problem(&site, &visitor, &visitor.problem(Code::MethodNotAllowed));
    let methods = request.match_pattern().map_or("", |path| openapi::methods(&path));
    answer.headers_mut().insert(header::ALLOW, HeaderValue::from_static(methods));
    answer
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
