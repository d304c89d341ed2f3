//! Every route of the API x everybody who may not use it. The routes are read from the document, and so is what each
//! demands: a new route is walked as soon as it is described, and one that demands nothing has to be listed here.

mod callers;
mod ids;
mod routes;

use menfang::domain::right::Scope;

use callers::{Callers, Sends};
use routes::{Demand, Route};

use crate::support::TestServer;
use crate::support::web::Answer;

/// Routes that nobody has to prove anything for: by them people get what they prove themselves with.
const OPEN: [&str; 3] =
    ["post /api/v1/accounts/codes", "post /api/v1/accounts/register", "post /api/v1/accounts/sign-in"];

/// What a caller is expected to be told.
struct Expected {
    status: u16,
    code: &'static str,
}

const UNAUTHORIZED: Expected = Expected { status: 401, code: "unauthorized" };
const NOT_SIGNED_IN: Expected = Expected { status: 401, code: "not_signed_in" };
const NOT_FOUND: Expected = Expected { status: 404, code: "not_found" };
const MISSING_SCOPE: Expected = Expected { status: 403, code: "missing_scope" };
const PLATFORM_ONLY: Expected = Expected { status: 403, code: "platform_key_required" };
const FOREIGN_PAGE: Expected = Expected { status: 403, code: "origin_not_allowed" };
const UNKNOWN_FIELD: Expected = Expected { status: 422, code: "unknown_field" };

#[actix_web::test]
async fn no_route_lets_anybody_in_who_has_no_right() {
    let server = TestServer::start().await;
    let callers = Callers::of(&server).await;
    let routes = Route::all(&server, &callers).await;
    let (mut wrong, mut walked) = (Vec::new(), 0);
    for route in &routes {
        let said = walk(&server, &callers, route).await;
        walked += said.len();
        wrong.extend(said.into_iter().filter_map(Result::err));
    }
    assert!(wrong.is_empty(), "{} of {walked}:\n{}", wrong.len(), wrong.join("\n"));
    let made_up: Vec<_> = routes.iter().filter(|route| !route.is_real()).map(Route::name).collect();
    assert!(made_up.is_empty(), "no example makes what these routes are about: {made_up:?}");
    let listed = |name: &&str| routes.iter().any(|route| route.name() == *name);
    assert!(OPEN.iter().all(listed), "a route that is listed is gone");
    assert!(routes.len() > 70 && walked > 700, "{walked} requests to {} routes", routes.len());
}

/// All requests to one route; what each came to.
async fn walk(server: &TestServer, callers: &Callers, route: &Route) -> Vec<Result<(), String>> {
    let Some(demand) = route.demand.as_deref() else {
        let listed = OPEN.contains(&route.name().as_str());
        return vec![
            listed.then_some(()).ok_or(format!("{}: it demands nothing, and is not listed", route.name())),
        ];
    };
    let mut said = Vec::new();
    let unproved = if matches!(demand, Demand::Person) { &NOT_SIGNED_IN } else { &UNAUTHORIZED };
    for (who, sends) in callers.nobody(demand) {
        said.push(ask(server, route, who, &sends, unproved).await);
    }
    if !route.is_safe() {
        let from_elsewhere = Sends { origin: Some("https://elsewhere.example".into()), ..callers.person() };
        said.push(
            ask(server, route, "a login cookie, from a foreign page", &from_elsewhere, &FOREIGN_PAGE).await,
        );
    }
    let Demand::Key(Some(scope)) = demand else {
        said.extend(enter(server, callers, route, demand).await);
        return said;
    };
    let (own, other, platform) = (Some(callers.own), Some(callers.other), None);
    let of_platform = route.is_of_the_platform();
    let stranger = callers.key(server, other, |_| true).await;
    let answer = if of_platform { &PLATFORM_ONLY } else { &NOT_FOUND };
    said.push(ask(server, route, "a key of another organization", &stranger, answer).await);
    let lacking = callers.key(server, own, |held| held != *scope).await;
    let answer = if of_platform { &PLATFORM_ONLY } else { &MISSING_SCOPE };
    said.push(ask(server, route, "a key of this organization without the scope", &lacking, answer).await);
    let lacking = callers.key(server, platform, |held| held != *scope).await;
    said.push(ask(server, route, "a key of the platform without the scope", &lacking, &MISSING_SCOPE).await);
    let fitting = if of_platform || scope.platform_only() { platform } else { own };
    let fitting = callers.key(server, fitting, |held| held == *scope).await;
    if let Some(theirs) = route.with_ids_of_the_other() {
        let who = "a key of this organization, with an id of another one";
        said.push(ask(server, &theirs, who, &fitting, &NOT_FOUND).await);
    }
    if let Some(open) = route.with_a_field_too_many() {
        said.push(ask(server, &open, "the one scope, with a field too many", &fitting, &UNKNOWN_FIELD).await);
    }
    if route.is_safe() {
        said.push(gets_in(server, route, &fitting).await);
    }
    said
}

/// What needs no scope: the API of everybody who has a key, and what people see of themselves.
async fn enter(
    server: &TestServer,
    callers: &Callers,
    route: &Route,
    demand: &Demand,
) -> Vec<Result<(), String>> {
    let mut said = Vec::new();
    let sends = match demand {
        Demand::Key(_) => callers.key(server, Some(callers.other), |scope| scope == Scope::SeatsRead).await,
        Demand::Person => Sends::bearer(&callers.member),
    };
    if let Some(theirs) = route.with_ids_of_the_other() {
        said.push(ask(server, &theirs, "a person, with an id of somebody else", &sends, &NOT_FOUND).await);
    }
    if let Some(open) = route.with_a_field_too_many() {
        said.push(ask(server, &open, "a person, with a field too many", &sends, &UNKNOWN_FIELD).await);
    }
    if route.is_safe() {
        said.push(gets_in(server, route, &sends).await);
    }
    said
}

/// One request, and whether it came to what was expected.
async fn ask(
    server: &TestServer,
    route: &Route,
    who: &str,
    sends: &Sends,
    expected: &Expected,
) -> Result<(), String> {
    let answer = sends.send(server, route).await;
    let problem: serde_json::Value = serde_json::from_str(&answer.body).unwrap_or_default();
    let told = answer.status == expected.status && problem["code"] == expected.code;
    let kind = answer.header("content-type");
    if told && kind == "application/problem+json" && route.may_answer(expected.status, expected.code) {
        return Ok(());
    }
    let documented =
        if route.may_answer(expected.status, expected.code) { "" } else { ", which is not described" };
    let Expected { status, code } = expected;
    Err(format!("{route} for {who}: expected {status} {code}{documented}, got {}", told_instead(&answer)))
}

/// Whoever has what the document demands, and no more, gets past the door.
async fn gets_in(server: &TestServer, route: &Route, sends: &Sends) -> Result<(), String> {
    let answer = sends.send(server, route).await;
    let refused = matches!(answer.status, 401 | 403) || answer.status >= 500;
    let described = route.answers(answer.status);
    if refused || !described {
        return Err(format!(
            "{route} for whoever has the right: expected to get in, got {}",
            told_instead(&answer)
        ));
    }
    Ok(())
}

fn told_instead(answer: &Answer) -> String {
    let beginning: String = answer.body.chars().take(300).collect();
    format!("{} {} {beginning}", answer.status, answer.header("content-type"))
}
