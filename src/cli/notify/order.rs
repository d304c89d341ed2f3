//! What is ordered, read from the options.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

use super::UsageError;

/// What is ordered
#[derive(clap::Args)]
pub(super) struct Wanted {
    /// How it reaches people: wechat, or an inbox
    #[arg(long, default_value = "wechat", value_parser = ["wechat", "station_message", "approval", "fill_in"])]
    channel: String,
    /// WeChat's id of the template; for inboxes a word for the client
    #[arg(long, value_name = "TEMPLATE")]
    template: Option<String>,
    /// A field of the message; once for each, or all at once as a JSON object
    #[arg(long, value_name = "NAME=VALUE")]
    data: Vec<String>,
    /// What a tap opens
    #[arg(long, value_name = "URL")]
    link: Option<String>,
    /// Who: all, followers, members, role:ID, department:ID, users:ID,ID,… or openids:ID,ID,…
    #[arg(long, value_name = "AUDIENCE")]
    audience: Option<String>,
    /// What goes first
    #[arg(long, default_value = "normal", value_parser = ["urgent", "normal", "bulk"])]
    priority: String,
    /// Not before, such as 2026-11-22T18:00:00+08:00
    #[arg(long, value_name = "TIME")]
    send_at: Option<String>,
    /// Not after
    #[arg(long, value_name = "TIME")]
    expires_at: Option<String>,
}

impl Wanted {
    /// Whether neither template, nor fields, nor audience are given.
    pub(super) fn says_nothing(&self) -> bool {
        self.template.is_none() && self.data.is_empty() && self.audience.is_none()
    }

    /// The body of an order to an audience.
    pub(super) fn body(&self, audience: &Value) -> Result<Value, UsageError> {
        self.body_with(audience, BTreeMap::new())
    }

    /// The same, with fields that stand above those of the options.
    pub(super) fn body_with(
        &self,
        audience: &Value,
        above: BTreeMap<String, String>,
    ) -> Result<Value, UsageError> {
        let mut data = fields(&self.data)?;
        data.extend(above);
        let mut body = json!({
            "channel": self.channel, "data": data, "audience": audience, "priority": self.priority,
        });
        let more = [
            ("template", &self.template),
            ("url", &self.link),
            ("send_at", &self.send_at),
            ("expires_at", &self.expires_at),
        ];
        for (name, value) in more {
            if let Some(value) = value {
                body[name] = json!(value);
            }
        }
        Ok(body)
    }

    /// Who is told.
    pub(super) fn audience(&self) -> Result<Value, UsageError> {
        let text = self.audience.as_deref();
        let text =
            text.ok_or_else(|| UsageError("--audience: say who is told, or name them in a --file".into()))?;
        read_audience(text)
    }
}

fn read_audience(text: &str) -> Result<Value, UsageError> {
    let wrong = || {
        UsageError(
            "--audience: must be all, followers, members, role:ID, department:ID, users:ID,ID,… or openids:ID,ID,…"
                .into(),
        )
    };
    match text {
        "all" => return Ok(json!({"all": true})),
        "followers" | "members" => return Ok(json!({text: "all"})),
        _ => {}
    }
    let (key, value) = text.split_once(':').ok_or_else(wrong)?;
    let value = value.trim();
    match key {
        "role" | "department" if !value.is_empty() => Ok(json!({key: value})),
        "users" | "openids" => {
            let ids: Vec<&str> = value.split(',').map(str::trim).filter(|id| !id.is_empty()).collect();
            if ids.is_empty() { Err(wrong()) } else { Ok(json!({key: ids})) }
        }
        _ => Err(wrong()),
    }
}

fn fields(given: &[String]) -> Result<BTreeMap<String, String>, UsageError> {
    let mut all = BTreeMap::new();
    for one in given {
        if one.trim_start().starts_with('{') {
            let read: Map<String, Value> = serde_json::from_str(one)
                .map_err(|error| UsageError(format!("--data: is no JSON object ({error})")))?;
            for (name, value) in read {
                let Value::String(text) = value else {
                    return Err(UsageError(format!("--data: {name} must be a text in quotes")));
                };
                all.insert(name, text);
            }
        } else {
            let pair = one.split_once('=').filter(|(name, _)| !name.is_empty());
            let (name, text) = pair.ok_or_else(|| {
                UsageError(format!("--data: must be NAME=VALUE or a JSON object, not {one:?}"))
            })?;
            all.insert(name.to_owned(), text.to_owned());
        }
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn audiences_are_short_words() {
        for (text, audience) in [
            ("all", json!({"all": true})),
            ("followers", json!({"followers": "all"})),
            ("members", json!({"members": "all"})),
            ("role:rol_1", json!({"role": "rol_1"})),
            ("department: Sales", json!({"department": "Sales"})),
            ("users:usr_1, usr_2,", json!({"users": ["usr_1", "usr_2"]})),
            ("openids:oA", json!({"openids": ["oA"]})),
        ] {
            assert_eq!(read_audience(text).unwrap(), audience, "{text}");
        }
        for text in ["", "everybody", "users", "users:", "users: ,", "role:", "all:true"] {
            assert!(read_audience(text).is_err(), "{text}");
        }
    }

    #[test]
    fn fields_are_pairs_or_json_and_the_last_one_counts() {
        let read = |given: &[&str]| fields(&given.iter().map(|&one| one.to_owned()).collect::<Vec<_>>());
        let all = read(&[r#"{"thing1": "a", "time2": "b"}"#, "thing1=x=y", "note="]).unwrap();
        let texts: Vec<_> = all.iter().map(|(name, text)| format!("{name}:{text}")).collect();
        assert_eq!(texts, ["note:", "thing1:x=y", "time2:b"]);
        for wrong in ["thing1", "=x", r#"{"thing1": 7}"#, "{"] {
            assert!(read(&[wrong]).is_err(), "{wrong}");
        }
    }
}
