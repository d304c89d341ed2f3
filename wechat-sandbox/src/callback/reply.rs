//! What a callback may answer: nothing, `success`, or a reply in a form that the account's mode allows.

use crate::{
    crypto::message_signature,
    state::{Account, Mode},
};

/// Whether WeChat would take this body as an answer.
pub(super) fn is_valid(account: &Account, body: &str) -> bool {
    let body = body.trim();
    if body.is_empty() || body == "success" {
        return true;
    }
    let in_clear = element(body, "MsgType").is_some() && element(body, "ToUserName").is_some();
    match account.mode {
        Mode::Plain => in_clear,
        Mode::Compatible => in_clear || is_validly_sealed(account, body),
        Mode::Safe => is_validly_sealed(account, body),
    }
}

fn is_validly_sealed(account: &Account, body: &str) -> bool {
    let parts = ["Encrypt", "MsgSignature", "TimeStamp", "Nonce"].map(|name| element(body, name));
    let ([Some(encrypted), Some(signature), Some(timestamp), Some(nonce)], Some(key)) =
        (parts, account.encoding_key())
    else {
        return false;
    };
    message_signature(&account.token, timestamp, nonce, encrypted) == signature
        && key.open(encrypted, &account.appid).is_ok()
}

/// The text of an element inside `<xml>`, with or without a CDATA section.
fn element<'a>(body: &'a str, name: &str) -> Option<&'a str> {
    let inside = body.strip_prefix("<xml>")?.strip_suffix("</xml>")?;
    let (_, rest) = inside.split_once(&format!("<{name}>"))?;
    let (text, _) = rest.split_once(&format!("</{name}>"))?;
    let text = text.trim();
    Some(text.strip_prefix("<![CDATA[").and_then(|text| text.strip_suffix("]]>")).unwrap_or(text))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::random;

    fn account(mode: Mode) -> Account {
        Account {
            appid: "wx0123456789abcdef".to_owned(),
            original_id: "gh_portal0000001".to_owned(),
            token: "portalToken2026".to_owned(),
            encoding_aes_key: "Q7wKp2Zt9XbLm4VnR8sYd1HcJf6GuEa3TqWoPi5NzAv".to_owned(),
            mode,
            ..Account::default()
        }
    }

    const CLEAR: &str = "<xml><ToUserName>o1</ToUserName><FromUserName>gh_1</FromUserName>\
        <CreateTime>1</CreateTime><MsgType>text</MsgType><Content>hi</Content></xml>";

    fn sealed(signature: Option<&str>) -> String {
        let account = account(Mode::Safe);
        let key = account.encoding_key().expect("a key");
        let encrypted = key.seal(random::block(), CLEAR, &account.appid);
        let right = message_signature(&account.token, "1767225606", "1357924680", &encrypted);
        let signature = signature.unwrap_or(&right);
        format!(
            "<xml><Encrypt><![CDATA[{encrypted}]]></Encrypt><MsgSignature><![CDATA[{signature}]]></MsgSignature>\
             <TimeStamp>1767225606</TimeStamp><Nonce><![CDATA[1357924680]]></Nonce></xml>"
        )
    }

    #[test]
    fn nothing_and_success_are_answers_in_every_mode() {
        for mode in [Mode::Plain, Mode::Compatible, Mode::Safe] {
            for body in ["", "success", "success\n"] {
                assert!(is_valid(&account(mode), body), "{mode:?} {body:?}");
            }
            for body in ["ok", "{}", "<html>", "<xml></xml>", "SUCCESS"] {
                assert!(!is_valid(&account(mode), body), "{mode:?} {body:?}");
            }
        }
    }

    #[test]
    fn replies_have_the_form_of_the_mode() {
        for (mode, clear, encrypted) in
            [(Mode::Plain, true, false), (Mode::Compatible, true, true), (Mode::Safe, false, true)]
        {
            assert_eq!(is_valid(&account(mode), CLEAR), clear, "{mode:?}");
            assert_eq!(is_valid(&account(mode), &sealed(None)), encrypted, "{mode:?}");
        }
    }

    #[test]
    fn a_wrong_signature_or_a_wrong_key_is_no_reply() {
        let wrong = "6b166d322893e67594d77de54232c286f18fb2aa";
        assert!(!is_valid(&account(Mode::Safe), &sealed(Some(wrong))));
        let mut other = account(Mode::Safe);
        other.appid = "wxffffffffffffffff".to_owned();
        assert!(!is_valid(&other, &sealed(None)));
    }
}
