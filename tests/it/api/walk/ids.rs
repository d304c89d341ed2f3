//! The ids that paths are filled with: those of an organization's own things, found in its lists, and made by the
//! document's examples where there are none.

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
    /// An organization or app: it says whose the rest is.
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

    pub(super) fn is_real(&self) -> bool {
        matches!(self, Self::Place(_) | Self::Real(_))
    }
}

impl<'a> Ids<'a> {
    pub(super) async fn of(server: &TestServer, document: &'a Value, organization: OrgId) -> Self {
        let app = if organization == server.organization {
            server.portal("suppliers").await.app
        } else {
            let new = NewApp { name: "Elsewhere".into(), slug: "elsewhere".into() };
            let admin = &server.running().admin;
            let made = admin.create_app(OrgScope::of_row(organization), &new, &By::operator()).await.unwrap();
            made.settle(None).await.unwrap()
        };
        let places = BTreeMap::from([("org", organization.to_string()), ("app", app.to_string())]);
        // The platform's key sees the things of all.
        Self { document, backend: server.platform_backend(), places, known: BTreeMap::new() }
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

    /// The id of something in a list; made by the document's example where the list is empty.
    async fn listed(&mut self, pattern: &str, before: &[Part]) -> Option<String> {
        let path: String = before.iter().map(Part::text).collect();
        let path = path.strip_prefix("/api/v1").unwrap().trim_end_matches('/').to_owned();
        if let Some(known) = self.known.get(&path) {
            return known.clone();
        }
        let item = &self.document["paths"][pattern];
        let mut found = None;
        if item["get"].is_object() {
            found = self.first(&path).await;
        }
        let example = &item["post"]["requestBody"]["content"]["application/json"]["example"];
        if found.is_none() && example.is_object() {
            self.backend.post(&path, example.clone()).await;
            found = self.first(&path).await;
        }
        self.known.insert(path, found.clone());
        found
    }

    async fn first(&self, path: &str) -> Option<String> {
        let list = self.backend.get(path).await;
        let list: Value = serde_json::from_str(&list.body).ok()?;
        list["items"][0]["id"].as_str().map(ToOwned::to_owned)
    }
}

fn unknown(name: &str) -> Part {
    Part::Unknown(format!("{name}_00000000000000000000000000"))
}
