//! What WeChat's events about people mean for what is kept of them, whatever their order and however often they come.

use menfang::domain::clock::Millis;
use menfang::domain::keys::hex;
use serde_json::{Value, json};
use sha1::Digest;

use super::followers::{listed, tap};
use crate::sign_in::first_time::sign_in_new;
use crate::support::server::{AES_KEY, APPID, ORIGINAL_ID, SECRET, TOKEN};
use crate::support::{Browser, Phone, TestServer};

/// A person who is signed in, follows, and has let us have name and picture.
async fn well_known(server: &TestServer) -> (Phone, Browser) {
    let alice = server.person("Alice").await;
    let pc = sign_in_new(server, &alice, "suppliers").await;
    tap(server, &alice, "follow").await;
    give_profile(server, &alice).await;
    assert_eq!(pc.me("suppliers").await.expect(200).json()["nickname"], "Alice");
    (alice, pc)
}

/// Signs in by the menu link, and lets us have name and picture on the phone's page.
async fn give_profile(server: &TestServer, phone: &Phone) {
    let pc = server.browser();
    let qr = pc.start_qr("suppliers").await;
    let view = phone.scan_qr("suppliers", &qr).await;
    phone.web.set_cookie(server.sandbox_url(), "sandbox_consent", "yes");
    let csrf = view["csrf"].as_str().unwrap();
    let out = phone.web.post(&phone.at("/p/suppliers/phone/profile"), &[("csrf", csrf)]).await.expect(302);
    let back = phone.web.get(out.location()).await.expect(302);
    phone.web.get(back.location()).await.expect(303);
}

async fn tell(server: &TestServer, phone: &Phone, what: &str, more: Value) {
    let mut body = json!({"appid": APPID});
    body.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
    let told = server.sandbox_post(&format!("/sandbox/people/{}/{what}", phone.id), &body).await;
    assert_eq!(told["callback"]["delivered"], true, "{told}");
}

/// Why personal data was erased, by the audit log, and of whom.
async fn erased(server: &TestServer, phone: &Phone) -> Vec<(String, Value)> {
    let path = format!("{}/audit?action=privacy_erased", server.org());
    let log = server.own_backend().get(&path).await.expect(200);
    assert!(!log.body.contains(&phone.openid), "{}", log.body);
    let lines = log.json()["items"].as_array().unwrap().clone();
    lines.iter().map(|line| (line["result"].as_str().unwrap().to_owned(), line["subject"].clone())).collect()
}

async fn row(server: &TestServer, openid: &str) -> Value {
    listed(server, &format!("?openid={openid}")).await["items"][0].clone()
}

#[actix_web::test]
async fn who_leaves_keeps_the_account_and_takes_along_what_wechat_told() {
    let server = TestServer::start().await;
    let (alice, pc) = well_known(&server).await;
    tap(&server, &alice, "unfollow").await;
    let me = pc.me("suppliers").await.expect(200).json();
    assert_eq!((&me["nickname"], &me["follows"]), (&json!(null), &json!(false)));
    let left = row(&server, &alice.openid).await;
    assert_eq!(
        (&left["follows"], &left["followed_at"], &left["scene"]),
        (&json!(false), &json!(null), &json!(null))
    );
    assert_eq!(left["users"][0]["id"], me["id"], "signing in needs no following");
    assert_eq!(erased(&server, &alice).await, [("unsubscribed".to_owned(), me["id"].clone())]);
    let qr = pc.start_qr("suppliers").await;
    assert_eq!(alice.scan_qr("suppliers", &qr).await["step"], "approve", "no phone has to be proved again");
}

#[actix_web::test]
async fn a_changed_profile_and_a_revocation_drop_name_and_picture() {
    let server = TestServer::start().await;
    let (alice, pc) = well_known(&server).await;
    tell(&server, &alice, "revoke", json!({"revoke_info": "201"})).await;
    assert_eq!(pc.me("suppliers").await.expect(200).json()["nickname"], "Alice", "an address was never kept");
    for (event, more, why) in
        [("modify", json!({}), "profile_modified"), ("revoke", json!({}), "authorization_revoked")]
    {
        tell(&server, &alice, event, more).await;
        let me = pc.me("suppliers").await.expect(200).json();
        assert_eq!((&me["nickname"], &me["follows"]), (&json!(null), &json!(true)), "{event}");
        assert!(erased(&server, &alice).await.contains(&(why.to_owned(), me["id"].clone())));
        give_profile(&server, &alice).await;
        assert_eq!(pc.me("suppliers").await.expect(200).json()["nickname"], "Alice");
    }
    assert_eq!(row(&server, &alice.openid).await["follows"], true);
}

#[actix_web::test]
async fn a_closed_wechat_account_is_forgotten_and_the_phone_leads_back_to_the_account() {
    let server = TestServer::start().await;
    let (alice, pc) = well_known(&server).await;
    let me = pc.me("suppliers").await.expect(200).json();
    let other = server.person("Other").await;
    let others = sign_in_new(&server, &other, "suppliers").await;
    let waiting = server.browser();
    let qr = waiting.start_qr("suppliers").await;
    alice.scan_qr("suppliers", &qr).await;
    let number = waiting.poll(&qr, "").await.expect(200).json()["match"].as_str().unwrap().to_owned();
    assert_eq!(alice.approve("suppliers", Some(&number)).await.expect(200).json()["step"], "done");
    tell(&server, &alice, "cancel", json!({})).await;
    waiting.claim(&qr).await.expect(410);
    pc.me("suppliers").await.expect_problem(401, "not_signed_in");
    others.me("suppliers").await.expect(200);
    assert_eq!(listed(&server, &format!("?openid={}", alice.openid)).await["total"], 0);
    assert_eq!(erased(&server, &alice).await, [("account_closed".to_owned(), me["id"].clone())]);
    let rows = server.rows().await;
    assert!(
        rows.contains(&("external_users".into(), 2)) && rows.contains(&("wechat_bindings".into(), 1)),
        "{rows:?}"
    );

    // The same phone under a new WeChat account is the same account, without a name.
    let mut again = server.person("New").await;
    again.number.clone_from(&alice.number);
    server.advance(60);
    let pc = sign_in_new(&server, &again, "suppliers").await;
    let back = pc.me("suppliers").await.expect(200).json();
    assert_eq!((&back["id"], &back["nickname"], &back["follows"]), (&me["id"], &json!(null), &json!(false)));
    assert_eq!(server.seats_taken().await, 2);
}

/// Binds the account in plain mode, in which a test can write pushes itself.
pub(crate) async fn plain(server: &TestServer) {
    let wanted = json!({
        "appid": APPID, "secret": SECRET, "token": TOKEN, "encoding_aes_key": AES_KEY, "mode": "plain",
    });
    let path = format!("{}/service-account", server.org());
    server.own_backend().put(&path, wanted).await.expect(200);
}

/// A push as WeChat writes it; each has a nonce of its own.
pub(crate) async fn push(server: &TestServer, openid: &str, event: &str, at: Millis) {
    let about = if event.starts_with("user_") { "OpenID" } else { "FromUserName" };
    let sender = if about == "OpenID" { "<FromUserName>oPlatform</FromUserName>" } else { "" };
    let body = format!(
        "<xml><ToUserName>{ORIGINAL_ID}</ToUserName>{sender}<{about}>{openid}</{about}>\
         <CreateTime>{}</CreateTime><MsgType>event</MsgType><Event>{event}</Event></xml>",
        at.seconds()
    );
    let (timestamp, nonce) = (server.now().seconds().to_string(), "1");
    let mut parts = [TOKEN, &timestamp, nonce];
    parts.sort_unstable();
    let signature = hex(&sha1::Sha1::digest(parts.concat()));
    let query = format!("timestamp={timestamp}&nonce={nonce}&signature={signature}");
    let place = server.at(&format!("/wechat/{APPID}/events?{query}"));
    let answer = server.http.post(place).body(body).send().await.unwrap();
    assert_eq!(
        (answer.status().as_u16(), answer.text().await.unwrap().as_str()),
        (200, "success"),
        "{event}"
    );
}

#[actix_web::test]
async fn events_come_in_any_order_and_more_than_once_and_the_end_is_the_same() {
    let server = TestServer::start().await;
    plain(&server).await;
    let at = |seconds: i64| Millis(server.now().0 + seconds * 1_000);
    let events = [("subscribe", at(1)), ("unsubscribe", at(2)), ("subscribe", at(3)), ("unsubscribe", at(4))];
    for (number, order) in [[0, 1, 2, 3], [3, 2, 1, 0], [3, 0, 1, 2], [1, 3, 0, 2]].into_iter().enumerate() {
        let openid = format!("oAnyOrder000000000000000000{number}");
        for place in order.into_iter().chain(order) {
            let (event, at) = events[place];
            push(&server, &openid, event, at).await;
        }
        let row = row(&server, &openid).await;
        let end = (&row["follows"], &row["followed_at"], &row["changed_at"]);
        let changed = json!(Millis(at(4).seconds() * 1_000).rfc3339());
        assert_eq!(end, (&json!(false), &json!(null), &changed), "{order:?}");
    }
    // A newer following is not undone by an older leaving.
    let openid = "oAnyOrder0000000000000000009";
    push(&server, openid, "subscribe", at(3)).await;
    push(&server, openid, "unsubscribe", at(2)).await;
    let row = row(&server, openid).await;
    assert_eq!((&row["follows"], &row["followed_at"]), (&json!(true), &row["changed_at"]));
    assert_eq!(listed(&server, "").await["total"], 5);
}

#[actix_web::test]
async fn nothing_older_brings_a_closed_account_back() {
    let server = TestServer::start().await;
    plain(&server).await;
    let at = |seconds: i64| Millis(server.now().0 + seconds * 1_000);
    let openid = "oClosed000000000000000000000";
    push(&server, openid, "subscribe", at(1)).await;
    push(&server, openid, "user_authorization_cancellation", at(5)).await;
    for (event, at) in [("subscribe", at(2)), ("unsubscribe", at(3)), ("subscribe", at(5))] {
        push(&server, openid, event, at).await;
        assert_eq!(listed(&server, "").await["total"], 0, "{event}");
    }
    // A list that was begun before, too.
    let store = &server.running().store;
    let account = store.service_account_of(server.organization).await.unwrap().unwrap();
    let unit = store.begin().await.unwrap();
    let import = unit.begin_import(server.organization, account.id).await.unwrap();
    unit.list_followers(&import, &[openid.to_owned(), "oOther0000000000000000000000".to_owned()])
        .await
        .unwrap();
    unit.commit().await.unwrap();
    assert_eq!(listed(&server, "").await["items"][0]["openid"], "oOther0000000000000000000000");
    push(&server, openid, "subscribe", at(6)).await;
    assert_eq!(row(&server, openid).await["follows"], true, "what is newer counts");
}

#[actix_web::test]
async fn the_name_that_the_organization_gives_stays_when_wechat_takes_its_own_away() {
    let server = TestServer::start().await;
    let (alice, pc) = well_known(&server).await;
    let user = server.account("suppliers", &alice).await;
    let place = format!("/apps/{}/external-users/{}", user.app, user.id);
    let named = json!({"nickname": "Alice of Accounting"});
    let named = server.own_backend().patch(&place, named).await.expect(200).json();
    assert!(named["avatar_url"].is_string(), "the picture stays as long as WeChat lets it");
    tap(&server, &alice, "unfollow").await;
    assert_eq!(pc.me("suppliers").await.expect(200).json()["nickname"], "Alice of Accounting");
    let left = server.own_backend().get(&place).await.expect(200).json();
    assert_eq!(left["avatar_url"], json!(null), "the picture is WeChat's");
}
