//! Parametric QR codes, from their making to the event of a scan.

use serde_json::{Value, json};

use crate::support::{APPID, Running, listening_callback, start};

async fn create(sandbox: &Running, token: &str, body: Value) -> Value {
    sandbox.post_json(&format!("/cgi-bin/qrcode/create?access_token={token}"), body).await
}

fn temporary(scene: &str) -> Value {
    json!({"action_name": "QR_STR_SCENE", "expire_seconds": 300, "action_info": {"scene": {"scene_str": scene}}})
}

#[tokio::test]
async fn a_code_has_a_ticket_a_link_and_an_image() {
    let sandbox = start(None);
    let token = sandbox.sending_account(json!({})).await;
    let code = create(&sandbox, &token, temporary("lg_1")).await;
    assert_eq!(code["expire_seconds"], 300);
    let (ticket, url) = (code["ticket"].as_str().expect("a ticket"), code["url"].as_str().expect("a link"));
    assert!(ticket.starts_with("gQ") && url.starts_with("http://weixin.qq.com/q/"), "{code}");
    let image = sandbox.get(&format!("/cgi-bin/showqrcode?ticket={ticket}")).await;
    assert_eq!(
        (image.status().as_u16(), &image.headers()["Content-Type"]),
        (200, &"image/svg+xml".parse().expect("a type"))
    );
    assert!(image.text().await.expect("an image").contains("<svg"));
    for path in ["/cgi-bin/showqrcode", "/cgi-bin/showqrcode?ticket=gQ"] {
        assert_eq!(sandbox.get(path).await.status(), 404, "{path}");
    }
    assert_ne!(create(&sandbox, &token, temporary("lg_1")).await["ticket"], ticket);
    let lasting = json!({"action_name": "QR_LIMIT_SCENE", "action_info": {"scene": {"scene_id": 7}}});
    let first = create(&sandbox, &token, lasting.clone()).await;
    assert_eq!(first.get("expire_seconds"), None);
    assert_eq!(create(&sandbox, &token, lasting).await, first);
    assert_eq!(create(&sandbox, &token, json!({"action_name": "QR_SCENE"})).await["errcode"], 40053);
    assert_eq!(create(&sandbox, &token, json!({})).await["errcode"], 40052);
    assert_eq!(create(&sandbox, "wrong", json!({})).await["errcode"], 40001);
}

#[tokio::test]
async fn following_by_a_scene_carries_the_ticket_of_its_code() {
    let sandbox = start(None);
    let (url, mut events) = listening_callback().await;
    let token = sandbox.sending_account(json!({"callback_url": url})).await;
    let ticket =
        create(&sandbox, &token, temporary("lg_1")).await["ticket"].as_str().expect("a ticket").to_owned();
    let (id, _) = sandbox.person("小明").await;
    let follow = format!("/sandbox/people/{id}/follow");
    for key in ["qrscene_lg_1", "lg_1"] {
        sandbox.post(&follow, json!({"appid": APPID, "scene": "lg_1"})).await;
        let (_, event) = events.recv().await.expect("an event");
        assert!(event.contains(&format!("<EventKey><![CDATA[{key}]]>")), "{event}");
        assert!(event.contains(&format!("<Ticket><![CDATA[{ticket}]]>")), "{event}");
    }
}
