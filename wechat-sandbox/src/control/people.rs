//! `/sandbox/people`: the pretend people.

use std::collections::BTreeMap;

use actix_web::{
    HttpResponse,
    web::{Bytes, Data, Path},
};
use serde::{Deserialize, Serialize};

use super::problem::{Problem, read};
use crate::{
    instant::now,
    ledger::Ledger,
    random,
    state::{Change, Openids, Person},
    world::World,
};

/// The longest nickname.
const NICKNAME: usize = 64;

/// A person as the control routes show them.
#[derive(Serialize)]
pub(super) struct PersonView<'a> {
    id: &'a str,
    nickname: &'a str,
    /// The openid at each account, registered before or after they came.
    openids: BTreeMap<&'a str, String>,
    following: Vec<&'a str>,
}

impl<'a> PersonView<'a> {
    pub(super) fn new(person: &'a Person, accounts: &[Openids<'a>]) -> Self {
        Self {
            id: &person.id,
            nickname: &person.nickname,
            openids: accounts.iter().map(|openids| (openids.appid(), openids.person(&person.id))).collect(),
            following: person.following().collect(),
        }
    }
}

#[derive(Serialize)]
struct List<'a> {
    items: Vec<PersonView<'a>>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct NewPerson {
    nickname: String,
}

/// `POST /sandbox/people`: somebody comes.
pub(super) async fn create(world: Data<World>, body: Bytes) -> Result<HttpResponse, Problem> {
    let NewPerson { nickname } = read(&body)?;
    let mut ledger = world.ledger();
    let id = join(&mut ledger, &nickname)?;
    let person = ledger.state().people.get(&id).ok_or_else(Problem::unknown_person)?;
    Ok(HttpResponse::Created().json(PersonView::new(&person, &ledger.state().openids())))
}

/// Lets somebody come, and gives their id.
///
/// # Errors
/// The nickname is empty or too long, or the journal cannot be written.
pub(crate) fn join(ledger: &mut Ledger, nickname: &str) -> Result<String, Problem> {
    let nickname = nickname.trim();
    if nickname.is_empty() || nickname.chars().count() > NICKNAME {
        return Err(Problem::unfit("nickname must have 1 to 64 characters"));
    }
    // Random, so that a cookie from before a reset does not become somebody else.
    let id = format!("per_{}", random::hex(12));
    ledger.record(Change::PersonJoined { id: id.clone(), nickname: nickname.to_owned(), at: now() })?;
    Ok(id)
}

/// `GET /sandbox/people`: everybody, oldest first; crowds at the end.
pub(super) async fn list(world: Data<World>) -> HttpResponse {
    let ledger = world.ledger();
    let people: Vec<_> = ledger.state().people.everybody().collect();
    let openids = ledger.state().openids();
    let items = people.iter().map(|person| PersonView::new(person, &openids)).collect();
    HttpResponse::Ok().json(List { items })
}

/// `GET /sandbox/people/{id}`: one person.
pub(super) async fn show(world: Data<World>, id: Path<String>) -> Result<HttpResponse, Problem> {
    let ledger = world.ledger();
    let person = ledger.state().people.get(&id).ok_or_else(Problem::unknown_person)?;
    Ok(HttpResponse::Ok().json(PersonView::new(&person, &ledger.state().openids())))
}
