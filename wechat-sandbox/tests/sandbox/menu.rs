//! The custom menu, from both sides: the account's server and a follower's thumb.

use serde_json::{Value, json};

use crate::support::{APPID, Running, start};

const URL: &str = "https://www.example.org/p/shop";

fn buttons() -> Value {
    json!([
        {"type": "view", "name": "门户", "url": URL},
        {"name": "更多", "sub_button": [
            {"type": "click", "name": "帮助", "key": "help"},
            {"type": "miniprogram", "name": "小程序", "url": URL, "appid": "wx2", "pagepath": "pages/index"},
            {"type": "location_select", "name": "位置", "key": "where"},
        ]},
    ])
}

async fn path(sandbox: &Running, name: &str) -> String {
    format!("/cgi-bin/{name}?access_token={}", sandbox.stable_token().await)
}

#[tokio::test]
async fn a_menu_is_made_replaced_and_deleted() {
    let sandbox = start(None);
    sandbox.account().await;
    let (get, current) =
        (path(&sandbox, "menu/get").await, path(&sandbox, "get_current_selfmenu_info").await);
    assert_eq!(sandbox.get_json(&get).await["errcode"], 46003);
    assert_eq!(sandbox.get_json(&current).await, json!({"is_menu_open": 0}));
    sandbox.create_menu(json!([{"type": "click", "name": "a", "key": "k"}])).await;
    sandbox.create_menu(buttons()).await;

    let mut listed = buttons();
    listed[0]["sub_button"] = json!([]);
    for entry in listed[1]["sub_button"].as_array_mut().expect("a list") {
        entry["sub_button"] = json!([]);
    }
    assert_eq!(sandbox.get_json(&get).await, json!({"menu": {"button": listed}}));
    let mut shown = buttons();
    shown[1]["sub_button"] = json!({"list": buttons()[1]["sub_button"]});
    assert_eq!(
        sandbox.get_json(&current).await,
        json!({"is_menu_open": 1, "selfmenu_info": {"button": shown}})
    );

    let delete = path(&sandbox, "menu/delete").await;
    for _ in ["there", "gone"] {
        assert_eq!(sandbox.get_json(&delete).await, json!({"errcode": 0, "errmsg": "ok"}));
        assert_eq!(sandbox.get_json(&get).await["errcode"], 46003);
    }
}

#[tokio::test]
async fn every_wrong_call_has_its_errcode() {
    let sandbox = start(None);
    sandbox.account().await;
    let create = path(&sandbox, "menu/create").await;
    sandbox.create_menu(buttons()).await;
    let post = |path: String, body: &'static str| sandbox.client.post(sandbox.url(&path)).body(body).send();
    for (body, errcode) in [
        ("", 44002),
        ("{", 47001),
        ("{}", 40016),
        (r#"{"button":[{"type":"click","name":"\u83dc","key":"k"}]}"#, 40033),
        (r#"{"button":[{"type":"click","name":"六个汉字不行","key":"k"}]}"#, 40018),
        (r#"{"button":[{"type":"view","name":"a","url":"example.org"}]}"#, 40055),
    ] {
        let answer: Value = post(create.clone(), body).await.expect("an answer").json().await.expect("JSON");
        assert_eq!(answer["errcode"], errcode, "{body}");
        assert!(answer["errmsg"].as_str().is_some_and(|text| text.contains(" rid: ")), "{answer}");
    }
    for name in ["menu/get", "menu/delete", "get_current_selfmenu_info"] {
        assert_eq!(sandbox.get_json(&format!("/cgi-bin/{name}")).await["errcode"], 41001, "{name}");
        assert_eq!(
            sandbox.get_json(&format!("/cgi-bin/{name}?access_token=x")).await["errcode"],
            40001,
            "{name}"
        );
        assert_eq!(
            sandbox.post_json(&path(&sandbox, name).await, json!({})).await["errcode"],
            43001,
            "{name}"
        );
    }
    assert_eq!(sandbox.post_json("/cgi-bin/menu/create", json!({})).await["errcode"], 41001);
    assert_eq!(sandbox.get_json(&create).await["errcode"], 43002);
    let kept = sandbox.get_json(&path(&sandbox, "menu/get").await).await;
    assert_eq!(kept["menu"]["button"][0]["name"], "门户", "no wrong call has changed anything");
}

#[tokio::test]
async fn menu_calls_are_counted_and_fail_on_request() {
    let sandbox = start(None);
    sandbox.account().await;
    let get = path(&sandbox, "menu/get").await;
    sandbox.create_menu(buttons()).await;
    sandbox.get_json(&get).await;
    sandbox.put("/sandbox/faults", json!({"paths": ["/cgi-bin/menu/"], "errcode": -1})).await;
    assert_eq!(sandbox.get_json(&get).await["errcode"], -1);
    sandbox.put("/sandbox/faults", json!({"paths": ["/cgi-bin/menu/"], "quota": 1})).await;
    sandbox.get_json(&get).await;
    assert_eq!(sandbox.get_json(&get).await["errcode"], 45009);
    let calls = &sandbox.get_json("/sandbox/stats").await["calls"];
    assert_eq!(calls["/cgi-bin/menu/create"], json!({"0": 1}));
    assert_eq!(calls["/cgi-bin/menu/get"], json!({"0": 2, "-1": 1, "45009": 1}));
}

#[tokio::test]
async fn a_tap_tells_the_server_and_gives_the_page() {
    let sandbox = start(None);
    let mut events = sandbox.listening_account().await;
    let (id, openid) = sandbox.follower("小明").await;
    events.recv().await.expect("the subscription");
    sandbox.create_menu(buttons()).await;
    let place = format!("/sandbox/people/{id}/menu");
    let page = format!(
        "<Event><![CDATA[VIEW]]></Event><EventKey><![CDATA[{URL}]]></EventKey><MenuId>430000001</MenuId>"
    );
    let help = "<Event><![CDATA[CLICK]]></Event><EventKey><![CDATA[help]]></EventKey>";
    let program = "<Event><![CDATA[view_miniprogram]]></Event><EventKey><![CDATA[pages/index]]></EventKey>\
                   <MenuId>430000001</MenuId>";
    for (index, url, event) in [
        (json!(0), json!(URL), page.as_str()),
        (json!(1), json!(null), help),
        (json!([1, 0]), json!(null), help),
        (json!(2), json!(null), program),
    ] {
        let answer = sandbox.post(&place, json!({"appid": APPID, "index": index})).await;
        assert_eq!(answer.status(), 200, "{index}");
        assert_eq!(answer.json::<Value>().await.expect("JSON"), json!({"url": url}), "{index}");
        let (head, body) = events.recv().await.expect("an event");
        assert!(head.contains(&format!("&openid={openid}")), "{head}");
        assert!(body.contains(&format!("<FromUserName><![CDATA[{openid}]]>")), "{body}");
        assert!(body.ends_with(&format!("{event}</xml>")), "{body}");
    }
    let camera = sandbox.post_json(&place, json!({"appid": APPID, "index": 3})).await;
    assert_eq!(camera, json!({"url": null}));
    assert!(events.try_recv().is_err(), "the map was closed again: nobody is told");
}

#[tokio::test]
async fn a_tap_that_cannot_be_is_told() {
    let sandbox = start(None);
    sandbox.account().await;
    let (id, _) = sandbox.person("小明").await;
    let status = async |id: &str, body: Value| {
        let answer = sandbox.post(&format!("/sandbox/people/{id}/menu"), body).await;
        let status = answer.status().as_u16();
        let problem: Value = answer.json().await.expect("JSON");
        assert!(status == 200 || problem["error"].is_string(), "{problem}");
        status
    };
    let tap = |index: Value| json!({"appid": APPID, "index": index});
    assert_eq!(status(&id, tap(json!(0))).await, 404, "no menu");
    sandbox.create_menu(buttons()).await;
    assert_eq!(status(&id, tap(json!(0))).await, 409, "no follower");
    sandbox.post(&format!("/sandbox/people/{id}/follow"), json!({"appid": APPID})).await;
    assert_eq!(status(&id, tap(json!(0))).await, 200);
    for index in
        [json!(4), json!(-1), json!(0.5), json!("0"), json!([1]), json!([0, 0]), json!([1, 3]), json!(null)]
    {
        assert_eq!(status(&id, tap(index.clone())).await, 422, "{index}");
    }
    assert_eq!(status(&id, json!({"appid": APPID})).await, 422);
    assert_eq!(status(&id, json!({"appid": "wx0", "index": 0})).await, 404);
    assert_eq!(status("per_0", tap(json!(0))).await, 404);
}
