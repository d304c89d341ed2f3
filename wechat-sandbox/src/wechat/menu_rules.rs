//! What a menu must be like, and the errcode of each rule.
//!
//! Order of the checks, the errcodes of what a mini program, a picture or an article lacks, and what counts as a bad
//! `url` domain are not documented: here a link must be an absolute `http` or `https` URL.

use reqwest::Url;
use serde::Deserialize;
use serde_json::Value;

use crate::state::{Action, Button, Entry};

/// Buttons at the top.
const BUTTONS: usize = 3;
/// Entries in the list under a button.
const ENTRIES: usize = 5;
/// The longest key, in bytes.
const KEY: usize = 128;
/// The longest link, in bytes.
const LINK: usize = 1024;
/// The errcode of a body that is JSON, but nothing like a menu inside.
const FORMAT: i64 = 47001;

/// What differs between the two levels.
struct Level {
    /// The longest name, in bytes. The phone shows less and writes `...`.
    name_bytes: usize,
    wrong_type: i64,
    wrong_name: i64,
    wrong_key: i64,
    wrong_link: i64,
    wrong_domain: i64,
}

const TOP: Level = Level {
    name_bytes: 16,
    wrong_type: 40017,
    wrong_name: 40018,
    wrong_key: 40019,
    wrong_link: 40020,
    wrong_domain: 40055,
};
const SUB: Level = Level {
    name_bytes: 60,
    wrong_type: 40024,
    wrong_name: 40025,
    wrong_key: 40026,
    wrong_link: 40027,
    wrong_domain: 40054,
};
/// The errcode of a wrong number of buttons, or of none.
const WRONG_BUTTONS: i64 = 40016;
/// The errcode of a list within a list.
const WRONG_LEVEL: i64 = 40022;
/// The errcode of a wrong number of entries under a button.
const WRONG_ENTRIES: i64 = 40023;

/// A button as it is given: a field that is null counts as absent, one that has no meaning is ignored.
#[derive(Deserialize)]
struct Given {
    #[serde(rename = "type")]
    kind: Option<String>,
    name: Option<String>,
    key: Option<String>,
    url: Option<String>,
    appid: Option<String>,
    pagepath: Option<String>,
    media_id: Option<String>,
    article_id: Option<String>,
    sub_button: Option<Vec<Given>>,
}

impl Given {
    fn sub_buttons(&self) -> &[Self] {
        self.sub_button.as_deref().unwrap_or_default()
    }
}

/// Reads the body of a `menu/create`; else the errcode.
///
/// # Errors
/// The first rule that is broken, in the order of the buttons.
pub(super) fn check(body: &Value) -> Result<Vec<Button>, i64> {
    let list = body.get("button").filter(|list| list.is_array()).ok_or(WRONG_BUTTONS)?;
    let given: Vec<Given> = Vec::deserialize(list).map_err(|_| FORMAT)?;
    if given.is_empty() || given.len() > BUTTONS {
        return Err(WRONG_BUTTONS);
    }
    given.iter().map(button).collect()
}

fn button(given: &Given) -> Result<Button, i64> {
    let sub_buttons = given.sub_buttons();
    if sub_buttons.is_empty() {
        return entry(given, &TOP).map(Button::Entry);
    }
    let name = name(given, &TOP)?;
    if sub_buttons.len() > ENTRIES {
        return Err(WRONG_ENTRIES);
    }
    let entries = sub_buttons.iter().map(|given| entry(given, &SUB)).collect::<Result<_, _>>()?;
    Ok(Button::Group { name, entries })
}

fn entry(given: &Given, level: &Level) -> Result<Entry, i64> {
    if !given.sub_buttons().is_empty() {
        return Err(WRONG_LEVEL);
    }
    Ok(Entry { name: name(given, level)?, action: action(given, level)? })
}

fn name(given: &Given, level: &Level) -> Result<String, i64> {
    text(given.name.as_deref(), level.name_bytes, level.wrong_name)
}

fn action(given: &Given, level: &Level) -> Result<Action, i64> {
    let key = || text(given.key.as_deref(), KEY, level.wrong_key);
    let link = || {
        let url = text(given.url.as_deref(), LINK, level.wrong_link)?;
        if is_web_link(&url) { Ok(url) } else { Err(level.wrong_domain) }
    };
    let other = |value: &Option<String>, missing| text(value.as_deref(), LINK, missing);
    Ok(match given.kind.as_deref().unwrap_or_default() {
        "click" => Action::Click { key: key()? },
        "view" => Action::View { url: link()? },
        "miniprogram" => Action::Miniprogram {
            url: link()?,
            appid: other(&given.appid, 40013)?,
            pagepath: other(&given.pagepath, 40035)?,
        },
        "scancode_push" => Action::ScancodePush { key: key()? },
        "scancode_waitmsg" => Action::ScancodeWaitmsg { key: key()? },
        "pic_sysphoto" => Action::PicSysphoto { key: key()? },
        "pic_photo_or_album" => Action::PicPhotoOrAlbum { key: key()? },
        "pic_weixin" => Action::PicWeixin { key: key()? },
        "location_select" => Action::LocationSelect { key: key()? },
        "media_id" => Action::MediaId { media_id: other(&given.media_id, 40007)? },
        "article_id" => Action::ArticleId { article_id: other(&given.article_id, 53600)? },
        "article_view_limited" => Action::ArticleViewLimited { article_id: other(&given.article_id, 53600)? },
        _ => return Err(level.wrong_type),
    })
}

/// A text of 1 to `longest` bytes, else the errcode.
fn text(given: Option<&str>, longest: usize, wrong: i64) -> Result<String, i64> {
    given.filter(|text| (1..=longest).contains(&text.len())).map(str::to_owned).ok_or(wrong)
}

fn is_web_link(link: &str) -> bool {
    Url::parse(link).is_ok_and(|url| ["http", "https"].contains(&url.scheme()) && url.has_host())
}

#[cfg(test)]
#[path = "menu_rules_tests.rs"]
mod tests;
