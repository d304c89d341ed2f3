//! Signatures, keys, modes and age; every value that WeChat published or that was computed from its scheme.

use aes::cipher::{BlockModeEncrypt, KeyIvInit};
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use proptest::prelude::*;

use super::*;
use vectors::*;

mod documents;
mod vectors;

const APPID: &str = "wx0123456789abcdef";
const K1: &str = "Qm9va3NoZWxmLVBvcnRhbC1EZW1vLUtleS0wMDAwMDE";
const K2: &str = "Q7wKp2Zt9XbLm4VnR8sYd1HcJf6GuEa3TqWoPi5NzAv";
const TIMESTAMP: &str = "1767225605";
const NONCE: &str = "1357924680";
const NOW: Millis = Millis(1_767_225_605_000);
const SCAN_SIGNATURE: &str = "e8e259fa5b8654f7f4a086805d3bae2283870d7c";
const OPENID: &str = "oPortal_User_0000000000000A1";

fn key(text: &str) -> EncodingAesKey {
    EncodingAesKey::parse(text).unwrap()
}

fn keys(mode: Mode) -> CallbackKeys {
    CallbackKeys {
        appid: APPID.into(),
        token: "portalToken2026".into(),
        aes_keys: vec![key(K1)],
        mode,
        original_id: Some("gh_portal0000001".into()),
    }
}

/// WeChat's own half of the scheme, so that a test can push whatever it likes.
fn seal(key: &EncodingAesKey, appid: &str, random: &[u8; 16], message: &[u8]) -> String {
    let mut plain = random.to_vec();
    plain.extend_from_slice(&u32::try_from(message.len()).unwrap().to_be_bytes());
    plain.extend_from_slice(message);
    plain.extend_from_slice(appid.as_bytes());
    let padding = 32 - plain.len() % 32;
    plain.extend(std::iter::repeat_n(u8::try_from(padding).unwrap(), padding));
    let cipher = cbc::Encryptor::<aes::Aes256>::new_from_slices(key.bytes(), &key.bytes()[..16]).unwrap();
    STANDARD.encode(cipher.encrypt_padded_vec::<aes::cipher::block_padding::NoPadding>(&plain))
}

fn envelope(sealed: &str) -> Vec<u8> {
    format!(
        "<xml><ToUserName><![CDATA[gh_portal0000001]]></ToUserName><Encrypt><![CDATA[{sealed}]]></Encrypt></xml>"
    )
    .into_bytes()
}

fn stamped() -> PushQuery {
    PushQuery { timestamp: Some(TIMESTAMP.into()), nonce: Some(NONCE.into()), ..PushQuery::default() }
}

fn encrypted_query(msg_signature: &str) -> PushQuery {
    PushQuery { msg_signature: Some(msg_signature.into()), encrypt_type: Some("aes".into()), ..stamped() }
}

fn plain_query(keys: &CallbackKeys) -> PushQuery {
    PushQuery { signature: Some(signature::of_query(&keys.token, TIMESTAMP, NONCE)), ..stamped() }
}

/// Pushes `message` rightly signed and encrypted.
fn push(keys: &CallbackKeys, message: &str) -> Result<Push, Refused> {
    let sealed = seal(&keys.aes_keys[0], APPID, b"a1b2c3d4e5f60718", message.as_bytes());
    let right = signature::of_message(&keys.token, TIMESTAMP, NONCE, &sealed);
    open(keys, &encrypted_query(&right), &envelope(&sealed), NOW)
}

fn event(fields: &str) -> String {
    format!(
        "<xml><ToUserName>gh_portal0000001</ToUserName><FromUserName>{OPENID}</FromUserName>\
         <CreateTime>1767225605</CreateTime><MsgType>event</MsgType>{fields}</xml>"
    )
}

fn reason(result: Result<Push, Refused>) -> &'static str {
    result.unwrap_err().reason
}

#[test]
fn published_values_of_wechat_are_reproduced() {
    let token = SecretString::from("AAAAA");
    let zero = key(&"A".repeat(43));
    assert_eq!(zero.bytes(), &[0; 32]);
    assert_eq!(
        signature::of_query(&token, "1714036504", "1514711492"),
        "f464b24fc39322e44b38aa78f5edd27bd1441696"
    );
    assert_eq!(
        signature::of_query(&token, "1714037059", "486452656"),
        "899cf89e464efb63f54ddac96b0a0a235f53aa78"
    );
    let keys = CallbackKeys {
        appid: "wxba5fad812f8e6fb9".into(),
        token: token.clone(),
        aes_keys: vec![zero.clone()],
        mode: Mode::Safe,
        original_id: Some("gh_97417a04a28d".into()),
    };
    let verification = PushQuery {
        signature: Some("f464b24fc39322e44b38aa78f5edd27bd1441696".into()),
        timestamp: Some("1714036504".into()),
        nonce: Some("1514711492".into()),
        echostr: Some("4375120948345356249".into()),
        ..PushQuery::default()
    };
    assert_eq!(verify_url(&keys, &verification).unwrap(), "4375120948345356249");

    let query = PushQuery {
        msg_signature: Some("046e02f8204d34f8ba5fa3b1db94908f3df2e9b3".into()),
        signature: Some("6c5c811b55cc85e0e1b54100749188c20beb3f5d".into()),
        timestamp: Some("1714112445".into()),
        nonce: Some("415670741".into()),
        encrypt_type: Some("aes".into()),
        ..PushQuery::default()
    };
    let body = format!(r#"{{"ToUserName":"gh_97417a04a28d","Encrypt":"{PUBLISHED_SEALED}"}}"#);
    let pushed = open(&keys, &query, body.as_bytes(), Millis(1_714_112_445_000)).unwrap();
    assert_eq!(pushed.event, Event::Other { name: "debug_demo".into() });
    assert_eq!(pushed.openid, "o9AgO5Kd5ggOC-bXrbNODIiE3bGY");
    assert_eq!(crypto::open(&zero, PUBLISHED_SEALED, &keys.appid).unwrap(), PUBLISHED_MESSAGE.as_bytes());
    assert_eq!(seal(&zero, &keys.appid, b"a8eedb185eb2fecf", PUBLISHED_MESSAGE.as_bytes()), PUBLISHED_SEALED);

    let reply = seal(&zero, &keys.appid, b"707722b803182950", br#"{"demo_resp":"good luck"}"#);
    assert_eq!(reply, PUBLISHED_REPLY_SEALED);
    assert_eq!(
        signature::of_message(&token, "1713424427", "415670741", &reply),
        "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1"
    );
}

#[test]
fn the_verification_of_the_url_is_answered_with_its_echo() {
    let keys = keys(Mode::Safe);
    let query = PushQuery {
        signature: Some("fcb56858126f30cbbed64bc957e5cf315d69f10e".into()),
        timestamp: Some("1767225600".into()),
        nonce: Some("8274610035".into()),
        echostr: Some("6182736450918273645".into()),
        ..PushQuery::default()
    };
    assert_eq!(verify_url(&keys, &query).unwrap(), "6182736450918273645");
    let forged = PushQuery { nonce: Some("8274610036".into()), ..query.clone() };
    assert!(verify_url(&keys, &forged).is_err());
    let page = PushQuery { echostr: Some("<script>".into()), ..query };
    assert!(verify_url(&keys, &page).is_err());
}

#[test]
fn an_encrypted_scan_is_opened() {
    let pushed =
        open(&keys(Mode::Safe), &encrypted_query(SCAN_SIGNATURE), &envelope(SCAN_SEALED), NOW).unwrap();
    assert_eq!(
        pushed.event,
        Event::Scan { scene: "lg_7Qk2vX9bTz".into(), ticket: Some("gQTicketDemo0001".into()) }
    );
    assert_eq!(pushed.openid, OPENID);
    assert_eq!(pushed.created, NOW);
    assert_eq!(seal(&key(K1), APPID, b"a1b2c3d4e5f60718", SCAN_MESSAGE.as_bytes()), SCAN_SEALED);
}

#[test]
fn a_key_with_spare_bits_opens_text_beyond_ascii() {
    assert_eq!(crypto::open(&key(K2), REPLY_SEALED, APPID).unwrap(), REPLY_MESSAGE.as_bytes());
    assert_eq!(seal(&key(K2), APPID, b"0f1e2d3c4b5a6978", REPLY_MESSAGE.as_bytes()), REPLY_SEALED);
    assert_eq!(
        signature::of_message(&"portalToken2026".into(), "1767225606", NONCE, REPLY_SEALED),
        "6b166d322893e67594d77de54232c286f18fb2aa"
    );
    assert!(EncodingAesKey::parse(&K2[1..]).is_err());
    assert!(EncodingAesKey::parse(&format!("{}!", &K2[1..])).is_err());
    assert!(!format!("{:?}", key(K2)).contains(K2));
}

#[test]
fn a_wrong_signature_is_refused_before_anything_is_decrypted() {
    let safe = keys(Mode::Safe);
    let changed = "e8e259fa5b8654f7f4a086805d3bae2283870d70";
    let of_the_query = "b645f94cf8fce99f12e841206d72e54976535eb8";
    for wrong in [changed, of_the_query, ""] {
        assert_eq!(
            reason(open(&safe, &encrypted_query(wrong), &envelope(SCAN_SEALED), NOW)),
            "wrong msg_signature"
        );
    }
    let only_signature =
        PushQuery { signature: Some(of_the_query.into()), encrypt_type: Some("aes".into()), ..stamped() };
    assert_eq!(reason(open(&safe, &only_signature, &envelope(SCAN_SEALED), NOW)), "no msg_signature");

    assert_eq!(signature::of_query(&safe.token, TIMESTAMP, NONCE), of_the_query);
    assert_eq!(
        signature::of_query(&safe.token, TIMESTAMP, "1357924681"),
        "c94abefc3538bde3ddc10ca5ca0ebc68175b7230"
    );
    let plain = keys(Mode::Plain);
    let other_nonce = PushQuery { nonce: Some("1357924681".into()), ..plain_query(&plain) };
    assert_eq!(reason(open(&plain, &other_nonce, SCAN_MESSAGE.as_bytes(), NOW)), "wrong signature");
}

#[test]
fn a_push_for_another_appid_or_account_is_refused() {
    let foreign = CallbackKeys { appid: "wxffffffffffffffff".into(), ..keys(Mode::Safe) };
    let query = encrypted_query(SCAN_SIGNATURE);
    assert_eq!(
        reason(open(&foreign, &query, &envelope(SCAN_SEALED), NOW)),
        "cannot be decrypted for this account"
    );
    let elsewhere = CallbackKeys { original_id: Some("gh_portal0000002".into()), ..keys(Mode::Safe) };
    assert_eq!(reason(open(&elsewhere, &query, &envelope(SCAN_SEALED), NOW)), "another account's ToUserName");
    let unknown = CallbackKeys { original_id: None, ..keys(Mode::Safe) };
    assert!(open(&unknown, &query, &envelope(SCAN_SEALED), NOW).is_ok());
}

#[test]
fn a_whole_block_of_padding_is_stripped() {
    let message = b"<xml><A>xxxxxxxx</A></xml>";
    assert_eq!(crypto::open(&key(K1), BOUNDARY_SEALED, APPID).unwrap(), message);
    assert_eq!(seal(&key(K1), APPID, b"0123456789abcdef", message), BOUNDARY_SEALED);
    assert_eq!(
        signature::of_message(&"portalToken2026".into(), TIMESTAMP, NONCE, BOUNDARY_SEALED),
        "875c8d2a6810d3763556a6d724e02b85fb028abd"
    );
}

#[test]
fn the_previous_key_still_opens() {
    let rotated = CallbackKeys { aes_keys: vec![key(K2), key(K1)], ..keys(Mode::Safe) };
    assert!(open(&rotated, &encrypted_query(SCAN_SIGNATURE), &envelope(SCAN_SEALED), NOW).is_ok());
}

#[test]
fn a_push_counts_for_five_minutes_on_both_sides() {
    let at = |seconds: i64| {
        let now = Millis((1_767_225_605 + seconds) * 1000);
        open(&keys(Mode::Safe), &encrypted_query(SCAN_SIGNATURE), &envelope(SCAN_SEALED), now)
    };
    assert!(at(300).is_ok() && at(-300).is_ok());
    assert_eq!(reason(at(301)), "timestamp out of window");
    assert_eq!(reason(at(-301)), "timestamp out of window");
}

#[test]
fn clear_text_counts_only_where_the_binding_says_plain() {
    for mode in [Mode::Safe, Mode::Compatible] {
        let keys = keys(mode);
        assert_eq!(reason(open(&keys, &plain_query(&keys), SCAN_MESSAGE.as_bytes(), NOW)), "not encrypted");
        let raw = PushQuery { encrypt_type: Some("raw".into()), ..plain_query(&keys) };
        assert_eq!(reason(open(&keys, &raw, SCAN_MESSAGE.as_bytes(), NOW)), "not encrypted");
        let called_aes = PushQuery { encrypt_type: Some("aes".into()), ..plain_query(&keys) };
        assert_eq!(reason(open(&keys, &called_aes, SCAN_MESSAGE.as_bytes(), NOW)), "nothing encrypted");
    }
    let plain = keys(Mode::Plain);
    assert!(open(&plain, &plain_query(&plain), SCAN_MESSAGE.as_bytes(), NOW).is_ok());
    // An account that was switched to safe mode in the console keeps working.
    assert!(open(&plain, &encrypted_query(SCAN_SIGNATURE), &envelope(SCAN_SEALED), NOW).is_ok());
}

#[test]
fn of_a_compatible_push_only_the_encrypted_part_is_believed() {
    let body = format!(
        "<xml><ToUserName>gh_portal0000001</ToUserName><FromUserName>oSomebody_Else</FromUserName>\
         <CreateTime>1</CreateTime><MsgType>event</MsgType><Event>unsubscribe</Event>\
         <Encrypt>{SCAN_SEALED}</Encrypt></xml>"
    );
    let pushed =
        open(&keys(Mode::Compatible), &encrypted_query(SCAN_SIGNATURE), body.as_bytes(), NOW).unwrap();
    assert_eq!(pushed.openid, OPENID);
    assert!(matches!(pushed.event, Event::Scan { .. }));
}

#[test]
fn a_refusal_says_nothing_and_a_push_shows_nobody() {
    let safe = keys(Mode::Safe);
    let refused = open(&safe, &encrypted_query("x"), &envelope(SCAN_SEALED), NOW).unwrap_err();
    assert_eq!(refused.to_string(), "push refused");
    let pushed = open(&safe, &encrypted_query(SCAN_SIGNATURE), &envelope(SCAN_SEALED), NOW).unwrap();
    assert!(!format!("{pushed:?}").contains(OPENID));
}

proptest! {
    #[test]
    fn any_changed_byte_of_the_ciphertext_is_refused(place in 0..SCAN_SEALED.len(), change in 1..128_u8) {
        let mut sealed = SCAN_SEALED.as_bytes().to_vec();
        sealed[place] ^= change;
        let body = envelope(&String::from_utf8(sealed).unwrap());
        prop_assert!(open(&keys(Mode::Safe), &encrypted_query(SCAN_SIGNATURE), &body, NOW).is_err());
    }

    #[test]
    fn any_changed_byte_of_the_signature_is_refused(place in 0..SCAN_SIGNATURE.len(), change in 1..128_u8) {
        let mut given = SCAN_SIGNATURE.as_bytes().to_vec();
        given[place] ^= change;
        let given = String::from_utf8(given).unwrap();
        prop_assert!(open(&keys(Mode::Safe), &encrypted_query(&given), &envelope(SCAN_SEALED), NOW).is_err());
    }

    #[test]
    fn ciphertext_of_a_thief_who_can_sign_never_panics(bytes: Vec<u8>) {
        let sealed = STANDARD.encode(&bytes);
        let right = signature::of_message(&"portalToken2026".into(), TIMESTAMP, NONCE, &sealed);
        prop_assert!(open(&keys(Mode::Safe), &encrypted_query(&right), &envelope(&sealed), NOW).is_err());
    }

    #[test]
    fn no_document_panics(body: Vec<u8>, text in "[<>!&;/a-c\\[\\]{}\":,?-]{0,60}") {
        let plain = keys(Mode::Plain);
        let _ = open(&plain, &plain_query(&plain), &body, NOW);
        let _ = open(&plain, &plain_query(&plain), text.as_bytes(), NOW);
    }

    #[test]
    fn every_length_of_message_comes_back(message in "[a-z登]{0,200}") {
        let sealed = seal(&key(K2), APPID, &[7; 16], message.as_bytes());
        prop_assert_eq!(crypto::open(&key(K2), &sealed, APPID), Some(message.into_bytes()));
    }
}
