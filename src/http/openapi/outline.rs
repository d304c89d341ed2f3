//! The document as somebody reads it: groups of routes, each with what it takes and what it answers. For the page that
//! shows it; whatever a route is to say here has to stand in the document.

use std::collections::BTreeMap;

use serde_json::{Map, Value};

use crate::http::api::endpoint::BASE;
use crate::http::problem::Code;

use super::curl;
use super::fields::{self, Field, text_of};

/// Methods in the order in which they are shown; HEAD is a GET without a body and goes without saying.
const METHODS: [&str; 5] = ["get", "post", "put", "patch", "delete"];

/// The whole document.
#[derive(Clone, Debug)]
pub struct Outline {
    /// The groups, those of the API first.
    pub groups: Vec<Group>,
    /// What can be sent to prove who asks.
    pub credentials: Vec<Credential>,
    /// The shapes that bodies and answers have, by name.
    pub shapes: Vec<Shape>,
}

/// Something that proves who asks.
#[derive(Clone, Debug)]
pub struct Credential {
    /// Its name.
    pub name: String,
    /// How it is sent: `Authorization: Bearer …`, `Cookie: menfang_browser=…`.
    pub sent: String,
    /// What it is.
    pub description: String,
}

/// The routes of one tag.
#[derive(Clone, Debug)]
pub struct Group {
    /// The tag.
    pub name: String,
    /// The tag as a heading.
    pub title: String,
    /// What they have in common.
    pub description: String,
    /// The routes, by path.
    pub routes: Vec<Route>,
}

/// One route.
#[derive(Clone, Debug)]
pub struct Route {
    /// Its place in the page.
    pub anchor: String,
    /// `GET`, `POST` …
    pub method: String,
    /// The path, with `{names}`.
    pub path: String,
    /// What it does, in a line.
    pub summary: String,
    /// More about it; empty when there is no more.
    pub description: String,
    /// The credentials one of which has to be sent, by name; none where nobody has to prove anything.
    pub credentials: Vec<String>,
    /// The scope that an API key needs.
    pub scope: Option<String>,
    /// What the address and the headers take.
    pub parameters: Vec<Field>,
    /// The body, if it takes one.
    pub body: Option<Body>,
    /// What it answers, by status.
    pub answers: Vec<Answer>,
    /// A call of it from a shell.
    pub curl: String,
}

/// What a request carries.
#[derive(Clone, Debug)]
pub struct Body {
    /// Its media type.
    pub media: String,
    /// The name of its shape, if it has one.
    pub shape: Option<String>,
    /// Its fields.
    pub fields: Vec<Field>,
}

/// One way in which a route answers.
#[derive(Clone, Debug)]
pub struct Answer {
    /// The status.
    pub status: String,
    /// What it means; empty for problems, whose codes say it.
    pub description: String,
    /// The media type, if there is a body.
    pub media: Option<String>,
    /// The name of its shape, if it has one.
    pub shape: Option<String>,
    /// Its fields, when its shape has no name.
    pub fields: Vec<Field>,
    /// An example.
    pub example: Option<String>,
    /// The problems it can be.
    pub codes: Vec<&'static str>,
}

/// A shape with a name.
#[derive(Clone, Debug)]
pub struct Shape {
    /// Its name.
    pub name: String,
    /// What it is.
    pub description: String,
    /// Its fields; none for a word out of a few.
    pub fields: Vec<Field>,
    /// What it is, when it has no fields.
    pub kind: String,
}

/// Reads the document.
pub fn outline(document: &Value) -> Outline {
    let mut routes: BTreeMap<&str, Vec<Route>> = BTreeMap::new();
    for (path, item) in entries(&document["paths"]) {
        for method in METHODS.iter().filter(|method| item.get(**method).is_some()) {
            let tag = item[*method]["tags"][0].as_str().unwrap_or_default();
            routes.entry(tag).or_default().push(route(document, path, method));
        }
    }
    let tags = document["tags"].as_array().into_iter().flatten();
    let mut groups: Vec<Group> = tags
        .map(|tag| Group {
            name: text_of(tag, "name"),
            title: tag["x-displayName"]
                .as_str()
                .map_or_else(|| heading(&text_of(tag, "name")), ToOwned::to_owned),
            description: text_of(tag, "description"),
            routes: routes.remove(tag["name"].as_str().unwrap_or_default()).unwrap_or_default(),
        })
        .filter(|group| !group.routes.is_empty())
        .collect();
    groups.sort_by_key(|group| !group.routes.iter().any(|route| route.path.starts_with(BASE)));
    let components = &document["components"];
    let shapes = entries(&components["schemas"]).map(|(name, schema)| Shape {
        name: name.clone(),
        description: text_of(schema, "description"),
        fields: fields::of_schema(schema),
        kind: fields::kind(schema).text,
    });
    let credentials = entries(&components["securitySchemes"]).map(|(name, scheme)| Credential {
        name: name.clone(),
        sent: curl::sent(scheme),
        description: text_of(scheme, "description"),
    });
    Outline { groups, credentials: credentials.collect(), shapes: shapes.collect() }
}

/// `service_account` as `Service account`.
fn heading(name: &str) -> String {
    let words = name.replace(['_', '-'], " ");
    let mut letters = words.chars();
    letters.next().map_or_else(String::new, |first| first.to_uppercase().chain(letters).collect())
}

fn route(document: &Value, path: &str, method: &str) -> Route {
    let item = &document["paths"][path];
    let op = &item[method];
    let body = entries(&op["requestBody"]["content"]).next().map(|(media, content)| Body {
        media: media.clone(),
        shape: fields::reference(&content["schema"]),
        fields: fields::of_schema(resolved(document, &content["schema"])),
    });
    let parameters = [&item["parameters"], &op["parameters"]];
    let parameters = parameters.into_iter().filter_map(Value::as_array).flatten();
    let credentials: Vec<String> = alternatives(op).cloned().collect();
    let scheme = credentials.first().map(|name| &document["components"]["securitySchemes"][name]);
    Route {
        anchor: format!("{method}-{}", path.trim_matches('/').replace(['/', '{', '}', '.'], "-")),
        method: method.to_ascii_uppercase(),
        path: path.to_owned(),
        summary: text_of(op, "summary"),
        description: text_of(op, "description"),
        curl: curl::call(path, method, item, scheme),
        credentials,
        scope: op["x-scope"].as_str().map(ToOwned::to_owned),
        parameters: parameters.map(fields::of_parameter).collect(),
        body,
        answers: entries(&op["responses"]).map(|(status, answer)| read_answer(status, answer, op)).collect(),
    }
}

/// The names of what can be sent, one of which is enough.
fn alternatives(op: &Value) -> impl Iterator<Item = &String> {
    let all = op["security"].as_array().into_iter().flatten();
    all.filter_map(|one| entries(one).next()).map(|(name, _)| name)
}

fn read_answer(status: &str, answer: &Value, op: &Value) -> Answer {
    let content = entries(&answer["content"]).next();
    let (media, content) = content.map_or((None, &Value::Null), |(media, content)| (Some(media), content));
    let is_problem = media.is_some_and(|media| media == "application/problem+json");
    let words: Vec<&str> = op["x-codes"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
    let codes = Code::ALL.iter().filter(|code| is_problem && code.status().as_str() == status);
    let shape = fields::reference(&content["schema"]);
    Answer {
        status: status.to_owned(),
        description: if is_problem { String::new() } else { text_of(answer, "description") },
        media: media.cloned(),
        fields: if shape.is_some() { Vec::new() } else { fields::of_schema(&content["schema"]) },
        shape,
        example: content.get("example").map(|example| format!("{example:#}")),
        codes: codes.map(|code| code.word()).filter(|word| words.contains(word)).collect(),
    }
}

/// The schema itself, where another one only names it.
fn resolved<'a>(document: &'a Value, schema: &'a Value) -> &'a Value {
    let named = fields::reference(schema).map(|name| &document["components"]["schemas"][name]);
    named.unwrap_or(schema)
}

/// The entries of an object; none of anything else.
pub(super) fn entries(value: &Value) -> impl Iterator<Item = (&String, &Value)> {
    value.as_object().into_iter().flat_map(Map::iter)
}

#[cfg(test)]
#[path = "outline_tests.rs"]
mod tests;
