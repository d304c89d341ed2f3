//! Menus on their way to WeChat and back.

use std::collections::BTreeMap;

use crate::domain::menu::{Menu, MenuAction, MenuEntry};

use super::*;

const CREATE: &str = "/cgi-bin/menu/create";
const GET: &str = "/cgi-bin/menu/get";
const DELETE: &str = "/cgi-bin/menu/delete";

fn done() -> Value {
    json!({"errcode": 0, "errmsg": "ok"})
}

fn entry(name: &str, action: MenuAction) -> MenuEntry {
    MenuEntry { name: name.into(), action: Some(action), entries: Vec::new() }
}

fn menu() -> Menu {
    let program = MenuAction {
        kind: "miniprogram".into(),
        fields: BTreeMap::from(
            [("url", "https://old.example"), ("appid", "wx9"), ("pagepath", "pages/a")]
                .map(|(name, text)| (name.to_owned(), text.to_owned())),
        ),
    };
    let more = MenuEntry {
        name: "更多".into(),
        action: None,
        entries: vec![entry("帮助", MenuAction::click("HELP")), entry("小程序", program)],
    };
    Menu { entries: vec![entry("商城", MenuAction::view("https://m.example.org/p/shop?a=1&b=2")), more] }
}

#[tokio::test]
async fn a_menu_goes_out_in_wechats_words_and_without_escapes() {
    let scene = Scene::set().await;
    scene.answers(TOKEN, [token("t1")]).await;
    scene.answers(CREATE, [done()]).await;
    scene.wechat.create_menu(&scene.credentials, &menu()).await.unwrap();
    let call = &scene.calls(CREATE).await[0];
    assert_eq!((call.method.as_str(), call.url.query()), ("POST", Some("access_token=t1")));
    assert!(call.headers.contains_key("content-length") && !call.headers.contains_key("transfer-encoding"));
    let body = std::str::from_utf8(&call.body).unwrap();
    assert!(body.contains("商城") && !body.contains("\\u"), "{body}");
    assert_eq!(
        serde_json::from_str::<Value>(body).unwrap(),
        json!({"button": [
            {"name": "商城", "type": "view", "url": "https://m.example.org/p/shop?a=1&b=2"},
            {"name": "更多", "sub_button": [
                {"name": "帮助", "type": "click", "key": "HELP"},
                {"name": "小程序", "type": "miniprogram", "url": "https://old.example", "appid": "wx9", "pagepath": "pages/a"},
            ]},
        ]})
    );
}

#[tokio::test]
async fn a_menu_made_elsewhere_reads_back_whole() {
    let scene = Scene::set().await;
    scene.answers(TOKEN, [token("t1")]).await;
    let made_elsewhere = json!({
        "menu": {
            "button": [
                {"type": "view", "name": "商城", "url": "https://m.example.org/p/shop?a=1&b=2", "sub_button": []},
                {"name": "更多", "type": null, "sub_button": [
                    {"type": "click", "name": "帮助", "key": "HELP", "url": "", "sub_button": []},
                    {"type": "miniprogram", "name": "小程序", "url": "https://old.example", "appid": "wx9", "pagepath": "pages/a"},
                ]},
            ],
            "menuid": 208_396_938,
        },
        "conditionalmenu": [],
    });
    let of_a_type_to_come = json!({"menu": {"button": [{"type": "hologram", "name": "x", "depth": 3, "media_id": "m", "list": []}]}});
    scene.answers(GET, [made_elsewhere, of_a_type_to_come]).await;
    assert_eq!(scene.wechat.current_menu(&scene.credentials).await.unwrap(), Some(menu()));
    let fields = [("depth", "3"), ("media_id", "m")].map(|(name, text)| (name.to_owned(), text.to_owned()));
    let hologram = MenuAction { kind: "hologram".into(), fields: BTreeMap::from(fields) };
    let menu = Menu { entries: vec![entry("x", hologram)] };
    assert_eq!(scene.wechat.current_menu(&scene.credentials).await.unwrap(), Some(menu));
    assert_eq!(scene.calls(GET).await[0].method.as_str(), "GET");
}

#[tokio::test]
async fn no_menu_is_none_and_an_answer_without_one_is_no_answer() {
    let scene = Scene::set().await;
    scene.answers(TOKEN, [token("t1")]).await;
    scene.answers(GET, [refusal(46_003), done(), refusal(50_002)]).await;
    assert_eq!(scene.wechat.current_menu(&scene.credentials).await.unwrap(), None);
    let error = scene.wechat.current_menu(&scene.credentials).await.unwrap_err();
    assert_eq!(error, WeChatError::Network(NetworkFailure::Body));
    assert_eq!(scene.wechat.current_menu(&scene.credentials).await.unwrap_err().errcode(), Some(50_002));
}

#[tokio::test]
async fn deleting_a_menu_that_is_not_there_is_done_already() {
    let scene = Scene::set().await;
    scene.answers(TOKEN, [token("t1")]).await;
    scene.answers(DELETE, [done(), refusal(46_003), refusal(45_009)]).await;
    scene.wechat.delete_menu(&scene.credentials).await.unwrap();
    scene.wechat.delete_menu(&scene.credentials).await.unwrap();
    let error = scene.wechat.delete_menu(&scene.credentials).await.unwrap_err();
    assert_eq!(error.advice(), Advice::Pause);
    assert_eq!(scene.calls(DELETE).await[0].method.as_str(), "GET");
}

#[tokio::test]
async fn a_post_is_repaired_once_and_says_the_same_twice() {
    let scene = Scene::set().await;
    scene.answers(TOKEN, [token("t1"), token("t2")]).await;
    scene.answers(CREATE, [refusal(42_001), done()]).await;
    scene.wechat.create_menu(&scene.credentials, &menu()).await.unwrap();
    let calls = scene.calls(CREATE).await;
    let tokens: Vec<_> = calls.iter().map(|call| call.url.query().unwrap()).collect();
    assert_eq!(tokens, ["access_token=t1", "access_token=t2"]);
    assert_eq!(calls[0].body, calls[1].body);

    let scene = Scene::set().await;
    scene.answers(TOKEN, [token("same")]).await;
    scene.answers(CREATE, [refusal(40_001)]).await;
    let error = scene.wechat.create_menu(&scene.credentials, &menu()).await.unwrap_err();
    assert_eq!(error, WeChatError::TokenRefusedAgain { errcode: 40_001 });
    assert_eq!(scene.calls(CREATE).await.len(), 2);

    // What is refused for itself is not asked twice.
    let scene = Scene::set().await;
    scene.answers(TOKEN, [token("t1")]).await;
    scene.answers(CREATE, [refusal(40_055)]).await;
    let error = scene.wechat.create_menu(&scene.credentials, &menu()).await.unwrap_err();
    assert_eq!((error.errcode(), error.advice()), (Some(40_055), Advice::GiveUp));
    assert_eq!(scene.calls(CREATE).await.len(), 1);
}
