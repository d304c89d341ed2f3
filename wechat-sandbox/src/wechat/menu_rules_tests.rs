//! Every rule at its edge, on both levels.

use serde_json::json;

use super::*;

const VIEW: &str = "https://www.example.org/p/shop";

/// The errcode, or 0.
fn code(body: &Value) -> i64 {
    check(body).err().unwrap_or(0)
}

fn top(button: &Value) -> i64 {
    code(&json!({"button": [button]}))
}

fn sub(button: &Value) -> i64 {
    code(&json!({"button": [{"name": "more", "sub_button": [button]}]}))
}

/// One button of each kind, with what it needs.
fn kinds() -> Vec<Value> {
    let mut kinds = vec![
        json!({"type": "view", "name": "a", "url": VIEW}),
        json!({"type": "miniprogram", "name": "a", "url": VIEW, "appid": "wx2", "pagepath": "pages/index"}),
        json!({"type": "media_id", "name": "a", "media_id": "m"}),
        json!({"type": "article_id", "name": "a", "article_id": "x"}),
        json!({"type": "article_view_limited", "name": "a", "article_id": "x"}),
    ];
    for kind in [
        "click",
        "scancode_push",
        "scancode_waitmsg",
        "pic_sysphoto",
        "pic_photo_or_album",
        "pic_weixin",
        "location_select",
    ] {
        kinds.push(json!({"type": kind, "name": "a", "key": "k"}));
    }
    kinds
}

#[test]
fn every_kind_is_taken_on_both_levels_and_written_as_it_came() {
    for kind in kinds() {
        assert_eq!((top(&kind), sub(&kind)), (0, 0), "{kind}");
        let taken = check(&json!({"button": [kind]})).expect("taken");
        assert_eq!(json!(taken[0].entries()), json!([kind]));
    }
}

#[test]
fn every_kind_needs_its_fields() {
    for kind in kinds() {
        for field in kind.as_object().expect("a button").keys() {
            let mut lacking = kind.clone();
            lacking[field] = Value::Null;
            let expected = match field.as_str() {
                "type" => (40017, 40024),
                "name" => (40018, 40025),
                "key" => (40019, 40026),
                "url" => (40020, 40027),
                "appid" => (40013, 40013),
                "pagepath" => (40035, 40035),
                "media_id" => (40007, 40007),
                _ => (53600, 53600),
            };
            assert_eq!((top(&lacking), sub(&lacking)), expected, "{lacking}");
        }
    }
}

#[test]
fn lengths_are_counted_in_bytes() {
    let named = |name: &str| json!({"type": "click", "name": name, "key": "k"});
    assert_eq!([top(&named("四个汉字")), top(&named(&"a".repeat(16)))], [0, 0]);
    assert_eq!([top(&named("六个汉字不行")), top(&named(&"a".repeat(17))), top(&named(""))], [40018; 3]);
    assert_eq!([sub(&named(&"字".repeat(20))), sub(&named(&"a".repeat(60)))], [0, 0]);
    assert_eq!([sub(&named(&"字".repeat(21))), sub(&named(&"a".repeat(61))), sub(&named(""))], [40025; 3]);
    let keyed = |length: usize| json!({"type": "click", "name": "a", "key": "k".repeat(length)});
    assert_eq!((top(&keyed(128)), sub(&keyed(128))), (0, 0));
    assert_eq!((top(&keyed(129)), sub(&keyed(129))), (40019, 40026));
    let linked = |length: usize| json!({"type": "view", "name": "a", "url": format!("http://h/{}", "a".repeat(length - 9))});
    assert_eq!((top(&linked(1024)), sub(&linked(1024))), (0, 0));
    assert_eq!((top(&linked(1025)), sub(&linked(1025))), (40020, 40027));
}

#[test]
fn links_are_web_links() {
    for url in ["www.example.org", "/p/shop", "javascript:alert(1)", "ftp://h/", "http://"] {
        let button = json!({"type": "view", "name": "a", "url": url});
        assert_eq!((top(&button), sub(&button)), (40055, 40054), "{url}");
    }
}

#[test]
fn there_are_three_buttons_with_five_entries_on_two_levels() {
    let entry = json!({"type": "click", "name": "a", "key": "k"});
    let buttons = |count: usize| json!({"button": vec![entry.clone(); count]});
    assert_eq!([1, 3].map(|count| code(&buttons(count))), [0; 2]);
    assert_eq!([0, 4].map(|count| code(&buttons(count))), [40016; 2]);
    let entries = |count: usize| top(&json!({"name": "more", "sub_button": vec![entry.clone(); count]}));
    assert_eq!([1, 5].map(entries), [0; 2]);
    assert_eq!(entries(6), 40023);
    assert_eq!(entries(0), 40017, "no entry, and no kind of its own");
    assert_eq!(sub(&json!({"name": "deeper", "sub_button": [entry]})), 40022);
    assert_eq!(top(&json!({"name": "a very long name", "sub_button": [entry]})), 0);
    assert_eq!(top(&json!({"name": "a very long name!", "sub_button": [entry]})), 40018);
}

#[test]
fn what_is_no_menu_has_no_buttons() {
    for body in
        [json!({}), json!([]), json!("{\"button\":[]}"), json!({"button": {}}), json!({"button": null})]
    {
        assert_eq!(code(&body), 40016, "{body}");
    }
    for body in
        [json!({"button": ["a"]}), json!({"button": [{"name": 5}]}), json!({"button": [{"sub_button": "x"}]})]
    {
        assert_eq!(code(&body), 47001, "{body}");
    }
}

#[test]
fn what_has_no_meaning_is_ignored() {
    assert_eq!(
        top(
            &json!({"type": "click", "name": "a", "key": "k", "url": null, "sub_button": [], "colour": "red"})
        ),
        0
    );
    let group = json!({"type": "none", "name": "more", "key": "", "sub_button": [{"type": "click", "name": "a", "key": "k"}]});
    assert_eq!(top(&group), 0);
}
