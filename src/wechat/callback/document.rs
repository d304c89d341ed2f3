//! A push's document, XML or JSON, read as its top-level fields; everything deeper is skipped, within bounds.

use std::collections::BTreeMap;

use quick_xml::XmlVersion;
use quick_xml::events::{BytesStart, Event};
use serde::Deserialize;
use serde::de::{Error as _, MapAccess, Visitor};

use super::Refused;

/// The texts of a document's top-level fields, by WeChat's names.
pub type Fields = BTreeMap<String, String>;

/// Deepest nesting; WeChat needs four levels at most.
const DEPTH_LIMIT: usize = 8;

/// Most attributes of one tag; WeChat writes none.
const ATTRIBUTE_LIMIT: usize = 8;

/// Reads a document of at most `BODY_LIMIT` bytes; its first byte tells XML from JSON, whatever the console says.
pub(super) fn read(body: &[u8]) -> Result<Fields, Refused> {
    let text = std::str::from_utf8(body).map_err(|_| Refused::because("not UTF-8"))?;
    match text.trim_ascii_start().as_bytes().first() {
        Some(b'<') => read_xml(text),
        Some(b'{') => read_json(text),
        _ => Err(Refused::because("neither XML nor JSON")),
    }
}

fn read_xml(text: &str) -> Result<Fields, Refused> {
    refuse_declarations(text)?;
    let broken = |_| Refused::because("broken XML");
    let mut reader = quick_xml::Reader::from_str(text);
    let mut fields = Fields::new();
    let mut open: Vec<Element> = Vec::new();
    let mut roots = 0;
    loop {
        match reader.read_event().map_err(broken)? {
            Event::Start(tag) => {
                roots += usize::from(open.is_empty());
                begin(&mut open, &tag)?;
            }
            Event::Empty(tag) => {
                roots += usize::from(open.is_empty());
                begin(&mut open, &tag)?;
                end(&mut open, &mut fields)?;
            }
            Event::End(_) => end(&mut open, &mut fields)?,
            Event::Text(text) => add(&mut open, &text.xml_content(XmlVersion::Implicit1_0))?,
            Event::CData(text) => add(&mut open, &text.xml_content(XmlVersion::Implicit1_0))?,
            Event::GeneralRef(reference) => {
                let character =
                    match reference.resolve_char_ref().map_err(|_| Refused::because("bad reference"))? {
                        Some(character) => character,
                        None => predefined(&reference)?,
                    };
                add(&mut open, character.encode_utf8(&mut [0; 4]))?;
            }
            Event::Decl(_) => {}
            Event::Comment(_) | Event::PI(_) | Event::DocType(_) => {
                return Err(Refused::because("strange XML"));
            }
            Event::Eof => break,
        }
    }
    if roots != 1 || !open.is_empty() {
        return Err(Refused::because("not one document"));
    }
    Ok(fields)
}

/// An element that has begun: its name, its text so far, and whether it holds others.
struct Element {
    name: String,
    text: String,
    nested: bool,
}

fn begin(open: &mut Vec<Element>, tag: &BytesStart<'_>) -> Result<(), Refused> {
    if open.len() >= DEPTH_LIMIT {
        return Err(Refused::because("too deep"));
    }
    if tag.attributes().with_checks(false).take(ATTRIBUTE_LIMIT + 1).count() > ATTRIBUTE_LIMIT {
        return Err(Refused::because("too many attributes"));
    }
    if let Some(parent) = open.last_mut() {
        parent.nested = true;
    }
    let name = tag.name().as_ref().to_owned();
    open.push(Element { name, text: String::new(), nested: false });
    Ok(())
}

fn end(open: &mut Vec<Element>, fields: &mut Fields) -> Result<(), Refused> {
    let element = open.pop().ok_or(Refused::because("broken XML"))?;
    if open.len() == 1 && !element.nested {
        keep(fields, element.name, element.text)?;
    }
    Ok(())
}

fn add(open: &mut [Element], text: &str) -> Result<(), Refused> {
    match open.last_mut() {
        Some(element) => element.text.push_str(text),
        None if text.trim_ascii().is_empty() => {}
        None => return Err(Refused::because("text outside the document")),
    }
    Ok(())
}

/// A field that stands twice could mean one thing here and another elsewhere.
fn keep(fields: &mut Fields, name: String, text: String) -> Result<(), Refused> {
    match fields.insert(name, text) {
        None => Ok(()),
        Some(_) => Err(Refused::because("a field stands twice")),
    }
}

fn predefined(name: &str) -> Result<char, Refused> {
    match name {
        "lt" => Ok('<'),
        "gt" => Ok('>'),
        "amp" => Ok('&'),
        "apos" => Ok('\''),
        "quot" => Ok('"'),
        _ => Err(Refused::because("unknown entity")),
    }
}

/// Before any parsing: outside of CDATA nothing may begin with `<!`, so there is no DTD and no entity to declare.
fn refuse_declarations(text: &str) -> Result<(), Refused> {
    let mut rest = text;
    while let Some((_, after)) = rest.split_once("<!") {
        let inside = after.strip_prefix("[CDATA[").ok_or(Refused::because("a DTD"))?;
        rest = inside.split_once("]]>").ok_or(Refused::because("broken XML"))?.1;
    }
    Ok(())
}

fn read_json(text: &str) -> Result<Fields, Refused> {
    if json_depth(text) > DEPTH_LIMIT {
        return Err(Refused::because("too deep"));
    }
    serde_json::from_str(text).map(|Object(fields)| fields).map_err(|_| Refused::because("broken JSON"))
}

/// The deepest nesting, counted before a parser sees the text; brackets in strings do not count.
fn json_depth(text: &str) -> usize {
    let (mut depth, mut deepest, mut in_string, mut escaped) = (0_usize, 0, false, false);
    for byte in text.bytes() {
        match byte {
            _ if escaped => escaped = false,
            b'\\' if in_string => escaped = true,
            b'"' => in_string = !in_string,
            b'{' | b'[' if !in_string => depth += 1,
            b'}' | b']' if !in_string => depth = depth.saturating_sub(1),
            _ => {}
        }
        deepest = deepest.max(depth);
    }
    deepest
}

/// A JSON object whose keys stand once; texts and numbers are kept, as texts.
struct Object(Fields);

impl<'de> Deserialize<'de> for Object {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct TopLevel;

        impl<'de> Visitor<'de> for TopLevel {
            type Value = Object;

            fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.write_str("an object")
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object, A::Error> {
                let mut fields = Fields::new();
                while let Some((name, value)) = map.next_entry::<String, serde_json::Value>()? {
                    let text = match value {
                        serde_json::Value::String(text) => text,
                        serde_json::Value::Number(number) => number.to_string(),
                        _ => continue,
                    };
                    // WeChat's own example of its authorization events has a space in front of three names.
                    keep(&mut fields, name.trim().to_owned(), text)
                        .map_err(|refused| A::Error::custom(refused.reason))?;
                }
                Ok(Object(fields))
            }
        }

        deserializer.deserialize_map(TopLevel)
    }
}
