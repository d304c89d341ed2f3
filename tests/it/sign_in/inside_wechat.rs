//! The menu link inside WeChat, following, and WeChat's pushes.

use serde_json::json;

use super::first_time::sign_in_new;
use crate::support::TestServer;
use crate::support::server::{APPID, ORIGINAL_ID};

#[actix_web::test]
async fn following_shows_in_me() {
    let server = TestServer::start().await;
    let phone = server.person("Alice").await;
    let pc = sign_in_new(&server, &phone, "suppliers").await;
    assert_eq!(pc.me("suppliers").await.expect(200).json()["follows"], false);
    // All within the second in which WeChat was asked after the scan, whose answer is as old as the question.
    for (action, follows) in [("follow", true), ("unfollow", false)] {
        let place = format!("/sandbox/people/{}/{action}", phone.id);
        // The sandbox answers when the push was delivered.
        let told = server.sandbox_post(&place, &json!({"appid": APPID})).await;
        assert!(!told["callback"].is_null(), "{told}");
        assert_eq!(pc.me("suppliers").await.expect(200).json()["follows"], follows, "{action}: {told}");
    }
}

#[actix_web::test]
async fn a_bound_person_is_signed_in_by_the_menu_link_alone() {
    let server = TestServer::start().await;
    let phone = server.person("Alice").await;
    sign_in_new(&server, &phone, "suppliers").await;
    let answer = phone.scan(&phone.at("/p/suppliers")).await.expect(303);
    assert_eq!(answer.location(), "/p/suppliers/home");
    phone.web.get_json(&phone.at("/p/suppliers/me")).await.expect(200);
    phone.web.get(&phone.at("/p/suppliers")).await.expect(303);
}

#[actix_web::test]
async fn signing_out_inside_wechat_is_not_undone_by_the_entrance_or_the_back_button() {
    let server = TestServer::start().await;
    let phone = server.person("Alice").await;
    sign_in_new(&server, &phone, "suppliers").await;
    let callback = phone.authorize(&phone.at("/p/suppliers")).await;
    phone.web.get(&callback).await.expect(303);
    phone.web.get_json(&phone.at("/p/suppliers/me")).await.expect(200);
    // The answer may have been lost: the same callback again signs in again, in place of the first login.
    assert_eq!(phone.web.get(&callback).await.expect(303).location(), "/p/suppliers/home");
    phone.web.get_json(&phone.at("/p/suppliers/me")).await.expect(200);

    let page = phone.web.post(&phone.at("/p/suppliers/logout"), &[]).await.expect(200);
    assert!(page.body.contains("/p/suppliers\""), "the page offers to sign in again");
    phone.web.get_json(&phone.at("/p/suppliers/me")).await.expect(401);
    assert_eq!(phone.web.get(&callback).await.expect(303).location(), "/p/suppliers/phone");
    phone.web.get_json(&phone.at("/p/suppliers/me")).await.expect(401);
}

#[actix_web::test]
async fn a_stranger_binds_a_phone_behind_the_menu_link_and_is_in() {
    let server = TestServer::start().await;
    let phone = server.person("Alice").await;
    let answer = phone.scan(&phone.at("/p/suppliers")).await.expect(303);
    assert_eq!(answer.location(), "/p/suppliers/phone");
    assert_eq!(phone.view("suppliers").await["step"], "bind");
    let view = phone.prove(&server, "suppliers").await.expect(200).json();
    assert_eq!((&view["step"], &view["redirect_to"]), (&"done".into(), &"/p/suppliers/home".into()));
    phone.web.get_json(&phone.at("/p/suppliers/me")).await.expect(200);
}

#[actix_web::test]
async fn forged_and_plain_pushes_get_an_empty_403() {
    let server = TestServer::start().await;
    let events = server.at(&format!("/wechat/{APPID}/events"));
    let now = server.now().seconds();
    let plain = format!(
        "<xml><ToUserName>{ORIGINAL_ID}</ToUserName><FromUserName>o</FromUserName><CreateTime>{now}</CreateTime>\
         <MsgType>event</MsgType><Event>subscribe</Event></xml>"
    );
    let sealed = "<xml><Encrypt>AAAA</Encrypt></xml>";
    let dtd = "<!DOCTYPE x [<!ENTITY e \"e\">]><xml><Encrypt>&e;</Encrypt></xml>";
    for (query, body) in [
        (String::new(), sealed),
        (format!("?encrypt_type=aes&timestamp={now}&nonce=1&msg_signature={:040}", 0), sealed),
        (format!("?encrypt_type=aes&timestamp={now}&nonce=1&msg_signature={:040}", 0), dtd),
        (format!("?timestamp={now}&nonce=1&signature={}", signature(&now.to_string(), "1")), plain.as_str()),
    ] {
        let answer = server.http.post(format!("{events}{query}")).body(body.to_owned()).send().await.unwrap();
        assert_eq!(answer.status(), 403, "{query}");
        assert_eq!(answer.text().await.unwrap(), "");
    }
    let unknown = server.at("/wechat/wxffffffffffffffff/events");
    assert_eq!(server.http.post(unknown).body("x").send().await.unwrap().status(), 403);
}

/// A true signature of plain mode: with it only the mode is wrong.
fn signature(timestamp: &str, nonce: &str) -> String {
    use sha1::Digest;
    let mut parts = [crate::support::server::TOKEN, timestamp, nonce];
    parts.sort_unstable();
    menfang::domain::keys::hex(&sha1::Sha1::digest(parts.concat()))
}
