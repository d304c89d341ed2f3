//! The message templates in use (模板消息), and the values that they take.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The most templates that an account may have in use.
pub(crate) const TEMPLATES_IN_USE: usize = 25;

/// A message template, as WeChat lists it.
#[expect(clippy::struct_field_names, reason = "WeChat's own names")]
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Template {
    pub(crate) template_id: String,
    pub(crate) title: String,
    pub(crate) primary_industry: String,
    pub(crate) deputy_industry: String,
    /// Lines of text with `{{key.DATA}}` where a value goes.
    pub(crate) content: String,
    /// The content with values, for people to look at.
    pub(crate) example: String,
}

/// A part of a template's content.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Part<'a> {
    /// Text that is the same in every message.
    Text(&'a str),
    /// The place of the value with this key.
    Value(&'a str),
}

impl Template {
    /// The content, taken apart in its order.
    pub(crate) fn parts(&self) -> Vec<Part<'_>> {
        let mut parts = Vec::new();
        let mut rest = self.content.as_str();
        while let Some((before, after)) = rest.split_once("{{") {
            let Some((key, after)) = after.split_once(".DATA}}") else { break };
            if !before.is_empty() {
                parts.push(Part::Text(before));
            }
            parts.push(Part::Value(key.trim()));
            rest = after;
        }
        if !rest.is_empty() {
            parts.push(Part::Text(rest));
        }
        parts
    }

    /// The keys of the values that a message of this template must have.
    pub(crate) fn keys(&self) -> impl Iterator<Item = &str> {
        self.parts().into_iter().filter_map(|part| match part {
            Part::Value(key) => Some(key),
            Part::Text(_) => None,
        })
    }
}

/// The templates of all accounts.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(crate) struct Templates(BTreeMap<String, Vec<Template>>);

impl Templates {
    /// Those of one account, in the order in which they came.
    pub(crate) fn of(&self, appid: &str) -> &[Template] {
        self.0.get(appid).map(Vec::as_slice).unwrap_or_default()
    }

    /// The account's template with this id.
    pub(crate) fn get(&self, appid: &str, template_id: &str) -> Option<&Template> {
        self.of(appid).iter().find(|template| template.template_id == template_id)
    }

    pub(super) fn set(&mut self, appid: String, templates: Vec<Template>) {
        self.0.insert(appid, templates);
    }

    pub(super) fn add(&mut self, appid: String, template: Template) {
        self.0.entry(appid).or_default().push(template);
    }

    pub(super) fn remove(&mut self, appid: &str, template_id: &str) {
        if let Some(templates) = self.0.get_mut(appid) {
            templates.retain(|template| template.template_id != template_id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn template(content: &str) -> Template {
        Template { content: content.to_owned(), ..Template::default() }
    }

    #[test]
    fn content_is_text_and_places_for_values() {
        let order = template("单号:{{character_string1.DATA}}\n时间:{{time2.DATA}}\n");
        assert_eq!(
            order.parts(),
            [
                Part::Text("单号:"),
                Part::Value("character_string1"),
                Part::Text("\n时间:"),
                Part::Value("time2"),
                Part::Text("\n"),
            ]
        );
        assert_eq!(order.keys().collect::<Vec<_>>(), ["character_string1", "time2"]);
    }

    #[test]
    fn braces_without_an_end_are_text() {
        for content in ["", "plain", "{{", "a {{thing1}} b", "}}.DATA"] {
            assert_eq!(template(content).keys().count(), 0, "{content}");
            let text: String = template(content)
                .parts()
                .iter()
                .map(|part| match part {
                    Part::Text(text) | Part::Value(text) => *text,
                })
                .collect();
            assert_eq!(text, content);
        }
    }
}
