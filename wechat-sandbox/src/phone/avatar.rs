//! A picture for everybody: the first character of the nickname on a colour of their own.

use actix_web::{
    HttpResponse,
    web::{Data, Path},
};

use crate::world::World;

/// Background colours on which white letters can be read.
const COLOURS: [&str; 8] =
    ["#3d7a5f", "#2f6f9f", "#8a5a9e", "#b0563f", "#6b7a2e", "#a3497a", "#4b62b3", "#8a6a2b"];

/// `GET /phone/avatars/{person}.svg`
pub(super) async fn show(world: Data<World>, file: Path<String>) -> HttpResponse {
    let ledger = world.ledger();
    let Some(person) = file.strip_suffix(".svg").and_then(|id| ledger.state().people.get(id)) else {
        return HttpResponse::NotFound().finish();
    };
    let letter = person.nickname.chars().find(|letter| letter.is_alphanumeric()).unwrap_or('☺');
    let place = person.id.bytes().fold(0, |sum: usize, byte| sum.wrapping_mul(31) + usize::from(byte));
    HttpResponse::Ok()
        .content_type("image/svg+xml")
        .insert_header(("Cache-Control", "max-age=3600"))
        .insert_header(("X-Content-Type-Options", "nosniff"))
        .body(draw(letter, COLOURS[place % COLOURS.len()]))
}

fn draw(letter: char, colour: &str) -> String {
    format!(
        r#"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 64 64"><rect width="64" height="64" fill="{colour}"/>
<text x="32" y="33" fill="white" font-size="32" font-family="system-ui, 'PingFang SC', 'Noto Sans CJK SC', sans-serif"
text-anchor="middle" dominant-baseline="central">{}</text></svg>"#,
        letter.to_uppercase()
    )
}
