//! The service account's menu: its entries, the check against WeChat's limits, and entries that name a portal.

use std::collections::BTreeMap;

pub use super::menu_rule::{
    ENTRIES_LIMIT, MenuError, MenuRule, NAME_LIMIT, SUB_ENTRIES_LIMIT, SUB_NAME_LIMIT,
};
use super::menu_rule::{FIELD_LIMITS, TYPES};

/// A menu as WeChat has it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Menu {
    /// From left to right.
    pub entries: Vec<MenuEntry>,
}

/// One entry: it acts, or it holds entries; [`Menu::check`] refuses what is neither or both.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MenuEntry {
    /// What people read.
    pub name: String,
    /// What a tap does.
    pub action: Option<MenuAction>,
    /// What a tap opens, from the top down.
    pub entries: Vec<MenuEntry>,
}

/// What a tap does, in WeChat's own words, so that a menu made elsewhere reads back whole.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MenuAction {
    /// WeChat's `type`: `view`, `click`, `miniprogram`, …; empty when there are fields and no type.
    pub kind: String,
    /// All that belongs to it: `url`, `key`, `appid`, `pagepath`, `media_id`, `article_id`.
    pub fields: BTreeMap<String, String>,
}

/// A menu as a backend says it: an entry may name a portal.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WantedMenu {
    /// From left to right.
    pub entries: Vec<WantedEntry>,
}

/// One entry as a backend says it; [`WantedMenu::resolve`] refuses what says too much or too little.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WantedEntry {
    /// What people read.
    pub name: String,
    /// The slug of the portal that a tap opens.
    pub portal: Option<String>,
    /// What a tap does, where it opens no portal.
    pub action: Option<MenuAction>,
    /// What a tap opens, from the top down.
    pub entries: Vec<WantedEntry>,
}

impl MenuAction {
    /// Opens a web address.
    pub fn view(url: impl Into<String>) -> Self {
        Self { kind: "view".into(), fields: BTreeMap::from([("url".to_owned(), url.into())]) }
    }

    /// Tells the account's callback the `key`.
    pub fn click(key: impl Into<String>) -> Self {
        Self { kind: "click".into(), fields: BTreeMap::from([("key".to_owned(), key.into())]) }
    }

    /// From a type and fields as they were written; none when neither is there.
    pub fn of(kind: Option<String>, fields: BTreeMap<String, String>) -> Option<Self> {
        match kind {
            None if fields.is_empty() => None,
            kind => Some(Self { kind: kind.unwrap_or_default(), fields }),
        }
    }

    /// The address, where opening one is all it does.
    fn only_link(&self) -> Option<&str> {
        let link = self.fields.get("url").filter(|_| self.kind == "view" && self.fields.len() == 1);
        link.map(String::as_str)
    }
}

impl Menu {
    /// Tests every limit of WeChat's, so that a menu which passes is refused for what only WeChat can know.
    ///
    /// # Errors
    /// The first entry, read from left to right, that breaks a rule.
    pub fn check(&self) -> Result<(), MenuError> {
        let at_menu = |rule| Err(MenuError { place: "button".into(), name: String::new(), rule });
        match self.entries.len() {
            0 => return at_menu(MenuRule::Empty),
            count if count > ENTRIES_LIMIT => {
                return at_menu(MenuRule::TooManyEntries { count, limit: ENTRIES_LIMIT });
            }
            _ => {}
        }
        for (index, entry) in self.entries.iter().enumerate() {
            let place = top_place(index);
            entry.check(NAME_LIMIT).map_err(|rule| MenuError::at(&place, &entry.name, rule))?;
            for (index, inner) in entry.entries.iter().enumerate() {
                let holds = if inner.entries.is_empty() { Ok(()) } else { Err(MenuRule::TooDeep) };
                holds
                    .and_then(|()| inner.check(SUB_NAME_LIMIT))
                    .map_err(|rule| MenuError::at(&sub_place(&place, index), &inner.name, rule))?;
            }
        }
        Ok(())
    }

    /// The menu as a backend would say it: `slug_of` knows which addresses are links of which portals.
    pub fn wanted(&self, slug_of: impl Fn(&str) -> Option<String>) -> WantedMenu {
        WantedMenu { entries: self.entries.iter().map(|entry| entry.wanted(&slug_of)).collect() }
    }
}

impl MenuEntry {
    fn check(&self, name_limit: usize) -> Result<(), MenuRule> {
        check_name(&self.name, name_limit)?;
        match (&self.action, self.entries.len()) {
            (Some(_), 1..) => Err(MenuRule::ActsAndHolds),
            (None, 0) => Err(MenuRule::DoesNothing),
            (None, count) if count > SUB_ENTRIES_LIMIT => {
                Err(MenuRule::TooManyEntries { count, limit: SUB_ENTRIES_LIMIT })
            }
            (None, _) => Ok(()),
            (Some(action), 0) => action.check(),
        }
    }

    fn wanted(&self, slug_of: &impl Fn(&str) -> Option<String>) -> WantedEntry {
        let portal = self.action.as_ref().and_then(MenuAction::only_link).and_then(slug_of);
        WantedEntry {
            name: self.name.clone(),
            action: self.action.clone().filter(|_| portal.is_none()),
            portal,
            entries: self.entries.iter().map(|entry| entry.wanted(slug_of)).collect(),
        }
    }
}

impl MenuAction {
    fn check(&self) -> Result<(), MenuRule> {
        if self.kind.is_empty() {
            return Err(MenuRule::TypeMissing);
        }
        let Some((_, needed)) = TYPES.iter().find(|(kind, _)| *kind == self.kind) else {
            return Err(MenuRule::TypeUnknown { kind: self.kind.clone() });
        };
        for &field in *needed {
            if self.fields.get(field).is_none_or(String::is_empty) {
                return Err(MenuRule::FieldMissing { kind: self.kind.clone(), field });
            }
        }
        for &(field, limit) in FIELD_LIMITS {
            let bytes = self.fields.get(field).map_or(0, String::len);
            if bytes > limit {
                return Err(MenuRule::FieldTooLong { field, bytes, limit });
            }
        }
        for (field, text) in &self.fields {
            if text.contains(char::is_control) {
                return Err(MenuRule::ControlCharacter { field: field.clone() });
            }
        }
        match self.fields.get("url") {
            Some(url) if needed.contains(&"url") && !is_web_address(url) => Err(MenuRule::NotAnAddress),
            _ => Ok(()),
        }
    }
}

impl WantedMenu {
    /// The menu as WeChat takes it: portals become links by `link_of`, and all of it is checked.
    ///
    /// # Errors
    /// The entry that breaks a rule of WeChat's, or names a portal for which `link_of` has no link.
    pub fn resolve(&self, link_of: impl Fn(&str) -> Option<String>) -> Result<Menu, MenuError> {
        let entries = self.entries.iter().enumerate();
        let entries = entries.map(|(index, entry)| entry.resolve(&top_place(index), &link_of));
        let menu = Menu { entries: entries.collect::<Result<_, _>>()? };
        menu.check()?;
        Ok(menu)
    }
}

impl WantedEntry {
    fn resolve(
        &self,
        place: &str,
        link_of: &impl Fn(&str) -> Option<String>,
    ) -> Result<MenuEntry, MenuError> {
        let action = match &self.portal {
            None => self.action.clone(),
            Some(_) if self.action.is_some() || !self.entries.is_empty() => {
                return Err(MenuError::at(place, &self.name, MenuRule::PortalAndMore));
            }
            Some(slug) => Some(MenuAction::view(link_of(slug).ok_or_else(|| {
                MenuError::at(place, &self.name, MenuRule::PortalUnknown { slug: slug.clone() })
            })?)),
        };
        let entries = self.entries.iter().enumerate();
        let entries = entries.map(|(index, entry)| entry.resolve(&sub_place(place, index), link_of));
        Ok(MenuEntry { name: self.name.clone(), action, entries: entries.collect::<Result<_, _>>()? })
    }
}

fn check_name(name: &str, limit: usize) -> Result<(), MenuRule> {
    if name.trim().is_empty() {
        Err(MenuRule::NameMissing { limit })
    } else if name.contains(char::is_control) {
        Err(MenuRule::ControlCharacter { field: "name".into() })
    } else if name.len() > limit {
        Err(MenuRule::NameTooLong { bytes: name.len(), limit })
    } else {
        Ok(())
    }
}

/// An absolute http or https address with a host; whether anybody is there is not for a rule to know.
fn is_web_address(url: &str) -> bool {
    let host_on = url.split_once("://").and_then(|(scheme, rest)| {
        let web = ["http", "https"].iter().any(|known| scheme.eq_ignore_ascii_case(known));
        web.then_some(rest)
    });
    host_on.is_some_and(|rest| !rest.is_empty() && !rest.starts_with(['/', '?', '#', ':']))
        && !url.contains(char::is_whitespace)
}

/// WeChat's own words for where an entry stands.
fn top_place(index: usize) -> String {
    format!("button[{index}]")
}

fn sub_place(place: &str, index: usize) -> String {
    format!("{place}.sub_button[{index}]")
}

#[cfg(test)]
#[path = "menu_tests.rs"]
mod tests;
