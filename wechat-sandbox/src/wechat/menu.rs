//! `/cgi-bin/menu/…` and `/cgi-bin/get_current_selfmenu_info`: the custom menu (自定义菜单).

use actix_web::{
    HttpResponse,
    web::{Bytes, Data},
};
use serde_json::{Value, json};

use super::{
    answer::{Refusal, api},
    call::{Query, appid_by_token, json_body},
    menu_rules,
};
use crate::{
    instant::now,
    state::{Button, Change, Entry},
    world::World,
};

/// `POST /cgi-bin/menu/create`: this menu takes the place of the one before.
pub(super) async fn create(world: Data<World>, query: Query, body: Bytes) -> Result<HttpResponse, Refusal> {
    let mut ledger = world.ledger();
    let appid = appid_by_token(&world, ledger.state(), &query, now())?;
    if has_unicode_escape(&body) {
        return Err(Refusal::api(40033));
    }
    let asked: Value = json_body(&body)?;
    let buttons = menu_rules::check(&asked).map_err(Refusal::api)?;
    ledger.record(Change::MenuCreated { appid, buttons })?;
    Ok(api(&ok()))
}

/// `GET /cgi-bin/menu/get`: the menu as the API made it.
pub(super) async fn get(world: Data<World>, query: Query) -> Result<HttpResponse, Refusal> {
    let ledger = world.ledger();
    let appid = appid_by_token(&world, ledger.state(), &query, now())?;
    let menu = ledger.state().menus.get(&appid).ok_or(Refusal::api(46003))?;
    let buttons: Vec<_> =
        menu.buttons.iter().map(|button| written(button, &entry_with_list, &Value::Array)).collect();
    Ok(api(&json!({"menu": {"button": buttons}})))
}

/// `GET /cgi-bin/menu/delete`: no menu from now on; whoever has none is answered alike.
pub(super) async fn delete(world: Data<World>, query: Query) -> Result<HttpResponse, Refusal> {
    let mut ledger = world.ledger();
    let appid = appid_by_token(&world, ledger.state(), &query, now())?;
    if ledger.state().menus.get(&appid).is_some() {
        ledger.record(Change::MenuDeleted { appid })?;
    }
    Ok(api(&ok()))
}

/// `GET /cgi-bin/get_current_selfmenu_info`: the menu that people see. The sandbox has no console to make another one in.
pub(super) async fn current(world: Data<World>, query: Query) -> Result<HttpResponse, Refusal> {
    let ledger = world.ledger();
    let appid = appid_by_token(&world, ledger.state(), &query, now())?;
    let Some(menu) = ledger.state().menus.get(&appid) else { return Ok(api(&json!({"is_menu_open": 0}))) };
    let list = |entries| json!({"list": Value::Array(entries)});
    let buttons: Vec<_> =
        menu.buttons.iter().map(|button| written(button, &|entry| json!(entry), &list)).collect();
    Ok(api(&json!({"is_menu_open": 1, "selfmenu_info": {"button": buttons}})))
}

fn ok() -> Value {
    json!({"errcode": 0, "errmsg": "ok"})
}

/// A button, with the two parts that the two answers write differently: an entry, and the list under a button.
fn written(button: &Button, entry: &dyn Fn(&Entry) -> Value, list: &dyn Fn(Vec<Value>) -> Value) -> Value {
    match button {
        Button::Entry(only) => entry(only),
        Button::Group { name, entries } => {
            json!({"name": name, "sub_button": list(entries.iter().map(entry).collect())})
        }
    }
}

/// `menu/get` gives every entry a list, too, with nothing in it.
fn entry_with_list(entry: &Entry) -> Value {
    let mut written = json!(entry);
    written["sub_button"] = json!([]);
    written
}

/// Whether a character is written as `\uXXXX`, which this call alone does not take. A backslash that is itself escaped
/// escapes nothing.
fn has_unicode_escape(body: &[u8]) -> bool {
    let mut rest = body;
    while let Some(place) = rest.iter().position(|&byte| byte == b'\\') {
        match rest.get(place + 1) {
            Some(b'u') => return true,
            Some(_) => rest = &rest[place + 2..],
            None => return false,
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_an_escape_is_an_escape() {
        for (body, expected) in [
            (r#"{"name": "\u83dc\u5355"}"#, true),
            (r#"{"url": "http://h/?a=1\u0026b=2"}"#, true),
            (r#"{"name": "菜单"}"#, false),
            (r#"{"name": "a\nb\"c"}"#, false),
            (r#"{"name": "\\u83dc"}"#, false),
            (r#"{"name": "\\\u83dc"}"#, true),
            (r"\", false),
            ("", false),
        ] {
            assert_eq!(has_unicode_escape(body.as_bytes()), expected, "{body}");
        }
    }
}
