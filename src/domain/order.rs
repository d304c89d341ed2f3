//! Orders of notifications: what a backend asks for, and those of its rules for which no row has to be looked at.

use std::collections::{BTreeMap, HashSet};
use std::time::Duration;

use super::clock::Millis;
use super::notification::{Audience, Channel, EVERYBODY, Priority};

/// How far ahead something may be ordered.
const FARTHEST: Duration = Duration::from_hours(90 * 24);
/// Fields of a message for inboxes.
const MOST_FIELDS: usize = 20;
/// Characters of a field's name.
const LONGEST_NAME: usize = 32;
/// Characters of a field's text in an inbox.
const LONGEST_TEXT: usize = 2_000;
/// Characters of a template's id or word, and of an openid.
const LONGEST_WORD: usize = 64;

/// An order as it was sent, in our own types.
#[derive(Clone, Debug)]
pub struct Draft {
    /// How it reaches people.
    pub channel: Channel,
    /// WeChat's id of the template; for inboxes a word for the client, if any.
    pub template: Option<String>,
    /// The fields, each a text.
    pub data: BTreeMap<String, String>,
    /// What a tap opens.
    pub url: Option<String>,
    /// Who is told.
    pub audience: Audience,
    /// What goes first.
    pub priority: Priority,
    /// Not before.
    pub send_at: Option<Millis>,
    /// Not after.
    pub expires_at: Option<Millis>,
}

/// A rule that an order breaks.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{field}: {rule}")]
pub struct BrokenRule {
    /// Which field, as the request names it.
    pub field: String,
    /// What it must be.
    pub rule: String,
}

fn broken<T>(field: impl Into<String>, rule: impl Into<String>) -> Result<T, BrokenRule> {
    Err(BrokenRule { field: field.into(), rule: rule.into() })
}

impl Draft {
    /// Checks everything but what needs rows or WeChat: whether template, link and people are there.
    ///
    /// # Errors
    /// The first rule that is broken.
    pub fn check(&self, now: Millis, named_recipients: usize) -> Result<(), BrokenRule> {
        self.check_template()?;
        if self.channel != Channel::Wechat {
            self.check_inbox_data()?;
        }
        self.check_times(now)?;
        self.check_audience(named_recipients)
    }

    fn check_template(&self) -> Result<(), BrokenRule> {
        match &self.template {
            None if self.channel == Channel::Wechat => {
                broken("template", "is missing; it is the id of one of the account's templates")
            }
            Some(word) if !is_word(word) => {
                broken("template", format!("must have 1 to {LONGEST_WORD} characters without line breaks"))
            }
            _ => Ok(()),
        }
    }

    fn check_inbox_data(&self) -> Result<(), BrokenRule> {
        if !(1..=MOST_FIELDS).contains(&self.data.len()) {
            return broken("data", format!("must have 1 to {MOST_FIELDS} fields"));
        }
        for (name, text) in &self.data {
            let letters = name.bytes().all(|b| matches!(b, b'a'..=b'z' | b'0'..=b'9' | b'_'));
            if !letters || !(1..=LONGEST_NAME).contains(&name.len()) {
                let rule = format!(
                    "a field's name has 1 to {LONGEST_NAME} lowercase letters, digits and underscores"
                );
                return broken("data", rule);
            }
            let count = text.chars().take(LONGEST_TEXT + 1).count();
            if !(1..=LONGEST_TEXT).contains(&count) {
                return broken(format!("data.{name}"), format!("must have 1 to {LONGEST_TEXT} characters"));
            }
            if text.contains(|c: char| c.is_control() && !matches!(c, '\n' | '\r' | '\t')) {
                return broken(format!("data.{name}"), "must be text without control characters");
            }
        }
        Ok(())
    }

    fn check_times(&self, now: Millis) -> Result<(), BrokenRule> {
        if self.send_at.is_some_and(|at| at > now.plus(FARTHEST)) {
            return broken("send_at", "must be within 90 days");
        }
        if self.expires_at.is_some_and(|end| end <= now) {
            return broken("expires_at", "must be in the future");
        }
        match (self.send_at, self.expires_at) {
            (Some(at), Some(end)) if end <= at => broken("expires_at", "must be later than send_at"),
            _ => Ok(()),
        }
    }

    fn check_audience(&self, named_recipients: usize) -> Result<(), BrokenRule> {
        let wechat = self.channel == Channel::Wechat;
        match &self.audience {
            Audience::Users(ids) => check_list("users", ids, named_recipients),
            Audience::Openids(_) | Audience::Followers(_) if !wechat => {
                broken("audience", "followers and openids are for the channel wechat")
            }
            Audience::Members(_) if wechat => {
                broken("audience", "members are reached by station_message, approval and fill_in")
            }
            Audience::Openids(openids) => {
                check_list("openids", openids, named_recipients)?;
                let letters = |c: u8| c.is_ascii_alphanumeric() || matches!(c, b'_' | b'-');
                match openids.iter().position(|openid| !is_word(openid) || !openid.bytes().all(letters)) {
                    Some(place) => broken(format!("audience.openids[{place}]"), "must be an openid"),
                    None => Ok(()),
                }
            }
            Audience::All(false) => broken("audience.all", "must be true"),
            Audience::Followers(word) if word != EVERYBODY => {
                broken("audience.followers", format!("must be {EVERYBODY:?}"))
            }
            Audience::Members(word) if word != EVERYBODY => {
                broken("audience.members", format!("must be {EVERYBODY:?}"))
            }
            Audience::Role(_)
            | Audience::Department(_)
            | Audience::All(true)
            | Audience::Followers(_)
            | Audience::Members(_) => Ok(()),
        }
    }
}

/// Something short on one line.
fn is_word(text: &str) -> bool {
    (1..=LONGEST_WORD).contains(&text.chars().take(LONGEST_WORD + 1).count())
        && !text.contains(char::is_control)
}

/// People who are named one by one: somebody, not too many, nobody twice.
fn check_list(name: &str, all: &[String], most: usize) -> Result<(), BrokenRule> {
    if all.is_empty() {
        return broken("audience", "there is nobody in it");
    }
    if all.len() > most {
        return broken(format!("audience.{name}"), format!("at most {most} can be named in one order"));
    }
    let mut seen = HashSet::new();
    match all.iter().position(|one| !seen.insert(one)) {
        Some(place) => broken(format!("audience.{name}[{place}]"), "stands twice"),
        None => Ok(()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: Millis = Millis(1_000_000);

    fn draft(channel: Channel) -> Draft {
        Draft {
            channel,
            template: (channel == Channel::Wechat).then(|| "TEMPLATE".into()),
            data: BTreeMap::from([("title".into(), "Order 42".into())]),
            url: None,
            audience: Audience::All(true),
            priority: Priority::Normal,
            send_at: None,
            expires_at: None,
        }
    }

    fn field(draft: &Draft) -> String {
        draft.check(NOW, 3).map_or_else(|broken| broken.field, |()| "none".into())
    }

    #[test]
    fn an_order_that_keeps_all_rules_passes() {
        for channel in Channel::ALL {
            assert_eq!(field(&draft(channel)), "none");
        }
        let later = Draft {
            send_at: Some(NOW.plus(FARTHEST)),
            expires_at: Some(NOW.plus(FARTHEST).plus(Duration::from_millis(1))),
            ..draft(Channel::Wechat)
        };
        assert_eq!(field(&later), "none");
        let past = Draft { send_at: Some(Millis(0)), ..draft(Channel::Wechat) };
        assert_eq!(field(&past), "none", "what should have been sent is sent at once");
    }

    #[test]
    fn times_have_an_order() {
        let with = |send_at: Option<i64>, expires_at: Option<i64>| {
            let time = |at: Option<i64>| at.map(|at| Millis(NOW.0 + at));
            field(&Draft { send_at: time(send_at), expires_at: time(expires_at), ..draft(Channel::Wechat) })
        };
        assert_eq!(with(Some(90 * 86_400_000 + 1), None), "send_at");
        assert_eq!(with(None, Some(0)), "expires_at");
        assert_eq!(with(Some(5), Some(5)), "expires_at");
        assert_eq!(with(Some(5), Some(6)), "none");
    }

    #[test]
    fn each_channel_has_its_audiences() {
        use Channel::{Approval, Wechat};
        let with = |channel, audience| field(&Draft { audience, ..draft(channel) });
        let names = |names: &[&str]| names.iter().map(|&name| name.to_owned()).collect::<Vec<_>>();
        for (channel, audience, wrong) in [
            (Wechat, Audience::Users(vec![]), "audience"),
            (Wechat, Audience::Users(names(&["a", "b", "c", "d"])), "audience.users"),
            (Wechat, Audience::Users(names(&["a", "b", "a"])), "audience.users[2]"),
            (Wechat, Audience::Openids(names(&["oA1_-", "o b"])), "audience.openids[1]"),
            (Wechat, Audience::Openids(names(&[""])), "audience.openids[0]"),
            (Wechat, Audience::All(false), "audience.all"),
            (Wechat, Audience::Followers("some".into()), "audience.followers"),
            (Wechat, Audience::Followers("all".into()), "none"),
            (Wechat, Audience::Members("all".into()), "audience"),
            (Approval, Audience::Members("all".into()), "none"),
            (Approval, Audience::Members("some".into()), "audience.members"),
            (Approval, Audience::Followers("all".into()), "audience"),
            (Approval, Audience::Openids(names(&["oA"])), "audience"),
        ] {
            assert_eq!(with(channel, audience.clone()), wrong, "{channel:?} {audience:?}");
        }
    }

    #[test]
    fn what_goes_into_inboxes_is_short_text_under_plain_names() {
        let with = |name: &str, text: &str| {
            let data = BTreeMap::from([(name.to_owned(), text.to_owned())]);
            field(&Draft { data, ..draft(Channel::FillIn) })
        };
        assert_eq!(with("a_1", &"字".repeat(LONGEST_TEXT)), "none");
        assert_eq!(with("a_1", &"字".repeat(LONGEST_TEXT + 1)), "data.a_1");
        assert_eq!(with("a", ""), "data.a");
        assert_eq!(with("a", "one\ntwo"), "none");
        assert_eq!(with("a", "\u{0}"), "data.a");
        for name in ["", "Title", "a-b", "字", &"a".repeat(33)] {
            assert_eq!(with(name, "x"), "data", "{name}");
        }
        let fields = |count: usize| (0..count).map(|n| (format!("f{n}"), "x".to_owned())).collect();
        assert_eq!(field(&Draft { data: fields(20), ..draft(Channel::FillIn) }), "none");
        assert_eq!(field(&Draft { data: fields(21), ..draft(Channel::FillIn) }), "data");
        assert_eq!(field(&Draft { data: fields(0), ..draft(Channel::FillIn) }), "data");
    }

    #[test]
    fn a_template_is_needed_for_wechat_only() {
        let with = |channel, template: Option<&str>| {
            field(&Draft { template: template.map(Into::into), ..draft(channel) })
        };
        assert_eq!(with(Channel::Wechat, None), "template");
        assert_eq!(with(Channel::Wechat, Some("")), "template");
        assert_eq!(with(Channel::Approval, None), "none");
        assert_eq!(with(Channel::Approval, Some(&"x".repeat(65))), "template");
    }
}
