//! The templates of a registration, in the ways in which they may be written.

use serde::Deserialize;

use super::problem::Problem;
use crate::state::{TEMPLATES_IN_USE, Template};

/// What a template without content holds.
const DEFAULT_CONTENT: &str = "{{thing1.DATA}}";

/// A template: as WeChat lists it, with its fields in the place of content, or only its id.
#[derive(Deserialize)]
#[serde(
    untagged,
    expecting = "a template is an id, or an object with template_id, title, and content or fields"
)]
pub(super) enum TemplateGiven {
    Id(String),
    Described(Box<Described>),
}

#[derive(Deserialize)]
pub(super) struct Described {
    template_id: String,
    title: Option<String>,
    content: Option<String>,
    example: Option<String>,
    fields: Option<Vec<FieldGiven>>,
    primary_industry: Option<String>,
    deputy_industry: Option<String>,
}

#[derive(Deserialize)]
#[serde(untagged, expecting = "a field is a key such as thing1, or an object with name and perhaps label")]
enum FieldGiven {
    Key(String),
    Described { name: String, label: Option<String> },
}

impl FieldGiven {
    /// The line of the content that is about this field.
    fn line(&self) -> String {
        let (key, label) = match self {
            Self::Key(key) => (key, key),
            Self::Described { name, label } => (name, label.as_ref().unwrap_or(name)),
        };
        format!("{label}:{{{{{key}.DATA}}}}\n")
    }
}

impl TemplateGiven {
    fn template(self) -> Template {
        let described = match self {
            Self::Described(described) => *described,
            Self::Id(template_id) => Described {
                template_id,
                title: None,
                content: None,
                example: None,
                fields: None,
                primary_industry: None,
                deputy_industry: None,
            },
        };
        let content = described.content.or_else(|| {
            let fields = described.fields.filter(|fields| !fields.is_empty())?;
            Some(fields.iter().map(FieldGiven::line).collect())
        });
        Template {
            title: described.title.unwrap_or_else(|| described.template_id.clone()),
            template_id: described.template_id,
            primary_industry: described.primary_industry.unwrap_or_else(|| "IT科技".to_owned()),
            deputy_industry: described.deputy_industry.unwrap_or_else(|| "互联网|电子商务".to_owned()),
            content: content.unwrap_or_else(|| DEFAULT_CONTENT.to_owned()),
            example: described.example.unwrap_or_default(),
        }
    }
}

/// The templates as they will be listed.
///
/// # Errors
/// There are too many, one has no id, or two have the same.
pub(super) fn read(given: Vec<TemplateGiven>) -> Result<Vec<Template>, Problem> {
    if given.len() > TEMPLATES_IN_USE {
        return Err(Problem::unfit(format!("an account has at most {TEMPLATES_IN_USE} templates in use")));
    }
    let templates: Vec<_> = given.into_iter().map(TemplateGiven::template).collect();
    for (index, template) in templates.iter().enumerate() {
        let id = &template.template_id;
        if id.is_empty() || templates[..index].iter().any(|other| other.template_id == *id) {
            return Err(Problem::unfit(format!("template_id {id:?} is empty, or given twice")));
        }
    }
    Ok(templates)
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn template(given: Value) -> Template {
        serde_json::from_value::<TemplateGiven>(given).expect("a template").template()
    }

    #[test]
    fn a_template_may_be_written_in_several_ways() {
        let id = template(json!("t1"));
        assert_eq!((id.title.as_str(), id.content.as_str()), ("t1", "{{thing1.DATA}}"));
        let listed = template(json!({
            "template_id": "t1", "title": "订单", "content": "单号:{{character_string1.DATA}}", "example": "单号:1",
            "more": true,
        }));
        assert_eq!((listed.title.as_str(), listed.example.as_str()), ("订单", "单号:1"));
        assert_eq!(listed.keys().collect::<Vec<_>>(), ["character_string1"]);
        let fields = template(json!({
            "template_id": "t1", "title": "订单", "fields": [{"name": "thing1", "label": "商品"}, "time2"],
        }));
        assert_eq!(fields.content, "商品:{{thing1.DATA}}\ntime2:{{time2.DATA}}\n");
    }

    #[test]
    fn ids_are_there_and_differ() {
        let read =
            |given: Value| read(serde_json::from_value(given).expect("templates")).map(|all| all.len());
        assert_eq!(read(json!(["a", "b"])).ok(), Some(2));
        assert!(read(json!(["a", "a"])).is_err() && read(json!([""])).is_err());
        let many: Vec<_> = (0..26).map(|number| number.to_string()).collect();
        assert!(read(json!(many[..25])).is_ok() && read(json!(many)).is_err());
    }
}
