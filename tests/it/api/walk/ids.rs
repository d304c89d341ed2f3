//! The ids that paths are filled with: those of an organization's own things, made by the document's examples and found
//! in its lists.

use std::collections::BTreeMap;

use menfang::domain::audit::By;
use menfang::domain::ids::OrgId;
use menfang::domain::scope::OrgScope;
use menfang::store::portals::NewApp;
use serde_json::Value;

use crate::support::{Backend, TestServer};

/// A piece of a path.
#[derive(Clone, Debug)]
pub(super) enum Part {
    /// As it stands in the pattern.
    Fixed(String),
    /// An organization or app, or what has an address without one: it says whose the rest is.
    Place(String),
    /// Something of its own.
    Real(String),
    /// Well-formed, and nobody's.
    Unknown(String),
}

/// One organization's ids.
pub(super) struct Ids<'a> {
    document: &'a Value,
    backend: Backend,
    /// Somebody there, whose own things are nobody else's business.
    person: Backend,
    places: BTreeMap<&'static str, String>,
    /// What each list gave, by its path.
    known: BTreeMap<String, Option<String>>,
}

impl Part {
    pub(super) fn text(&self) -> &str {
        let (Self::Fixed(text) | Self::Place(text) | Self::Real(text) | Self::Unknown(text)) = self;
        text
    }

    pub(super) fn is_place(&self) -> bool {
        matches!(self, Self::Place(_))
    }

    pub(super) fn is_unknown(&self) -> bool {
        matches!(self, Self::Unknown(_))
    }

    pub(super) fn is_real(&self) -> bool {
        matches!(self, Self::Place(_) | Self::Real(_))
    }
}

impl<'a> Ids<'a> {
    pub(super) async fn of(
        server: &TestServer,
        document: &'a Value,
        organization: OrgId,
        token: &str,
    ) -> Self {
        let app = if organization == server.organization {
            server.portal("suppliers").await.app
        } else {
            let new = NewApp { name: "Elsewhere".into(), slug: "elsewhere".into() };
            let admin = &server.running().admin;
            let made = admin.create_app(OrgScope::of_row(organization), &new, &By::operator()).await.unwrap();
            made.settle(None).await.unwrap()
        };
        let (organization, app) = (organization.to_string(), app.to_string());
        let (notification, delivery) = server.past_notification(&organization, &app).await;
        let places =
            BTreeMap::from([("org", organization), ("app", app), ("ntf", notification), ("dlv", delivery)]);
        // The platform's key sees the things of all.
        let (backend, person) = (server.platform_backend(), server.backend(Some(token)));
        let ids = Self { document, backend, person, places, known: BTreeMap::new() };
        // Examples name what other examples make; those that have been made are refused the second time.
        ids.make().await;
        ids.make().await;
        ids
    }

    /// Makes one thing of each kind, by the document's examples.
    async fn make(&self) {
        for (pattern, item) in self.document["paths"].as_object().unwrap() {
            let example = &item["post"]["requestBody"]["content"]["application/json"]["example"];
            let (mut path, mut left) = (pattern.clone(), pattern.matches('{').count());
            for (name, id) in &self.places {
                let filled = path.replace(&format!("{{{name}}}"), id);
                left -= usize::from(filled != path);
                path = filled;
            }
            let ours = pattern.contains("{org}") || pattern.contains("{app}");
            if let (true, 0, Some(path)) = (ours && example.is_object(), left, path.strip_prefix("/api/v1")) {
                self.backend.post(path, example.clone()).await;
            }
        }
    }

    /// A path with its ids.
    pub(super) async fn parts(&mut self, pattern: &str) -> Vec<Part> {
        let mut parts = Vec::new();
        let mut before = 0;
        while let Some(start) = pattern[before..].find('{').map(|at| before + at) {
            let end = start + pattern[start..].find('}').unwrap();
            parts.push(Part::Fixed(pattern[before..start].to_owned()));
            let name = &pattern[start + 1..end];
            let list = pattern[..start].trim_end_matches('/');
            parts.push(match self.places.get(name) {
                Some(place) => Part::Place(place.clone()),
                None => self.listed(list, &parts).await.map_or_else(|| unknown(name), Part::Real),
            });
            before = end + 1;
        }
        parts.push(Part::Fixed(pattern[before..].to_owned()));
        parts
    }

    /// The id of something in a list.
    async fn listed(&mut self, pattern: &str, before: &[Part]) -> Option<String> {
        let path: String = before.iter().map(Part::text).collect();
        let path = path.strip_prefix("/api/v1").unwrap().trim_end_matches('/').to_owned();
        if let Some(known) = self.known.get(&path) {
            return known.clone();
        }
        let list = &self.document["paths"][pattern]["get"];
        let asks = if is_for_keys(list) { &self.backend } else { &self.person };
        let found = if list.is_object() { asks.get(&path).await.body } else { String::new() };
        let found: Value = serde_json::from_str(&found).unwrap_or_default();
        let items = found["items"].as_array().map_or(&[][..], Vec::as_slice);
        // Whoever is active has what belongs to them, such as logins.
        let chosen = items.iter().find(|item| item["status"] == "active").or(items.first());
        let found = chosen.and_then(|item| item["id"].as_str()).map(ToOwned::to_owned);
        self.known.insert(path, found.clone());
        found
    }
}

/// Whether an operation takes an API key.
pub(super) fn is_for_keys(op: &Value) -> bool {
    op["security"].as_array().is_some_and(|all| all.iter().any(|scheme| scheme.get("api_key").is_some()))
}

/// An id that nobody has.
fn unknown(name: &str) -> Part {
    let prefix: String = name.chars().take(3).collect();
    Part::Unknown(format!("{prefix}_00000000000000000000000000"))
}
