//! The phone's forms, without its script.

use reqwest::Response;
use serde_json::json;

use crate::support::{APPID, NOTE, ORDER, Running, note, start};

async fn form(sandbox: &Running, path: &str, fields: &[(&str, &str)], cookie: &str) -> Response {
    let request = sandbox.client.post(sandbox.url(path)).form(fields).header("Cookie", cookie);
    request.send().await.expect("an answer")
}

fn cookie(answer: &Response) -> String {
    let set = answer.headers()["Set-Cookie"].to_str().expect("text");
    assert!(set.contains("Path=/") && set.contains("SameSite=Lax"), "{set}");
    set.split(';').next().unwrap_or_default().to_owned()
}

async fn screen(sandbox: &Running, cookie: &str, language: &str) -> String {
    let request = sandbox.client.get(sandbox.url("/phone")).header("Cookie", cookie);
    let answer = request.header("Accept-Language", language).send().await.expect("an answer");
    assert!(
        answer.headers()["Content-Security-Policy"].to_str().expect("text").contains("default-src 'none'")
    );
    answer.text().await.expect("a page")
}

#[tokio::test]
async fn the_first_person_is_one_tap_away() {
    let sandbox = start(None);
    assert_eq!(sandbox.get("/").await.headers()["Location"], "/phone");
    let empty = screen(&sandbox, "", "zh-CN").await;
    assert!(empty.contains("action=\"/phone/people\"") && empty.contains("小明"), "{empty}");
    let created = form(&sandbox, "/phone/people", &[("nickname", "小明 <b>")], "").await;
    let me = cookie(&created);
    let held = screen(&sandbox, &me, "en").await;
    assert!(held.contains("小明 &#60;b&#62;") || held.contains("小明 &lt;b&gt;"), "escaped: {held}");
    assert!(held.contains("action=\"/phone/open\""));
    let people = sandbox.get_json("/sandbox/people").await;
    let id = people["items"][0]["id"].as_str().expect("an id");
    assert_eq!(me, format!("sandbox_person={id}"));
    let again = form(&sandbox, "/phone/hold", &[("person", id)], "").await;
    assert_eq!(cookie(&again), me);
    assert_eq!(again.headers()["Location"], "/phone");
    // What the phone was about to open is not lost by asking who holds it.
    let link = "http://example.com/p/a?b=1&c=2";
    let asked = sandbox.get("/phone?link=http%3A%2F%2Fexample.com%2Fp%2Fa%3Fb%3D1%26c%3D2").await;
    assert!(
        asked
            .text()
            .await
            .unwrap()
            .contains("<input type=\"hidden\" name=\"link\" value=\"http://example.com")
    );
    for (path, who) in [("/phone/hold", ("person", id)), ("/phone/people", ("nickname", "小红"))] {
        let goes_on = form(&sandbox, path, &[who, ("link", link)], "").await;
        assert_eq!(
            goes_on.headers()["Location"],
            "/phone?link=http%3A%2F%2Fexample.com%2Fp%2Fa%3Fb%3D1%26c%3D2"
        );
    }
    assert_eq!(cookie(&form(&sandbox, "/phone/put-down", &[], &me).await), "sandbox_person=");
    assert_eq!(form(&sandbox, "/phone/hold", &[("person", "per_0")], "").await.status(), 404);
    assert_eq!(form(&sandbox, "/phone/people", &[("nickname", " ")], "").await.status(), 422);
}

#[tokio::test]
async fn whoever_comes_by_name_goes_on_by_address() {
    let sandbox = start(None);
    let port = sandbox.sandbox.url().rsplit(':').next().expect("a port").to_owned();
    let request =
        sandbox.client.get(sandbox.url("/phone?link=http://h/")).header("Host", format!("localhost:{port}"));
    let answer = request.send().await.expect("an answer");
    assert_eq!(answer.headers()["Location"], format!("http://127.0.0.1:{port}/phone?link=http://h/"));
}

#[tokio::test]
async fn a_link_opens_inside_wechat() {
    let sandbox = start(None);
    let opened = sandbox.get("/phone/open?link=http%3A%2F%2F127.0.0.1%3A8080%2Fp%2Fshop").await;
    assert_eq!(opened.status(), 303);
    assert_eq!(opened.headers()["Location"], "http://127.0.0.1:8080/p/shop?in=wechat");
    assert_eq!(sandbox.get("/phone/open?link=javascript%3Aalert(1)").await.status(), 400);
}

#[tokio::test]
async fn following_and_the_inbox_are_on_the_screen() {
    let sandbox = start(None);
    sandbox.account().await;
    let (id, _) = sandbox.person("小明").await;
    let me = format!("sandbox_person={id}");
    let answer = form(&sandbox, "/phone/follow", &[("appid", APPID)], &me).await;
    assert_eq!(answer.headers()["Location"], "/phone#accounts");
    assert_eq!(sandbox.get_json(&format!("/sandbox/people/{id}")).await["following"], json!([APPID]));
    sandbox
        .post("/sms", json!({"id": "1", "phone": "+8613800138000", "code": "246810", "text": "hello"}))
        .await;
    let page = screen(&sandbox, &me, "en").await;
    assert!(page.contains("246810") && page.contains("action=\"/phone/unfollow\""), "{page}");
    form(&sandbox, "/phone/unfollow", &[("appid", APPID)], &me).await;
    assert_eq!(sandbox.get_json(&format!("/sandbox/people/{id}")).await["following"], json!([]));
    let nobody = form(&sandbox, "/phone/follow", &[("appid", APPID)], "").await;
    assert_eq!(nobody.status(), 404);
}

#[tokio::test]
async fn a_follower_taps_the_menu_on_the_screen() {
    let sandbox = start(None);
    let mut events = sandbox.listening_account().await;
    sandbox
        .create_menu(json!([
            {"type": "view", "name": "门户 <b>", "url": "http://127.0.0.1:8080/p/shop?a=1"},
            {"name": "更多", "sub_button": [
                {"type": "click", "name": "帮助", "key": "help"},
                {"type": "scancode_push", "name": "扫码", "key": "scan"},
            ]},
        ]))
        .await;
    let (id, _) = sandbox.person("小明").await;
    let me = format!("sandbox_person={id}");
    assert!(!screen(&sandbox, &me, "en").await.contains("/phone/menu"), "a stranger sees no menu");
    form(&sandbox, "/phone/follow", &[("appid", APPID)], &me).await;
    events.recv().await.expect("the subscription");
    let page = screen(&sandbox, &me, "en").await;
    assert!(page.contains("aria-label=\"Menu of gh_0123456789ab\""), "{page}");
    assert!(page.contains("<summary><span>更多</span></summary>") && !page.contains("门户 <b>"), "{page}");
    assert_eq!(page.matches("action=\"/phone/menu\"").count(), 3);
    assert_eq!(
        page.matches("action=\"/phone/menu\" target=\"_blank\"").count(),
        1,
        "only the page gets a tab"
    );
    let tap =
        async |index: &str| form(&sandbox, "/phone/menu", &[("appid", APPID), ("index", index)], &me).await;
    let opened = tap("0").await;
    assert_eq!(opened.status(), 303);
    assert_eq!(opened.headers()["Location"], "http://127.0.0.1:8080/p/shop?a=1&in=wechat");
    let (_, event) = events.recv().await.expect("an event");
    assert!(event.contains("<EventKey><![CDATA[http://127.0.0.1:8080/p/shop?a=1]]>"), "{event}");
    assert_eq!(tap("1").await.headers()["Location"], "/phone?after=told#accounts");
    assert_eq!(tap("2").await.headers()["Location"], "/phone?after=nothing#accounts");
    let told = sandbox.client.get(sandbox.url("/phone?after=told")).header("Cookie", &me);
    let told = told.header("Accept-Language", "zh-CN").send().await.expect("an answer");
    assert!(told.text().await.expect("a page").contains("服务号的服务器收到了这个事件"));
    assert_eq!(tap("3").await.status(), 422);
    form(&sandbox, "/phone/unfollow", &[("appid", APPID)], &me).await;
    assert_eq!(tap("0").await.status(), 409);
}

#[tokio::test]
async fn messages_are_cards_in_the_chat_of_the_account() {
    let sandbox = start(None);
    let token = sandbox.sending_account(json!({})).await;
    let (id, openid) = sandbox.follower("小明").await;
    let me = format!("sandbox_person={id}");
    let chat = async |language: &str| {
        let request = sandbox.client.get(sandbox.url(&format!("/phone/chat?appid={APPID}")));
        let request = request.header("Cookie", &me).header("Accept-Language", language);
        request.send().await.expect("an answer").text().await.expect("a page")
    };
    assert!(chat("zh-CN").await.contains("还没有消息"));
    for (url, goods) in [("", "茶 <b>"), ("http://127.0.0.1:8080/m?a=1", "咖啡")] {
        let data = json!({"character_string1": {"value": "A-1"}, "thing2": {"value": goods}});
        let message = json!({"touser": openid, "template_id": ORDER, "url": url, "data": data});
        assert_eq!(sandbox.send(&token, message).await["errcode"], 0);
    }
    let page = chat("en").await;
    assert_eq!(page.matches("<h3>订单通知</h3>").count(), 2);
    assert!(page.contains("<dt>商品</dt><dd>咖啡</dd>") && !page.contains("茶 <b>"), "{page}");
    assert_eq!(page.matches("<span>Details</span>").count(), 1, "only where a page is behind it");
    assert!(page.contains("href=\"http://127.0.0.1:8080/m?a=1&#38;in=wechat\""), "{page}");
    assert!(page.find("咖啡") > page.find("茶"), "newest last");
    assert!(screen(&sandbox, &me, "en").await.contains("<span class=\"count\">2</span>"));
    let part = sandbox.client.get(sandbox.url(&format!("/phone/chat/cards?appid={APPID}")));
    let part = part.header("Cookie", &me).send().await.expect("an answer").text().await.expect("a part");
    assert!(part.contains("咖啡") && !part.contains("<html"), "{part}");
    assert_eq!(sandbox.get(&format!("/phone/chat?appid={APPID}")).await.status(), 303, "nobody is there");
}

#[tokio::test]
async fn templates_and_accounts_are_refused_in_the_chat_and_wanted_again() {
    let sandbox = start(None);
    let token = sandbox.sending_account(json!({})).await;
    let (id, openid) = sandbox.follower("小明").await;
    let me = format!("sandbox_person={id}");
    let send = || sandbox.send(&token, note(&openid, &json!({})));
    send().await;
    let template = [("appid", APPID), ("template_id", NOTE)];
    let back = form(&sandbox, "/phone/block", &template, &me).await;
    assert_eq!(back.headers()["Location"], format!("/phone/chat?appid={APPID}#newest"));
    assert_eq!(send().await["errcode"], 43101);
    form(&sandbox, "/phone/unblock", &template, &me).await;
    assert_eq!(send().await["errcode"], 0);
    form(&sandbox, "/phone/block", &template[..1], &me).await;
    assert_eq!(send().await["errcode"], 0, "taken on");
    let count = async || sandbox.get_json("/sandbox/stats").await["messages"]["total"].clone();
    assert_eq!(count().await, 2, "and not delivered");
    form(&sandbox, "/phone/unblock", &template[..1], &me).await;
    send().await;
    assert_eq!(count().await, 3);
    assert_eq!(form(&sandbox, "/phone/block", &[("appid", "wx0")], &me).await.status(), 404);
}

#[tokio::test]
async fn a_parametric_code_is_scanned_by_strangers_and_followers() {
    let sandbox = start(None);
    let (url, mut events) = crate::support::listening_callback().await;
    let token = sandbox.sending_account(json!({"callback_url": url})).await;
    let (id, _) = sandbox.person("小明").await;
    let me = format!("sandbox_person={id}");
    let scene = json!({"scene_str": "lg_1"});
    let body = json!({"action_name": "QR_STR_SCENE", "expire_seconds": 300, "action_info": {"scene": scene}});
    let code = sandbox.post_json(&format!("/cgi-bin/qrcode/create?access_token={token}"), body).await;
    let link = code["url"].as_str().expect("a link").to_owned();
    let open = async |link: &str, cookie: &str| {
        let query = link.replace(':', "%3A").replace('/', "%2F");
        let request = sandbox.client.get(sandbox.url(&format!("/phone/open?link={query}")));
        request.header("Cookie", cookie).send().await.expect("an answer")
    };
    let stranger = open(&link, &me).await;
    assert_eq!(stranger.status(), 200);
    assert!(stranger.text().await.expect("a page").contains("gh_0123456789ab"));
    assert!(events.try_recv().is_err(), "looking is not following");
    let followed = form(&sandbox, "/phone/follow", &[("appid", APPID), ("link", &link)], &me).await;
    assert_eq!(followed.headers()["Location"], format!("/phone/chat?appid={APPID}#newest"));
    let (_, event) = events.recv().await.expect("a subscription");
    assert!(event.contains("<EventKey><![CDATA[qrscene_lg_1]]>"), "{event}");
    assert_eq!(open(&link, &me).await.headers()["Location"], format!("/phone/chat?appid={APPID}#newest"));
    let (_, event) = events.recv().await.expect("a scan");
    assert!(event.contains("<![CDATA[SCAN]]>") && event.contains("<EventKey><![CDATA[lg_1]]>"), "{event}");
    assert_eq!(open("http://weixin.qq.com/q/unknown", &me).await.status(), 404);
    assert_eq!(open(&link, "").await.status(), 404, "nobody is there to follow");
}

#[tokio::test]
async fn a_crowd_does_not_hide_people_from_the_choice() {
    let sandbox = start(None);
    sandbox.account().await;
    sandbox.person("小明").await;
    sandbox.post("/sandbox/people/bulk", json!({"appid": APPID, "count": 1000})).await;
    let page = screen(&sandbox, "", "en").await;
    assert!(page.contains("小明") && !page.contains("per_1_1"), "{page}");
    assert!(page.contains("1 / 1001"), "{page}");
    let held = form(&sandbox, "/phone/hold", &[("person", "per_1_7")], "").await;
    assert!(screen(&sandbox, &cookie(&held), "en").await.contains("Follower 7"));
    assert_eq!(sandbox.get("/phone/avatars/per_1_7.svg").await.status(), 200);
}

#[tokio::test]
async fn everything_the_page_loads_is_there() {
    let sandbox = start(None);
    let (id, _) = sandbox.person("小明").await;
    for (path, content_type) in [
        ("/phone/assets/phone.css".to_owned(), "text/css; charset=utf-8"),
        ("/phone/assets/phone.js".to_owned(), "text/javascript; charset=utf-8"),
        ("/phone/assets/icon.svg".to_owned(), "image/svg+xml"),
        (format!("/phone/avatars/{id}.svg"), "image/svg+xml"),
    ] {
        let answer = sandbox.get(&path).await;
        assert_eq!(answer.headers()["Content-Type"], content_type, "{path}");
    }
    assert_eq!(sandbox.get("/phone/assets/none.js").await.status(), 404);
    assert_eq!(sandbox.get("/no/such/path").await.status(), 404);
}
