//! The routes as the document describes them, with real ids in their paths where there are some.

use std::rc::Rc;

use menfang::domain::right::Scope;
use reqwest::Method;
use serde_json::{Value, json};

use super::callers::Callers;
use super::ids::{Ids, Part, is_for_keys};
use crate::support::TestServer;

const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// What has to be proved.
pub(super) enum Demand {
    /// By an API key, with this scope or any.
    Key(Option<Scope>),
    /// By something that only people have.
    Person,
}

/// One route, ready to be asked.
#[derive(Clone)]
pub(super) struct Route {
    pub(super) method: Method,
    pub(super) body: Option<Value>,
    pub(super) demand: Option<Rc<Demand>>,
    pattern: String,
    own: Vec<Part>,
    other: Vec<Part>,
    op: Value,
}

impl Route {
    /// All routes of the API, as the document tells them that this server gives out.
    pub(super) async fn all(server: &TestServer, callers: &Callers) -> Vec<Self> {
        let text =
            server.http.get(server.at("/api/openapi.json")).send().await.unwrap().text().await.unwrap();
        let document: Value = serde_json::from_str(&text).unwrap();
        let mut own = Ids::of(server, &document, callers.own, &callers.member).await;
        let mut other = Ids::of(server, &document, callers.other, &callers.collaborator).await;
        let mut all = Vec::new();
        for (pattern, item) in document["paths"].as_object().unwrap() {
            for method in
                METHODS.iter().filter(|name| pattern.starts_with("/api/v1/") && item[**name].is_object())
            {
                let op = item[*method].clone();
                all.push(Self {
                    method: method.to_ascii_uppercase().parse().unwrap(),
                    body: op["requestBody"]["content"]["application/json"].get("example").cloned(),
                    demand: demand(&op).map(Rc::new),
                    pattern: pattern.clone(),
                    own: own.parts(pattern).await,
                    other: other.parts(pattern).await,
                    op,
                });
            }
        }
        all
    }

    /// Whether every id in its path is somebody's.
    pub(super) fn is_real(&self) -> bool {
        !self.own.iter().any(Part::is_unknown)
    }

    /// `post /api/v1/…`, as the document writes it.
    pub(super) fn name(&self) -> String {
        format!("{} {}", self.method.as_str().to_ascii_lowercase(), self.pattern)
    }

    /// The path and the query that it cannot do without.
    pub(super) fn address(&self) -> String {
        let path: String = self.own.iter().map(Part::text).collect();
        let parameters = self.op["parameters"].as_array().into_iter().flatten();
        let needed = parameters.filter(|one| one["in"] == "query" && one["required"] == true);
        let pairs: Vec<_> =
            needed.map(|one| format!("{}={}", one["name"].as_str().unwrap(), sample(one))).collect();
        if pairs.is_empty() { path } else { format!("{path}?{}", pairs.join("&")) }
    }

    pub(super) fn is_safe(&self) -> bool {
        self.method == Method::GET
    }

    /// Whether it is about no organization.
    pub(super) fn is_of_the_platform(&self) -> bool {
        !self.own.iter().any(Part::is_place)
    }

    /// The same below our own organization or app, with the ids of another organization's things; where there are no
    /// organizations, with those of somebody else's.
    pub(super) fn with_ids_of_the_other(&self) -> Option<Self> {
        let foreign = |part: &Part| part.is_real() && !part.is_place();
        let of_the_platform = self.is_of_the_platform() && is_for_keys(&self.op);
        if of_the_platform || !self.other.iter().any(foreign) {
            return None;
        }
        let pairs = self.own.iter().zip(&self.other);
        let own = pairs.map(|(own, other)| if foreign(other) { other } else { own }.clone()).collect();
        Some(Self { own, ..self.clone() })
    }

    /// The same with a field that it does not have.
    pub(super) fn with_a_field_too_many(&self) -> Option<Self> {
        let mut body = self.body.clone().filter(Value::is_object)?;
        body["no_such_field"] = json!(1);
        Some(Self { body: Some(body), ..self.clone() })
    }

    /// Whether the document says that it may answer so.
    pub(super) fn may_answer(&self, status: u16, code: &str) -> bool {
        // The front door's own answers are said once, for all routes.
        let of_the_door = code == "origin_not_allowed";
        let codes = self.op["x-codes"].as_array();
        of_the_door || self.answers(status) && codes.is_some_and(|codes| codes.iter().any(|one| one == code))
    }

    /// Whether the document knows an answer of this status.
    pub(super) fn answers(&self, status: u16) -> bool {
        self.op["responses"].get(status.to_string()).is_some()
    }
}

impl std::fmt::Display for Route {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.method, self.address())
    }
}

fn demand(op: &Value) -> Option<Demand> {
    let schemes = op["security"].as_array()?;
    if is_for_keys(op) {
        let scope = op["x-scope"].as_str();
        let known =
            scope.map(|word| Scope::from_name(word).unwrap_or_else(|| panic!("there is no scope {word}")));
        return Some(Demand::Key(known));
    }
    (!schemes.is_empty()).then_some(Demand::Person)
}

/// A value that a parameter takes.
fn sample(parameter: &Value) -> String {
    let schema = &parameter["schema"];
    let told = ["example", "default", "minimum"].iter().find_map(|name| schema.get(*name));
    match told.or(parameter.get("example")).or_else(|| schema["enum"].get(0)) {
        Some(Value::String(text)) => text.clone(),
        Some(value) => value.to_string(),
        None => panic!("no value for {parameter}: give it an example"),
    }
}
