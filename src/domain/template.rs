//! Message templates of a service account: the fields that a message fills in, and whether a message may be sent by one.

use std::collections::BTreeMap;

use super::clock::Millis;
use super::template_rules::check_value;

/// Longest name of a field that is read from a template, and quoted in an answer, in characters.
const LONGEST_NAME: usize = 64;

/// A template's own texts, as WeChat lists them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TemplateText {
    /// WeChat's id of it.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its text, with `{{thing1.DATA}}` where a field stands.
    pub content: String,
    /// An example of it.
    pub example: String,
}

/// A message template as it was known at the last sync.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Template {
    /// WeChat's id of it.
    pub id: String,
    /// Its title.
    pub title: String,
    /// Its text, with `{{thing1.DATA}}` where a field stands.
    pub content: String,
    /// An example of it.
    pub example: String,
    /// Its fields, in the order of the text.
    pub fields: Vec<Field>,
    /// Why it cannot be used, if so.
    pub trouble: Option<TemplateTrouble>,
    /// As of when this is known.
    pub synced_at: Millis,
}

/// A field of a template.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Field {
    /// The key in a message's data.
    pub name: String,
    /// What it takes.
    pub kind: Kind,
}

/// Why a template cannot be used any more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum TemplateTrouble {
    /// The account has it no longer.
    Gone,
    /// WeChat has banned it (43116).
    Banned,
}

impl TemplateTrouble {
    const ALL: [Self; 2] = [Self::Gone, Self::Banned];

    /// The contract's word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Gone => "gone",
            Self::Banned => "banned",
        }
    }

    /// Reads the contract's word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|trouble| trouble.name() == name)
    }
}

/// What a field takes, by the beginning of its key.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Kind {
    /// Any text.
    Thing,
    /// Digits, letters and symbols.
    CharacterString,
    /// A time of day, with or without its date.
    Time,
    /// A date, with or without a time of day.
    Date,
    /// An amount of money.
    Amount,
    /// A phone number.
    PhoneNumber,
    /// A car's number plate.
    CarNumber,
    /// One of the texts that were approved for it, or nothing.
    Const,
    /// A number.
    Number,
    /// Letters.
    Letter,
    /// Symbols.
    Symbol,
    /// A person's name.
    Name,
    /// A few Chinese characters.
    Phrase,
    /// One of the template's own values.
    EnumString,
    /// Any text: a field of the old library (`first`, `keyword1`, `remark`), or of a kind unknown here.
    Text,
}

impl Kind {
    /// Every kind.
    pub const ALL: [Self; 15] = [
        Self::Thing,
        Self::CharacterString,
        Self::Time,
        Self::Date,
        Self::Amount,
        Self::PhoneNumber,
        Self::CarNumber,
        Self::Const,
        Self::Number,
        Self::Letter,
        Self::Symbol,
        Self::Name,
        Self::Phrase,
        Self::EnumString,
        Self::Text,
    ];

    /// WeChat's word, with which its keys begin; `text` for what has none.
    pub fn name(self) -> &'static str {
        match self {
            Self::Thing => "thing",
            Self::CharacterString => "character_string",
            Self::Time => "time",
            Self::Date => "date",
            Self::Amount => "amount",
            Self::PhoneNumber => "phone_number",
            Self::CarNumber => "car_number",
            Self::Const => "const",
            Self::Number => "number",
            Self::Letter => "letter",
            Self::Symbol => "symbol",
            Self::Name => "name",
            Self::Phrase => "phrase",
            Self::EnumString => "enum_string",
            Self::Text => "text",
        }
    }

    /// The kind of a field with this key: a word and a number.
    pub fn of_key(key: &str) -> Self {
        let word = key.trim_end_matches(|c: char| c.is_ascii_digit());
        Self::ALL.into_iter().find(|kind| kind.name() == word).unwrap_or(Self::Text)
    }
}

/// A field of a message that cannot be sent.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {rule}")]
pub struct BrokenField {
    /// Which, as the request names it: `data.thing1`.
    pub field: String,
    /// What it must be.
    pub rule: String,
}

impl BrokenField {
    fn new(name: &str, rule: impl Into<String>) -> Self {
        let name: String = name.chars().take(LONGEST_NAME).collect();
        Self { field: format!("data.{name}"), rule: rule.into() }
    }
}

impl Template {
    /// A template without trouble, its fields read from its text.
    pub fn new(text: TemplateText, synced_at: Millis) -> Self {
        let fields = fields(&text.content);
        let TemplateText { id, title, content, example } = text;
        Self { id, title, content, example, fields, trouble: None, synced_at }
    }

    /// Whether these are exactly the template's fields, and each is what WeChat takes (else 47003).
    ///
    /// # Errors
    /// The first field that is not the template's, or is missing, or breaks its kind's rule.
    pub fn check(&self, data: &BTreeMap<String, String>) -> Result<(), BrokenField> {
        let known = |name: &str| self.fields.iter().any(|field| field.name == name);
        if let Some(unknown) = data.keys().find(|name| !known(name)) {
            return Err(BrokenField::new(
                unknown,
                format!("the template has no such field; {}", self.names()),
            ));
        }
        for Field { name, kind } in &self.fields {
            let value = data
                .get(name)
                .ok_or_else(|| BrokenField::new(name, format!("is missing; {}", self.names())))?;
            check_value(*kind, value).map_err(|rule| BrokenField::new(name, rule))?;
        }
        Ok(())
    }

    fn names(&self) -> String {
        let names: Vec<&str> = self.fields.iter().map(|field| field.name.as_str()).collect();
        if names.is_empty() { "it has none".into() } else { format!("its fields are {}", names.join(", ")) }
    }
}

/// The fields of a template's text, each once, in the order in which they come first.
fn fields(content: &str) -> Vec<Field> {
    let mut found: Vec<Field> = Vec::new();
    for piece in content.split("{{").skip(1) {
        let Some(name) = piece.split_once("}}").and_then(|(inside, _)| inside.trim().strip_suffix(".DATA"))
        else {
            continue;
        };
        let is_key = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let fits = (1..=LONGEST_NAME).contains(&name.len()) && name.chars().all(is_key);
        if fits && found.iter().all(|field| field.name != name) {
            found.push(Field { name: name.to_owned(), kind: Kind::of_key(name) });
        }
    }
    found
}

#[cfg(test)]
#[path = "template_tests.rs"]
mod tests;
