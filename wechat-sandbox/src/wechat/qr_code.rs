//! `/cgi-bin/qrcode/create` and `/cgi-bin/showqrcode`: parametric QR codes (带参数二维码).

use actix_web::{
    HttpResponse,
    web::{Bytes, Data},
};
use qrcode::render::svg;
use serde_json::{Value, json};

use super::{
    answer::{Refusal, api},
    call::{Query, appid_by_token, json_body, verified_account},
};
use crate::{
    instant::{SECOND, now},
    random,
    state::{Change, QR_KEY, QrCode},
    traffic::Outcome,
    world::World,
};

/// The longest life of a temporary code, in seconds.
const LONGEST: u64 = 2_592_000;
/// The life of a temporary code that was not given any, in seconds.
const SHORTEST: u64 = 60;
/// The greatest whole number that a permanent code may stand for, and the most permanent codes of an account.
const PERMANENT: u64 = 100_000;
/// The longest text that a code may stand for, in characters.
const TEXT: usize = 64;
/// An image that a phone can read from a screen, in pixels.
const SIDE: u32 = 430;

/// What is asked for, as far as it can be.
#[derive(Debug, PartialEq, Eq)]
struct Wanted {
    scene: String,
    /// The life of a temporary code.
    seconds: Option<u64>,
}

/// `POST /cgi-bin/qrcode/create`: a code for a scene. A permanent one is there once, however often it is asked for.
pub(super) async fn create(world: Data<World>, query: Query, body: Bytes) -> Result<HttpResponse, Refusal> {
    let asked: Result<Value, Refusal> = json_body(&body);
    let (mut ledger, at) = (world.ledger(), now());
    let appid = appid_by_token(&world, ledger.state(), &query, at)?;
    verified_account(ledger.state(), &appid)?;
    let Wanted { scene, seconds } = read(&asked?).map_err(Refusal::api)?;
    if seconds.is_none() {
        let mut permanent = ledger.state().qr_codes.permanent(&appid);
        if let Some(code) = permanent.find(|code| code.scene == scene) {
            return Ok(answer(code, None));
        }
        let count = ledger.state().qr_codes.permanent(&appid).count();
        if u64::try_from(count).unwrap_or(u64::MAX) >= PERMANENT {
            return Err(Refusal::api(45029));
        }
    }
    let ticket = format!("gQ{}", random::base62(72 + QR_KEY));
    let expires_at = seconds.map(|seconds| at + seconds * SECOND);
    let code = QrCode { appid, scene, ticket, at, expires_at };
    let answer = answer(&code, seconds);
    ledger.record(Change::QrCodeMade(code))?;
    Ok(answer)
}

fn answer(code: &QrCode, seconds: Option<u64>) -> HttpResponse {
    let mut answer = json!({"ticket": code.ticket, "url": code.link()});
    if let Some(seconds) = seconds {
        answer["expire_seconds"] = json!(seconds);
    }
    api(&answer)
}

/// Reads the body; the errcode if it is none.
fn read(asked: &Value) -> Result<Wanted, i64> {
    let scene = &asked["action_info"]["scene"];
    let number = |most: u64| {
        let number = scene["scene_id"].as_u64().filter(|number| (1..=most).contains(number));
        number.map(|number| number.to_string()).ok_or(40053)
    };
    let text = || {
        let text = scene["scene_str"].as_str();
        let text = text.filter(|text| (1..=TEXT).contains(&text.chars().count()));
        text.map(str::to_owned).ok_or(40053)
    };
    let temporary = || match &asked["expire_seconds"] {
        Value::Null => Ok(Some(SHORTEST)),
        given => match given.as_u64() {
            Some(seconds) if (1..=LONGEST).contains(&seconds) => Ok(Some(seconds)),
            _ => Err(40053),
        },
    };
    match asked["action_name"].as_str() {
        Some("QR_SCENE") => Ok(Wanted { scene: number(u64::from(u32::MAX))?, seconds: temporary()? }),
        Some("QR_STR_SCENE") => Ok(Wanted { scene: text()?, seconds: temporary()? }),
        Some("QR_LIMIT_SCENE") => Ok(Wanted { scene: number(PERMANENT)?, seconds: None }),
        Some("QR_LIMIT_STR_SCENE") => Ok(Wanted { scene: text()?, seconds: None }),
        _ => Err(40052),
    }
}

/// `GET /cgi-bin/showqrcode?ticket=…`: the image, for everybody who has the ticket.
pub(super) async fn show(world: Data<World>, query: Query) -> HttpResponse {
    let ticket = query.get("ticket").map(String::as_str).unwrap_or_default();
    let link = world.ledger().state().qr_codes.by_ticket(ticket, now()).map(QrCode::link);
    let drawn = link.and_then(|link| qrcode::QrCode::new(link).ok());
    let (mut response, outcome) = match drawn {
        Some(drawn) => {
            let image = drawn.render::<svg::Color<'_>>().min_dimensions(SIDE, SIDE).build();
            let mut response = HttpResponse::Ok();
            (
                response
                    .content_type("image/svg+xml")
                    .insert_header(("X-Content-Type-Options", "nosniff"))
                    .body(image),
                0,
            )
        }
        None => (HttpResponse::NotFound().finish(), -1),
    };
    response.extensions_mut().insert(Outcome(outcome));
    response
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_action_has_its_scene_and_its_life() {
        let read = |name: &str, scene: Value, seconds: Value| {
            read(&json!({"action_name": name, "action_info": {"scene": scene}, "expire_seconds": seconds}))
                .map(|wanted| (wanted.scene, wanted.seconds))
        };
        let (number, text) =
            (|number: i64| json!({"scene_id": number}), |text: &str| json!({"scene_str": text}));
        let good = |scene: &str, seconds| Ok((scene.to_owned(), seconds));
        assert_eq!(read("QR_SCENE", number(123), json!(300)), good("123", Some(300)));
        assert_eq!(read("QR_SCENE", number(i64::from(u32::MAX)), json!(null)), good("4294967295", Some(60)));
        assert_eq!(read("QR_STR_SCENE", text("lg_1"), json!(2_592_000)), good("lg_1", Some(2_592_000)));
        assert_eq!(read("QR_LIMIT_SCENE", number(100_000), json!(300)), good("100000", None));
        assert_eq!(
            read("QR_LIMIT_STR_SCENE", text(&"字".repeat(64)), json!(null)),
            good(&"字".repeat(64), None)
        );
        for (name, scene, seconds) in [
            ("QR_SCENE", number(0), json!(300)),
            ("QR_SCENE", number(i64::from(u32::MAX) + 1), json!(300)),
            ("QR_SCENE", text("1"), json!(300)),
            ("QR_STR_SCENE", text(""), json!(300)),
            ("QR_STR_SCENE", text(&"a".repeat(65)), json!(300)),
            ("QR_STR_SCENE", text("a"), json!(2_592_001)),
            ("QR_STR_SCENE", text("a"), json!(0)),
            ("QR_STR_SCENE", text("a"), json!("300")),
            ("QR_LIMIT_SCENE", number(100_001), json!(null)),
            ("QR_LIMIT_STR_SCENE", json!(null), json!(null)),
        ] {
            assert_eq!(read(name, scene.clone(), seconds), Err(40053), "{name} {scene}");
        }
        assert_eq!(read("QR_OTHER", text("a"), json!(300)), Err(40052));
        assert_eq!(super::read(&json!([])), Err(40052));
    }
}
