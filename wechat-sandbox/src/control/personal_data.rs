//! What WeChat tells a server about the data of a person: `modify`, `revoke`, `cancel`.
//!
//! The sender of these events is the platform; the person stands in `OpenID`.

use actix_web::{
    HttpResponse,
    web::{Bytes, Data, Path},
};
use serde::Deserialize;

use super::{
    following::{find, person_and_callback},
    problem::{Problem, read},
};
use crate::{
    callback::{Event, PersonalData},
    instant::now,
    state::{Change, Openids},
    world::World,
};

/// What can be taken back: address, invoice, card, microphone, nickname and picture, location, picked media.
const REVOCABLE: [&str; 7] = ["201", "202", "203", "204", "205", "206", "207"];
/// Nickname and picture.
const PROFILE: &str = "205";
/// Nobody has this id; the openid made from it stands for the platform.
const PLATFORM: &str = "platform";

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Asked {
    appid: String,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Revocation {
    appid: String,
    revoke_info: Option<String>,
}

/// `POST /sandbox/people/{id}/modify`: the platform changed a risky nickname or picture.
pub(super) async fn modify(
    world: Data<World>,
    id: Path<String>,
    body: Bytes,
) -> Result<HttpResponse, Problem> {
    let Asked { appid } = read(&body)?;
    tell(&world, &id, appid, PersonalData::Modified).await
}

/// `POST /sandbox/people/{id}/revoke`: the person takes back what they had allowed.
pub(super) async fn revoke(
    world: Data<World>,
    id: Path<String>,
    body: Bytes,
) -> Result<HttpResponse, Problem> {
    let Revocation { appid, revoke_info } = read(&body)?;
    let info = revoke_info.unwrap_or_else(|| PROFILE.to_owned());
    if !REVOCABLE.contains(&info.as_str()) {
        return Err(Problem::unfit(
            "revoke_info must be one of \"201\" to \"207\"; \"205\" is nickname and picture",
        ));
    }
    tell(&world, &id, appid, PersonalData::Revoked { info }).await
}

/// `POST /sandbox/people/{id}/cancel`: the person closes their WeChat account, which ends their following without a word.
pub(super) async fn cancel(
    world: Data<World>,
    id: Path<String>,
    body: Bytes,
) -> Result<HttpResponse, Problem> {
    let Asked { appid } = read(&body)?;
    let (person, _) = find(&world, &id, &appid)?;
    if person.follows(&appid) {
        world.ledger().record(Change::Unfollowed { person: person.id, appid: appid.clone() })?;
    }
    tell(&world, &id, appid, PersonalData::Cancelled).await
}

async fn tell(world: &World, id: &str, appid: String, what: PersonalData) -> Result<HttpResponse, Problem> {
    let (person, account) = find(world, id, &appid)?;
    let (openid, platform) = (person.openid(&appid), Openids::of(&appid).person(PLATFORM));
    let event = Event::PersonalData { what, openid, appid };
    let callback = world.outbox.push(&account, platform, &event, now()).await;
    person_and_callback(world, id, callback)
}
