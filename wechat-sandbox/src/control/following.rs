//! Following, unfollowing and blocking, with the events that an account's server hears of.

use actix_web::{
    HttpResponse,
    web::{Bytes, Data, Path},
};
use serde::Deserialize;
use serde_json::json;

use super::{
    people::PersonView,
    problem::{Problem, read},
};
use crate::{
    callback::{Delivered, Event, Scan},
    instant::now,
    state::{Account, Change, Person},
    world::World,
};

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Follow {
    appid: String,
    scene: Option<String>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Block {
    appid: String,
    template_id: Option<String>,
}

/// `POST /sandbox/people/{id}/follow`
pub(super) async fn follow_route(
    world: Data<World>,
    id: Path<String>,
    body: Bytes,
) -> Result<HttpResponse, Problem> {
    let asked: Follow = read(&body)?;
    let callback = follow(&world, &id, &asked.appid, asked.scene).await?;
    person_and_callback(&world, &id, callback)
}

/// `POST /sandbox/people/{id}/unfollow`
pub(super) async fn unfollow_route(
    world: Data<World>,
    id: Path<String>,
    body: Bytes,
) -> Result<HttpResponse, Problem> {
    let asked: Follow = read(&body)?;
    let callback = unfollow(&world, &id, &asked.appid).await?;
    person_and_callback(&world, &id, callback)
}

/// `POST /sandbox/people/{id}/block`: nobody is told, as with WeChat.
pub(super) async fn block_route(
    world: Data<World>,
    id: Path<String>,
    body: Bytes,
) -> Result<HttpResponse, Problem> {
    let Block { appid, template_id } = read(&body)?;
    block(&world, &id, &appid, template_id)?;
    person_and_callback(&world, &id, None)
}

/// `POST /sandbox/people/{id}/unblock`: takes a refusal back; nobody is told either.
pub(super) async fn unblock_route(
    world: Data<World>,
    id: Path<String>,
    body: Bytes,
) -> Result<HttpResponse, Problem> {
    let Block { appid, template_id } = read(&body)?;
    unblock(&world, &id, &appid, template_id)?;
    person_and_callback(&world, &id, None)
}

/// Lets a person refuse one template of an account, or with none named all that the account sends.
///
/// A refused template is answered 43101 at once. Who refuses everything is sent to as before, and the receipt says that
/// they block the account.
///
/// # Errors
/// The person or the account is unknown, or the journal cannot be written.
pub(crate) fn block(
    world: &World,
    id: &str,
    appid: &str,
    template_id: Option<String>,
) -> Result<(), Problem> {
    find(world, id, appid)?;
    let (person, appid) = (id.to_owned(), appid.to_owned());
    Ok(world.ledger().record(Change::Blocked { person, appid, template_id })?)
}

/// Takes back what [`block`] did.
///
/// # Errors
/// As [`block`].
pub(crate) fn unblock(
    world: &World,
    id: &str,
    appid: &str,
    template_id: Option<String>,
) -> Result<(), Problem> {
    find(world, id, appid)?;
    let (person, appid) = (id.to_owned(), appid.to_owned());
    Ok(world.ledger().record(Change::Unblocked { person, appid, template_id })?)
}

/// Lets a person follow. Whoever follows already and comes by a parametric QR code makes a SCAN event; without one
/// nothing happens. Gives the first delivery's outcome, if there was anything to deliver.
///
/// # Errors
/// The person or the account is unknown, or the journal cannot be written.
pub(crate) async fn follow(
    world: &World,
    id: &str,
    appid: &str,
    scene: Option<String>,
) -> Result<Option<Delivered>, Problem> {
    let (person, account) = find(world, id, appid)?;
    let at = now();
    let by = scene.map(|scene| scan(world, appid, scene));
    let event = match (person.follows(appid), by) {
        (true, None) => return Ok(None),
        (true, Some(scan)) => Event::Scan(scan),
        (false, by) => {
            let (person, appid) = (id.to_owned(), appid.to_owned());
            let scene = by.as_ref().map(|scan| scan.scene.clone());
            world.ledger().record(Change::Followed { person, appid, scene, at })?;
            Event::Subscribe { by }
        }
    };
    Ok(world.outbox.push(&account, person.openid(appid), &event, at).await)
}

/// The scene with the ticket of its code; a test may name a scene that nobody made a code for.
fn scan(world: &World, appid: &str, scene: String) -> Scan {
    let ticket = world.ledger().state().qr_codes.by_scene(appid, &scene).map(|code| code.ticket.clone());
    Scan { ticket: ticket.unwrap_or_else(|| format!("gQ{scene}")), scene }
}

/// Lets a person follow no longer; whoever did not follow makes no event.
///
/// # Errors
/// As [`follow`].
pub(crate) async fn unfollow(world: &World, id: &str, appid: &str) -> Result<Option<Delivered>, Problem> {
    let (person, account) = find(world, id, appid)?;
    if !person.follows(appid) {
        return Ok(None);
    }
    world.ledger().record(Change::Unfollowed { person: id.to_owned(), appid: appid.to_owned() })?;
    Ok(world.outbox.push(&account, person.openid(appid), &Event::Unsubscribe, now()).await)
}

/// The person and the account.
///
/// # Errors
/// One of them is unknown.
pub(super) fn find(world: &World, id: &str, appid: &str) -> Result<(Person, Account), Problem> {
    let ledger = world.ledger();
    let person = ledger.state().people.get(id).ok_or_else(Problem::unknown_person)?;
    let account = ledger.state().accounts.get(appid).ok_or_else(Problem::unknown_account)?;
    Ok((person.into_owned(), account.clone()))
}

/// What the routes answer that end in an event: the person as they are now, and how the first delivery went.
pub(super) fn person_and_callback(
    world: &World,
    id: &str,
    callback: Option<Delivered>,
) -> Result<HttpResponse, Problem> {
    let ledger = world.ledger();
    let person = ledger.state().people.get(id).ok_or_else(Problem::unknown_person)?;
    let openids = ledger.state().openids();
    let person = PersonView::new(&person, &openids);
    Ok(HttpResponse::Ok().json(json!({"person": person, "callback": callback})))
}
