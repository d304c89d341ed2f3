//! The published examples and the vectors TV-0 to TV-6, bit by bit.

use super::*;
use crate::crypto::message_signature;

const TOKEN: &str = "portalToken2026";
const APPID: &str = "wx0123456789abcdef";
const K1: &str = "Qm9va3NoZWxmLVBvcnRhbC1EZW1vLUtleS0wMDAwMDE";
const K2: &str = "Q7wKp2Zt9XbLm4VnR8sYd1HcJf6GuEa3TqWoPi5NzAv";

const PUBLISHED_MESSAGE: &str = concat!(
    r#"{"ToUserName":"gh_97417a04a28d","FromUserName":"o9AgO5Kd5ggOC-bXrbNODIiE3bGY","CreateTime":17141"#,
    r#"12445,"MsgType":"event","Event":"debug_demo","debug_str":"hello world"}"#,
);
const PUBLISHED_ENVELOPE: &str = concat!(
    "+qdx1OKCy+5JPCBFWw70tm0fJGb2Jmeia4FCB7kao+/Q5c/ohsOzQHi8khUOb05JCpj0JB4RvQMkUyus8TPxLKJGQqcvZqzD",
    "pVzazhZv6JsXUnnR8XGT740XgXZUXQ7vJVnAG+tE8NUd4yFyjPy7GgiaviNrlCTj+l5kdfMuFUPpRSrfMZuMcp3Fn2Pede2I",
    "uQrKEYwKSqFIZoNqJ4M8EajAsjLY2km32IIjdf8YL/P50F7mStwntrA2cPDrM1kb6mOcfBgRtWygb3VIYnSeOBrebufAlr7F",
    "9mFUPAJGj04=",
);
const SCAN_MESSAGE: &str = concat!(
    "<xml><ToUserName><![CDATA[gh_portal0000001]]></ToUserName><FromUserName><![CDATA[oPortal_User_00",
    "00000000000A1]]></FromUserName><CreateTime>1767225605</CreateTime><MsgType><![CDATA[event]]></Ms",
    "gType><Event><![CDATA[SCAN]]></Event><EventKey><![CDATA[lg_7Qk2vX9bTz]]></EventKey><Ticket><![CD",
    "ATA[gQTicketDemo0001]]></Ticket></xml>",
);
const SCAN_ENVELOPE: &str = concat!(
    "qyU5UQnSvqh0eGYNT80woJfMuQ28g2ANsPUL2EV4u5bKAvrmOxHDOexycdznoA79HtgwtMB0v4C1mV/ftxNZqrVRzQu12KgX",
    "oAmoNPWkrT+YQNXje/s3BmR8MniiRx9XoZC6YMWgfZ1LWfHskYK8579aGmnCQUyjO2+uMthceJPNnZIjUlyH4Eo4IelkvWzu",
    "NjKAYN4KXmj+JSv4mqkweL7pBYoMdxVQHOvhiZIYeS2wugla0D4O7RH3F88pePXUNsOZOxnm49RYwuDR+3Yh0CRhfeaoQzk/",
    "78gHFnEhvuRcr214Pjxdi5FjOzsUzZJP7u4quAENiqRDADTs6qlMLAMe0JvNB62iN1023Nxn0mGrYLYKWDX9Wl4DyrInwPaU",
    "q5ZZJsNL4wVrD97JHXPQxnmiaTb4A1QuY9MA72p/RZmgaiBlbVOHGEbCz8WlNz4OZ7TYiBOKg6bUMmn1hWmS2WeZvCnCuKTW",
    "bBypUVyBd9gjZtuTeDv8JHuIrkknrMRm",
);
const REPLY_MESSAGE: &str = concat!(
    "<xml><ToUserName><![CDATA[oPortal_User_0000000000000A1]]></ToUserName><FromUserName><![CDATA[gh_",
    "portal0000001]]></FromUserName><CreateTime>1767225606</CreateTime><MsgType><![CDATA[text]]></Msg",
    "Type><Content><![CDATA[登录成功]]></Content></xml>",
);
const REPLY_ENVELOPE: &str = concat!(
    "JCssSE1q8DuJVtIJbyMDG+FnJLDZlspHFKNsIwBb4p4QqZTIiNzZHQt2TfmyrbCiTaUjAYZ+naPugR64Y0d6Xb0B+WjJ88S9",
    "J2z/ZlNa3F6ij5Acxq42O2v7fEQhrkdM9N2C18j1hsclYsWdW0vWUlUKRnGIfV4xXaqpP+cpvbhJyplloDR0+9OhMDLHUXNP",
    "D5T0fmWVpdaQ93oNMD+Xla95n7AwFyk/oYG+jj+o0noP4OSLHH5oCLpmvL2WZspoErjkYlyad9FeMKf46p62LqtgB2YZE30X",
    "DCIGzyMSImArSOMV5tUCLlWU8dFGYJt1Vt0S4Vd5a5RYPBKakRrklgQTSLe9jOzfahJzf8xPkEyfSOklxFAMCk3oey49WmHg",
);

fn key(encoded: &str) -> EncodingKey {
    EncodingKey::parse(encoded).expect("a key of the right shape")
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |hex, byte| hex + &format!("{byte:02x}"))
}

#[test]
fn keys_are_read_with_and_without_spare_bits() {
    assert_eq!(hex(&key(K1).0), "426f6f6b7368656c662d506f7274616c2d44656d6f2d4b65792d303030303031");
    assert_eq!(hex(&key(K2).0), "43bc0aa7666df576cb9b856747cb187751dc25fe86b846b74ea5a83e2e4dcc0b");
    for wrong in ["", "short", &K1[1..], &format!("{K1}A"), &K1.replace('Q', "*")] {
        assert!(EncodingKey::parse(wrong).is_none(), "{wrong} is no key");
    }
}

#[test]
fn the_published_example_opens_and_its_reply_is_sealed_alike() {
    let key = key(&"A".repeat(43));
    assert_eq!(key.open(PUBLISHED_ENVELOPE, "wxba5fad812f8e6fb9").as_deref(), Ok(PUBLISHED_MESSAGE));
    assert_eq!(PUBLISHED_MESSAGE.len(), 167);
    assert_eq!(
        message_signature("AAAAA", "1714112445", "415670741", PUBLISHED_ENVELOPE),
        "046e02f8204d34f8ba5fa3b1db94908f3df2e9b3"
    );
    let reply = key.seal(*b"707722b803182950", r#"{"demo_resp":"good luck"}"#, "wxba5fad812f8e6fb9");
    assert_eq!(
        reply,
        "ELGduP2YcVatjqIS+eZbp80MNLoAUWvzzyJxgGzxZO/5sAvd070Bs6qrLARC9nVHm48Y4hyRbtzve1L32tmxSQ=="
    );
    assert_eq!(
        message_signature("AAAAA", "1713424427", "415670741", &reply),
        "1b9339964ed2e271e7c7b6ff2b0ef902fc94dea1"
    );
}

#[test]
fn an_encrypted_event_is_sealed_bit_by_bit_and_opens_again() {
    assert_eq!(key(K1).seal(*b"a1b2c3d4e5f60718", SCAN_MESSAGE, APPID), SCAN_ENVELOPE);
    assert_eq!(key(K1).open(SCAN_ENVELOPE, APPID).as_deref(), Ok(SCAN_MESSAGE));
    let right = "e8e259fa5b8654f7f4a086805d3bae2283870d7c";
    assert_eq!(message_signature(TOKEN, "1767225605", "1357924680", SCAN_ENVELOPE), right);
    // TV-4: neither a changed digit nor the URL's signature is the message's.
    for wrong in ["e8e259fa5b8654f7f4a086805d3bae2283870d70", "b645f94cf8fce99f12e841206d72e54976535eb8"] {
        assert_ne!(wrong, right);
    }
}

#[test]
fn lengths_count_bytes_not_characters() {
    assert_eq!(REPLY_MESSAGE.len(), 246);
    assert_eq!(REPLY_MESSAGE.chars().count(), 238);
    assert_eq!(key(K2).seal(*b"0f1e2d3c4b5a6978", REPLY_MESSAGE, APPID), REPLY_ENVELOPE);
    assert_eq!(key(K2).open(REPLY_ENVELOPE, APPID).as_deref(), Ok(REPLY_MESSAGE));
    assert_eq!(
        message_signature(TOKEN, "1767225606", "1357924680", REPLY_ENVELOPE),
        "6b166d322893e67594d77de54232c286f18fb2aa"
    );
}

#[test]
fn another_accounts_envelope_is_refused() {
    let foreign = key(K1).open(SCAN_ENVELOPE, "wxffffffffffffffff");
    assert_eq!(foreign, Err(EnvelopeError::ForeignAppid));
}

#[test]
fn a_full_block_is_padded_with_another_one() {
    let envelope = key(K1).seal(*b"0123456789abcdef", "<xml><A>xxxxxxxx</A></xml>", APPID);
    assert_eq!(
        envelope,
        concat!(
            "+i3WTWZP5wqZ3e+0K4CFU1xGDw4o499ZoXW3eaLp9RKEV6CmYOg1a09AflLSR8dBFj6gOdlUMpto2N2mbJlaMxn1N3qd",
            "Izrcd/u25IO+FL4QYk2c/NZd5Ii667JLEQ+A"
        )
    );
    assert_eq!(
        message_signature(TOKEN, "1767225605", "1357924680", &envelope),
        "875c8d2a6810d3763556a6d724e02b85fb028abd"
    );
    assert_eq!(key(K1).open(&envelope, APPID).as_deref(), Ok("<xml><A>xxxxxxxx</A></xml>"));
}

#[test]
fn broken_envelopes_are_refused() {
    for broken in ["", "AAAA", "not base64!", &SCAN_ENVELOPE[..SCAN_ENVELOPE.len() - 4]] {
        assert!(key(K1).open(broken, APPID).is_err(), "{broken}");
    }
    assert!(key(K2).open(SCAN_ENVELOPE, APPID).is_err(), "the wrong key opens nothing");
}
