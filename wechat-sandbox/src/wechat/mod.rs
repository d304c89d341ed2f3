//! WeChat's own paths, at the addresses and with the answers of the real one.
//! No `/sandbox` route and no page of the pretend phone is here, except what WeChat itself shows on a phone.
//! Mounted by `server`.

mod access_token;
mod answer;
mod authorize;
mod authorize_link;
mod call;
mod followers;
mod menu;
mod menu_rules;
mod message;
mod page;
mod qr_code;
mod quota;
mod sns;
mod template;
mod template_rules;

use actix_web::web::{ServiceConfig, get, post, resource, to};

pub(crate) use answer::failed_call;
pub(crate) use call::refuse_chunked;
pub(crate) use page::not_found;

/// Mounts the paths.
pub(crate) fn routes(config: &mut ServiceConfig) {
    let get_only = |path| resource(path).default_service(to(call::needs_get));
    let post_only = |path| resource(path).default_service(to(call::needs_post));
    config
        .service(get_only("/cgi-bin/token").route(get().to(access_token::token)))
        .service(post_only("/cgi-bin/stable_token").route(post().to(access_token::stable_token)))
        .service(get_only("/cgi-bin/user/info").route(get().to(followers::info)))
        .service(post_only("/cgi-bin/user/info/batchget").route(post().to(followers::batch)))
        .service(get_only("/cgi-bin/user/get").route(get().to(followers::list)))
        .service(post_only("/cgi-bin/menu/create").route(post().to(menu::create)))
        .service(post_only("/cgi-bin/message/template/send").route(post().to(message::send)))
        .service(get_only("/cgi-bin/template/get_all_private_template").route(get().to(template::list)))
        .service(post_only("/cgi-bin/template/api_add_template").route(post().to(template::add)))
        .service(post_only("/cgi-bin/template/del_private_template").route(post().to(template::delete)))
        .service(post_only("/cgi-bin/openapi/quota/get").route(post().to(quota::get)))
        .service(post_only("/cgi-bin/clear_quota").route(post().to(quota::clear)))
        .service(post_only("/cgi-bin/qrcode/create").route(post().to(qr_code::create)))
        .route("/cgi-bin/showqrcode", get().to(qr_code::show))
        .service(get_only("/cgi-bin/menu/get").route(get().to(menu::get)))
        .service(get_only("/cgi-bin/menu/delete").route(get().to(menu::delete)))
        .service(get_only("/cgi-bin/get_current_selfmenu_info").route(get().to(menu::current)))
        .service(get_only("/cgi-bin/getcallbackip").route(get().to(call::callback_addresses)))
        .service(get_only("/sns/oauth2/access_token").route(get().to(sns::exchange)))
        .service(get_only("/sns/oauth2/refresh_token").route(get().to(sns::refresh)))
        .service(get_only("/sns/userinfo").route(get().to(sns::userinfo)))
        .service(get_only("/sns/auth").route(get().to(sns::auth)))
        .route("/connect/oauth2/authorize", get().to(authorize::authorize));
}
