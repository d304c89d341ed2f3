//! The fields of a schema as a table has them, and what each is in a few words.

use serde_json::Value;

use super::outline::entries;

/// One line of a table of fields.
#[derive(Clone, Debug)]
pub struct Field {
    /// Its name; a field within another is written `app.id`, one of each entry of a list `items[].id`.
    pub name: String,
    /// Where it goes, for a parameter: `path`, `query`, `header`; empty for a field of a body.
    pub place: String,
    /// What it is.
    pub kind: Kind,
    /// Whether it has to be sent, or is always there.
    pub required: bool,
    /// What it means.
    pub description: String,
}

/// What a value is, in a few words.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Kind {
    /// The words; after the name of a shape, if there is one.
    pub text: String,
    /// A shape that it has, by name.
    pub shape: Option<String>,
}

/// A text of an object; empty when there is none.
pub(super) fn text_of(value: &Value, name: &str) -> String {
    value[name].as_str().unwrap_or_default().to_owned()
}

/// The name of the schema that a schema refers to.
pub(super) fn reference(schema: &Value) -> Option<String> {
    schema["$ref"].as_str()?.rsplit('/').next().map(ToOwned::to_owned)
}

/// A parameter of a route.
pub(super) fn of_parameter(parameter: &Value) -> Field {
    Field {
        name: text_of(parameter, "name"),
        place: text_of(parameter, "in"),
        kind: kind(&parameter["schema"]),
        required: parameter["required"] == true,
        description: text_of(parameter, "description"),
    }
}

/// The fields of an object, those within it too; what is described elsewhere is named, not repeated.
pub(super) fn of_schema(schema: &Value) -> Vec<Field> {
    let mut fields = Vec::new();
    collect(schema, "", &mut fields);
    fields
}

fn collect(schema: &Value, before: &str, fields: &mut Vec<Field>) {
    for part in schema["allOf"].as_array().into_iter().flatten() {
        if let Some(shape) = reference(part) {
            let kind = Kind { text: String::new(), shape: Some(shape) };
            fields.push(Field {
                name: format!("{before}…"),
                place: String::new(),
                kind,
                required: true,
                description: text_of(part, "description"),
            });
        }
        collect(part, before, fields);
    }
    let required = |name: &str| {
        schema["required"].as_array().is_some_and(|names| names.iter().any(|known| known == name))
    };
    for (name, field) in entries(&schema["properties"]) {
        let full = format!("{before}{name}");
        fields.push(Field {
            name: full.clone(),
            place: String::new(),
            kind: kind(field),
            required: required(name),
            description: description(field),
        });
        collect(field, &format!("{full}."), fields);
        collect(&field["items"], &format!("{full}[]."), fields);
    }
}

/// The description of a field, which may stand beside or within a choice.
fn description(field: &Value) -> String {
    let choices = field["oneOf"].as_array().into_iter().flatten();
    let mut all = std::iter::once(field).chain(choices).map(|part| text_of(part, "description"));
    all.find(|text| !text.is_empty()).unwrap_or_default()
}

/// What a schema is, in a few words: `string, date-time, or null`.
pub(super) fn kind(schema: &Value) -> Kind {
    if let Some(shape) = reference(schema) {
        return Kind { text: String::new(), shape: Some(shape) };
    }
    for (word, join) in [("oneOf", " or "), ("anyOf", " or "), ("allOf", " and ")] {
        if let Some(parts) = schema[word].as_array() {
            return joined(parts, join);
        }
    }
    if let Some(value) = schema.get("const") {
        return words(value.to_string());
    }
    if let Some(values) = schema["enum"].as_array() {
        let values: Vec<String> = values.iter().map(ToString::to_string).collect();
        return words(values.join(" | "));
    }
    let names = match &schema["type"] {
        Value::Array(names) => names.iter().filter_map(Value::as_str).collect::<Vec<_>>(),
        other => other.as_str().into_iter().collect(),
    };
    if names == ["null"] {
        return words("null".into());
    }
    let nullable = names.contains(&"null");
    let name = names.into_iter().find(|name| *name != "null").unwrap_or("anything");
    let or_null = if nullable { ", or null" } else { "" };
    if name == "array" {
        let Kind { text, shape } = kind(&schema["items"]);
        let text = if shape.is_some() { "in a list".to_owned() } else { format!("list of {text}") };
        return Kind { text: format!("{text}{or_null}"), shape };
    }
    words(format!("{name}{}{or_null}", limits(schema)))
}

fn words(text: String) -> Kind {
    Kind { text, shape: None }
}

/// The parts of a choice; of several shapes the first is linked, the others are named.
fn joined(parts: &[Value], join: &str) -> Kind {
    let mut shape = None;
    let mut texts = Vec::new();
    for part in parts {
        match kind(part) {
            Kind { shape: Some(name), .. } if shape.is_none() => shape = Some(name),
            Kind { shape: Some(name), .. } => texts.push(name),
            Kind { text, .. } => texts.push(text),
        }
    }
    let text = texts.join(join);
    let before = if shape.is_some() && !text.is_empty() { join.trim_start() } else { "" };
    Kind { text: format!("{before}{text}"), shape }
}

/// The form and bounds of a value.
fn limits(schema: &Value) -> String {
    let mut text = String::new();
    let mut add = |words: String| {
        text.push_str(", ");
        text.push_str(&words);
    };
    if let Some(format) = schema["format"].as_str().filter(|format| !format.starts_with("int")) {
        add(format.to_owned());
    }
    for (least, most, unit) in [
        ("minimum", "maximum", ""),
        ("minLength", "maxLength", " characters"),
        ("minItems", "maxItems", " entries"),
    ] {
        match (schema.get(least), schema.get(most)) {
            (Some(least), Some(most)) => add(format!("{least} to {most}{unit}")),
            (Some(least), None) => add(format!("at least {least}{unit}")),
            (None, Some(most)) => add(format!("at most {most}{unit}")),
            (None, None) => {}
        }
    }
    if let Some(pattern) = schema["pattern"].as_str() {
        add(format!("like {pattern}"));
    }
    if let Some(usual) = schema.get("default") {
        add(format!("{usual} when absent"));
    }
    text
}
