//! How to follow the service account, beside the pages of those who do not; `/p/{slug}/follow.png`.

use actix_web::http::header;
use actix_web::{HttpResponse, web};

use crate::domain::portal::Portal;
use crate::http::answers::store_failed;
use crate::http::extract::Visitor;
use crate::http::problem::{Code, Problem};
use crate::http::qr_code;
use crate::http::site::Site;

use super::entrance::find;
use super::views::FollowNudge;

/// Where the person sees the page.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Screen {
    /// One that a phone can be held to.
    Computer,
    /// The phone's own, inside WeChat: a picture is pressed there.
    Phone,
}

/// What is shown to somebody of whom it is known whether they follow; whatever goes wrong, the page goes without.
pub(super) async fn nudge(
    site: &Site,
    portal: &Portal,
    follows: Option<bool>,
    screen: Screen,
) -> Option<FollowNudge> {
    if follows != Some(false) {
        return None;
    }
    let link = site.sign_in.follow_link(portal).await?;
    match screen {
        Screen::Computer => Some(FollowNudge::Scan { svg: qr_code::inline_svg(&link)? }),
        Screen::Phone => Some(FollowNudge::Press { image: format!("/p/{}/follow.png", portal.slug) }),
    }
}

/// `GET /p/{slug}/follow.png`: the code that a page has shown; it is made by pages only.
pub async fn picture(
    site: web::Data<Site>,
    visitor: Visitor,
    slug: web::Path<String>,
) -> Result<HttpResponse, Problem> {
    let portal = find(&site, &visitor, &slug).await?;
    let link = site.sign_in.known_follow_link(&portal).await;
    let link = link.map_err(|error| store_failed(&visitor, &error))?;
    let drawn = link.and_then(|link| qr_code::png(&link)).ok_or_else(|| visitor.problem(Code::NotFound))?;
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "image/png"))
        // Shorter than a code lives on after it was last shown.
        .insert_header((header::CACHE_CONTROL, "private, max-age=3600"))
        .body(drawn))
}
