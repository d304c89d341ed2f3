//! The service account's menu: set, read, deleted. Menus for some people only (conditional ones) are not made here.

use std::collections::BTreeMap;

use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::{Map, Value, json};

use crate::domain::menu::{Menu, MenuAction, MenuEntry};

use super::client::{Credentials, WeChat};
use super::error::{NetworkFailure, WeChatError};

/// The account has no menu that was made by this interface.
const NO_MENU: i64 = 46_003;

#[derive(Deserialize)]
struct Answer {
    menu: Option<WrittenMenu>,
}

#[derive(Deserialize)]
struct WrittenMenu {
    button: Vec<WrittenEntry>,
}

/// WeChat writes an empty `sub_button` beside an action.
#[derive(Deserialize)]
struct WrittenEntry {
    #[serde(rename = "type")]
    kind: Option<String>,
    #[serde(default)]
    name: String,
    sub_button: Option<Vec<Self>>,
    #[serde(flatten)]
    fields: BTreeMap<String, Value>,
}

impl WeChat {
    /// Makes `menu` the account's menu, in the place of any other; phones show it within five minutes of opening the chat.
    ///
    /// The menu should have passed [`Menu::check`]. Doing it twice does no harm.
    ///
    /// # Errors
    /// WeChat's refusal, for example of an address, or that it cannot be reached.
    pub async fn create_menu(&self, credentials: &Credentials, menu: &Menu) -> Result<(), WeChatError> {
        let body = json!({"button": menu.entries.iter().map(written).collect::<Vec<_>>()});
        let IgnoredAny = self.post_as_account(credentials, "/cgi-bin/menu/create", &body).await?;
        Ok(())
    }

    /// The account's menu, if one was made by this interface; one made in WeChat's console is not seen here.
    ///
    /// # Errors
    /// WeChat's refusal, or that it cannot be reached; asking again is always safe.
    pub async fn current_menu(&self, credentials: &Credentials) -> Result<Option<Menu>, WeChatError> {
        match self.get_as_account::<Answer>(credentials, "/cgi-bin/menu/get", &[]).await {
            Ok(Answer { menu: Some(menu) }) => {
                Ok(Some(Menu { entries: menu.button.into_iter().map(read).collect() }))
            }
            Ok(Answer { menu: None }) => Err(WeChatError::Network(NetworkFailure::Body)),
            Err(refused) if refused.errcode() == Some(NO_MENU) => Ok(None),
            Err(other) => Err(other),
        }
    }

    /// Deletes the account's menu, and with it every conditional one; that there is none is no error.
    ///
    /// # Errors
    /// WeChat's refusal, or that it cannot be reached; asking again is always safe.
    pub async fn delete_menu(&self, credentials: &Credentials) -> Result<(), WeChatError> {
        match self.get_as_account::<IgnoredAny>(credentials, "/cgi-bin/menu/delete", &[]).await {
            Err(other) if other.errcode() != Some(NO_MENU) => Err(other),
            _ => Ok(()),
        }
    }
}

fn written(entry: &MenuEntry) -> Value {
    let mut fields = Map::new();
    if let Some(action) = &entry.action {
        fields.extend(action.fields.iter().map(|(name, text)| (name.clone(), text.as_str().into())));
        fields.insert("type".into(), action.kind.as_str().into());
    }
    if !entry.entries.is_empty() {
        fields.insert("sub_button".into(), entry.entries.iter().map(written).collect());
    }
    fields.insert("name".into(), entry.name.as_str().into());
    Value::Object(fields)
}

fn read(entry: WrittenEntry) -> MenuEntry {
    let fields = entry.fields.into_iter().filter_map(|(name, value)| Some((name, text(value)?)));
    MenuEntry {
        name: entry.name,
        action: MenuAction::of(entry.kind, fields.collect()),
        entries: entry.sub_button.unwrap_or_default().into_iter().map(read).collect(),
    }
}

/// All that belongs to an action is a text; an empty one says nothing.
fn text(value: Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text).filter(|text| !text.is_empty()),
        Value::Number(number) => Some(number.to_string()),
        _ => None,
    }
}
