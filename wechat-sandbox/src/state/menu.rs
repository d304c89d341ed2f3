//! The custom menus (自定义菜单) of the accounts.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// What stands before the first menu's number: WeChat's have nine digits.
const BEFORE_FIRST: u64 = 430_000_000;

/// What tapping an entry does.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case")]
pub(crate) enum Action {
    /// The server is told the key.
    Click { key: String },
    /// A page opens.
    View { url: String },
    /// A mini program opens; its `url` is for clients that know none.
    Miniprogram { url: String, appid: String, pagepath: String },
    /// The scanner opens; the result is shown.
    ScancodePush { key: String },
    /// The scanner opens; the result goes to the server only.
    ScancodeWaitmsg { key: String },
    /// The camera opens.
    PicSysphoto { key: String },
    /// The camera or the album opens.
    PicPhotoOrAlbum { key: String },
    /// WeChat's album opens.
    PicWeixin { key: String },
    /// The map opens.
    LocationSelect { key: String },
    /// The account sends a picture, a sound, a film or a text.
    MediaId { media_id: String },
    /// The account sends an article.
    ArticleId { article_id: String },
    /// An article opens.
    ArticleViewLimited { article_id: String },
}

/// An entry that can be tapped.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Entry {
    pub(crate) name: String,
    #[serde(flatten)]
    pub(crate) action: Action,
}

/// A button at the top.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Button {
    /// It can be tapped itself.
    Entry(Entry),
    /// It opens a list of entries.
    Group { name: String, entries: Vec<Entry> },
}

impl Button {
    /// What can be tapped: itself, or what is in its list.
    pub(crate) fn entries(&self) -> &[Entry] {
        match self {
            Self::Entry(entry) => std::slice::from_ref(entry),
            Self::Group { entries, .. } => entries,
        }
    }
}

/// The menu of one account.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Menu {
    /// The number by which events name it.
    pub(crate) id: u64,
    pub(crate) buttons: Vec<Button>,
}

impl Menu {
    /// The entry at this place among all that can be tapped, from 0.
    pub(crate) fn entry(&self, index: usize) -> Option<&Entry> {
        self.buttons.iter().flat_map(Button::entries).nth(index)
    }

    /// The entry at this place of the list under a button, both from 0.
    pub(crate) fn entry_under(&self, button: usize, index: usize) -> Option<&Entry> {
        match self.buttons.get(button)? {
            Button::Entry(_) => None,
            Button::Group { entries, .. } => entries.get(index),
        }
    }
}

/// The menus, by appid.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Menus {
    by_appid: BTreeMap<String, Menu>,
    /// How many there have ever been.
    made: u64,
}

impl Menus {
    /// The account's menu.
    pub(crate) fn get(&self, appid: &str) -> Option<&Menu> {
        self.by_appid.get(appid)
    }

    pub(super) fn create(&mut self, appid: String, buttons: Vec<Button>) {
        self.made += 1;
        self.by_appid.insert(appid, Menu { id: BEFORE_FIRST + self.made, buttons });
    }

    pub(super) fn delete(&mut self, appid: &str) {
        self.by_appid.remove(appid);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(name: &str) -> Entry {
        Entry { name: name.to_owned(), action: Action::Click { key: name.to_owned() } }
    }

    fn menu() -> Menu {
        let group = Button::Group { name: "group".to_owned(), entries: vec![entry("b"), entry("c")] };
        Menu { id: 1, buttons: vec![Button::Entry(entry("a")), group, Button::Entry(entry("d"))] }
    }

    fn name(entry: Option<&Entry>) -> &str {
        entry.map_or("", |entry| &entry.name)
    }

    #[test]
    fn entries_are_counted_through_all_buttons() {
        let menu = menu();
        let names: Vec<_> = (0..5).map(|index| name(menu.entry(index))).collect();
        assert_eq!(names, ["a", "b", "c", "d", ""]);
    }

    #[test]
    fn entries_are_found_under_their_button() {
        let menu = menu();
        for ((button, index), expected) in
            [((1, 0), "b"), ((1, 1), "c"), ((1, 2), ""), ((0, 0), ""), ((3, 0), "")]
        {
            assert_eq!(name(menu.entry_under(button, index)), expected, "{button} {index}");
        }
    }

    #[test]
    fn every_menu_has_a_number_of_its_own() {
        let mut menus = Menus::default();
        menus.create("wx1".to_owned(), menu().buttons);
        menus.create("wx2".to_owned(), menu().buttons);
        menus.delete("wx2");
        menus.create("wx2".to_owned(), menu().buttons);
        let id = |appid| menus.get(appid).map(|menu| menu.id);
        assert_eq!((id("wx1"), id("wx2")), (Some(430_000_001), Some(430_000_003)));
    }

    #[test]
    fn a_menu_outlives_its_writing() {
        let mut menus = Menus::default();
        menus.create("wx1".to_owned(), menu().buttons);
        let json = serde_json::to_string(&menus).expect("serializes");
        let again: Menus = serde_json::from_str(&json).expect("reads");
        assert_eq!(again.get("wx1"), menus.get("wx1"));
    }
}
