//! Bodies of the API: closed JSON, read strictly, with the field named in what is refused.

use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer};

use crate::http::extract::Visitor;
use crate::http::problem::{Code, Problem};

/// Something that a body is read as.
pub trait Body: Sized + 'static {
    /// The longest body, in bytes; none for as long as any other.
    const LIMIT: Option<usize> = None;

    /// Reads it.
    ///
    /// # Errors
    /// It is not what the address takes.
    fn read(bytes: &[u8], content_type: &str, visitor: &Visitor) -> Result<Self, Problem>;
}

/// No body: whatever is sent is not looked at.
#[derive(Clone, Copy, Debug)]
pub struct Nothing;

impl Body for Nothing {
    fn read(_: &[u8], _: &str, _: &Visitor) -> Result<Self, Problem> {
        Ok(Self)
    }
}

/// A JSON object of this type.
#[derive(Clone, Debug)]
pub struct Json<T>(pub T);

impl<T: DeserializeOwned + 'static> Body for Json<T> {
    fn read(bytes: &[u8], content_type: &str, visitor: &Visitor) -> Result<Self, Problem> {
        let kind = content_type.split(';').next().unwrap_or_default().trim();
        if !kind.eq_ignore_ascii_case("application/json") {
            return Err(visitor
                .problem(Code::UnsupportedMediaType)
                .detail("send the header Content-Type: application/json"));
        }
        read_json(bytes, visitor).map(Self)
    }
}

/// Reads a field that can be cleared: absent it stays (`None`, by `#[serde(default)]`), null clears it (`Some(None)`).
///
/// # Errors
/// The value does not fit.
pub fn clearable<'de, T: Deserialize<'de>, D: Deserializer<'de>>(
    value: D,
) -> Result<Option<Option<T>>, D::Error> {
    Option::deserialize(value).map(Some)
}

/// Reads JSON: 400 for what is none, 422 with the field for what does not fit.
///
/// # Errors
/// See above.
pub fn read_json<T: DeserializeOwned>(bytes: &[u8], visitor: &Visitor) -> Result<T, Problem> {
    let value: serde_json::Value = serde_json::from_slice(bytes).map_err(|error| {
        let detail = match bytes {
            [] => "the body is empty; it must be a JSON object".to_owned(),
            _ => format!("it goes wrong in line {}, at column {}", error.line(), error.column()),
        };
        visitor.problem(Code::BadJson).detail(detail)
    })?;
    if !value.is_object() {
        return Err(visitor
            .problem(Code::InvalidField)
            .detail("the body must be a JSON object")
            .with("field", ""));
    }
    serde_path_to_error::deserialize(value).map_err(|error| refusal(&error, visitor))
}

fn refusal(error: &serde_path_to_error::Error<serde_json::Error>, visitor: &Visitor) -> Problem {
    let place = error.path().to_string();
    let place = if place == "." { "" } else { place.as_str() };
    let text = error.inner().to_string();
    let named = |prefix: &str| text.strip_prefix(prefix).and_then(|rest| rest.split('`').next());
    let joined = |name: &str| {
        // The path of an unknown field ends with the field itself.
        let last = place.rsplit('.').next().unwrap_or_default();
        if place.is_empty() || last == name {
            if place.is_empty() { name.to_owned() } else { place.to_owned() }
        } else {
            format!("{place}.{name}")
        }
    };
    if let Some(name) = named("unknown field `") {
        let field = joined(name);
        return visitor
            .problem(Code::UnknownField)
            .detail(format!("there is no field {}", shown(&field)))
            .with("field", shown(&field));
    }
    let problem = visitor.problem(Code::InvalidField);
    if let Some(name) = named("missing field `") {
        let field = joined(name);
        return problem.detail(format!("{field} is missing")).with("field", field);
    }
    // Serde quotes what was sent; what it expected is enough.
    let rule = match text.rsplit_once("expected ") {
        // A number's type in Rust tells a caller nothing.
        Some((_, "i32" | "i64" | "u32" | "u64" | "usize")) => {
            "must be a whole number in its range".to_owned()
        }
        Some((_, expected)) => format!("must be {}", in_json(expected)),
        None => "does not fit".to_owned(),
    };
    problem
        .detail(format!("{} {rule}", if place.is_empty() { "the body" } else { place }))
        .with("field", place)
}

/// What Serde calls by Rust's names, as JSON has it.
fn in_json(expected: &str) -> &str {
    match expected {
        "a map" => "an object",
        "a sequence" => "a list",
        // One of some words, which an object could hold as well.
        "string or map" => "a string",
        _ if expected.starts_with("struct ") => "an object",
        _ => expected,
    }
}

/// A name out of a request, bounded before it is said back.
fn shown(name: &str) -> String {
    name.chars().filter(|c| !c.is_control()).take(60).collect()
}
