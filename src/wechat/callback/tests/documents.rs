//! What a document may be, and what it says.

use super::*;

#[test]
fn documents_that_attack_the_parser_are_refused() {
    let plain = keys(Mode::Plain);
    let query = plain_query(&plain);
    let refusal = |body: &str| reason(open(&plain, &query, body.as_bytes(), NOW));
    let scan = event("<Event>SCAN</Event><EventKey>&e;</EventKey>");

    assert_eq!(refusal(&format!("<!DOCTYPE xml SYSTEM \"http://x.example/\">{scan}")), "a DTD");
    let laughs = "<!DOCTYPE x [<!ENTITY a \"ha\"><!ENTITY e \"&a;&a;&a;&a;&a;&a;&a;&a;\">]>";
    assert_eq!(refusal(&format!("{laughs}{scan}")), "a DTD");
    assert_eq!(refusal(&format!("<?xml version=\"1.0\"?>\n<!doctype x>{scan}")), "a DTD");
    assert_eq!(refusal(&scan), "unknown entity");
    let nested = format!("{}{}", "<a>".repeat(9), "</a>".repeat(9));
    assert_eq!(refusal(&nested), "too deep");
    let attributes = " a=\"\"".repeat(9);
    assert_eq!(refusal(&event(&format!("<Event{attributes}>SCAN</Event>"))), "too many attributes");
    assert_eq!(refusal(&event("<Event>SCAN</Event><Event>subscribe</Event>")), "a field stands twice");
    assert_eq!(refusal(&event(&"x".repeat(BODY_LIMIT))), "body too long");
    assert_eq!(refusal(&event("<!-- -->")), "a DTD");
    assert_eq!(refusal(&event("<?php ?>")), "strange XML");
    assert_eq!(refusal(&event("<Event>SCAN</event>")), "broken XML");
    assert_eq!(refusal("<xml>"), "not one document");
    assert_eq!(refusal("<xml></xml><xml></xml>"), "not one document");
    assert_eq!(refusal("Event=SCAN"), "neither XML nor JSON");
    assert_eq!(refusal(""), "neither XML nor JSON");
    assert_eq!(reason(open(&plain, &query, b"<xml>\xff</xml>", NOW)), "not UTF-8");

    assert_eq!(refusal(&format!("{{\"a\":{}{}}}", "[".repeat(8), "]".repeat(8))), "too deep");
    assert_eq!(refusal(r#"{"Event":"a","Event":"b"}"#), "broken JSON");
    assert_eq!(refusal("{"), "broken JSON");
}

#[test]
fn the_five_entities_and_cdata_are_text() {
    let pushed = push(
        &keys(Mode::Safe),
        &event("<Event>SCAN</Event><EventKey>&lt;&#65;&amp;<![CDATA[<!DOCTYPE>]]>&quot;</EventKey>"),
    );
    assert_eq!(pushed.unwrap().event, Event::Scan { scene: "<A&<!DOCTYPE>\"".into(), ticket: None });
}

#[test]
fn json_pushes_say_the_same() {
    let message = format!(
        r#"{{"ToUserName":"gh_portal0000001","FromUserName":"{OPENID}","CreateTime":1767225605,"MsgType":"event","Event":"TEMPLATESENDJOBFINISH","MsgID":3700000000000000001,"Status":"success","List":[{{"a":"[[[[[[[[["}}]}}"#
    );
    let pushed = push(&keys(Mode::Safe), &message).unwrap();
    assert_eq!(
        pushed.event,
        Event::TemplateSendFinished { msgid: 3_700_000_000_000_000_001, status: SendStatus::Delivered }
    );
}

#[test]
fn every_event_is_recognised_in_any_case() {
    let read = |fields: &str| push(&keys(Mode::Safe), &event(fields)).unwrap().event;
    assert_eq!(
        read("<Event>subscribe</Event><EventKey>qrscene_lg_1</EventKey><Ticket>gQ</Ticket>"),
        Event::Subscribe { scene: Some("lg_1".into()), ticket: Some("gQ".into()) }
    );
    assert_eq!(
        read("<Event>subscribe</Event><EventKey></EventKey>"),
        Event::Subscribe { scene: None, ticket: None }
    );
    assert_eq!(read("<Event>UNSUBSCRIBE</Event><EventKey/>"), Event::Unsubscribe);
    assert_eq!(
        read("<Event>CLICK</Event><EventKey>PORTAL_HELP</EventKey>"),
        Event::MenuClicked { key: "PORTAL_HELP".into() }
    );
    assert_eq!(
        read(
            "<Event>VIEW</Event><EventKey><![CDATA[https://m.example.org/p/shop?a=1&b=2]]></EventKey><MenuId>4</MenuId>"
        ),
        Event::MenuOpened { url: "https://m.example.org/p/shop?a=1&b=2".into() }
    );
    assert_eq!(read("<Event>VIEW</Event><EventKey/>"), Event::Other { name: "view".into() });
    // A card's event, whose person is the sender.
    assert_eq!(read("<Event>user_get_card</Event>"), Event::Other { name: "user_get_card".into() });
    let finished = |status: &str| {
        read(&format!("<Event>TemplateSendJobFinish</Event><MsgID>0</MsgID><Status>{status}</Status>"))
    };
    for (text, status) in [
        ("success", SendStatus::Delivered),
        ("failed:user block", SendStatus::UserBlock),
        ("failed: system failed", SendStatus::SystemFailed),
        ("failed:freq limit", SendStatus::FrequencyLimited),
        ("lost", SendStatus::Other),
    ] {
        assert_eq!(finished(text), Event::TemplateSendFinished { msgid: 0, status });
    }
}

#[test]
fn in_authorization_events_the_person_is_not_the_sender() {
    let message = |name: &str, appid: &str, more: &str| {
        event(&format!("<Event>{name}</Event><OpenID>oThe_Person</OpenID><AppID>{appid}</AppID>{more}"))
    };
    for (name, more, expected) in [
        (
            "user_authorization_revoke",
            "<RevokeInfo>205</RevokeInfo>",
            Event::AuthorizationRevoked { info: vec![NICKNAME_AND_PICTURE] },
        ),
        ("USER_AUTHORIZATION_CANCELLATION", "", Event::AuthorizationCancelled),
        ("user_info_modified", "<UnionID>oUnion</UnionID>", Event::ProfileModified),
    ] {
        let pushed = push(&keys(Mode::Safe), &message(name, APPID, more)).unwrap();
        assert_eq!((pushed.openid.as_str(), pushed.event), ("oThe_Person", expected), "{name}");
        let foreign = push(&keys(Mode::Safe), &message(name, "wxother", more));
        assert_eq!(reason(foreign), "another account's AppID", "{name}");
        let nobody = event(&format!("<Event>{name}</Event><AppID>{APPID}</AppID>{more}"));
        assert_eq!(reason(push(&keys(Mode::Safe), &nobody)), "a field is missing", "{name}");
    }
}

#[test]
fn in_all_other_events_the_person_is_the_sender() {
    for fields in [
        "<Event>subscribe</Event>",
        "<Event>unsubscribe</Event>",
        "<Event>SCAN</Event><EventKey>k</EventKey>",
        "<Event>CLICK</Event><EventKey>k</EventKey>",
        "<Event>VIEW</Event><EventKey>https://a.example</EventKey>",
    ] {
        let message = event(&format!("{fields}<OpenID>oSomebody_Else</OpenID>"));
        assert_eq!(push(&keys(Mode::Safe), &message).unwrap().openid, OPENID, "{fields}");
    }
}

#[test]
fn what_was_taken_back_is_read_as_numbers() {
    let info = |text: &str| {
        let message = event(&format!(
            "<Event>user_authorization_revoke</Event><OpenID>oThe_Person</OpenID><RevokeInfo>{text}</RevokeInfo>"
        ));
        match push(&keys(Mode::Safe), &message).unwrap().event {
            Event::AuthorizationRevoked { info } => info,
            other => panic!("{other:?}"),
        }
    };
    assert_eq!(info("205"), [205]);
    assert_eq!(info(" 201, 205;207 "), [201, 205, 207]);
    assert_eq!(info("205,99999999"), [205]);
    assert!(info("everything").is_empty() && info("").is_empty());
}

#[test]
fn spaces_in_front_of_names_are_wechats_own() {
    let message = format!(
        r#"{{"ToUserName":"gh_portal0000001","FromUserName":"oPlatform","CreateTime":1767225605,"MsgType":"event","Event":"user_authorization_revoke"," OpenID":"oThe_Person"," AppID":"{APPID}"," RevokeInfo":"201"}}"#
    );
    let pushed = push(&keys(Mode::Safe), &message).unwrap();
    assert_eq!(pushed.openid, "oThe_Person");
    assert_eq!(pushed.event, Event::AuthorizationRevoked { info: vec![201] });
    let twice = message.replace(r#"" OpenID":"#, r#""OpenID":"oA"," OpenID":"#);
    assert_eq!(reason(push(&keys(Mode::Safe), &twice)), "broken JSON");
}

#[test]
fn repeats_have_one_key_and_neighbours_have_two() {
    let keyed = |fields: &str| push(&keys(Mode::Safe), &event(fields)).unwrap().dedup_key;
    let first = "<Event>TEMPLATESENDJOBFINISH</Event><MsgID>1</MsgID><Status>success</Status>";
    let second = "<Event>TEMPLATESENDJOBFINISH</Event><MsgID>2</MsgID><Status>success</Status>";
    assert_eq!(keyed(first), keyed(first));
    assert_ne!(keyed(first), keyed(second));
    assert_eq!(keyed("<Event>SUBSCRIBE</Event>"), keyed("<Event>subscribe</Event>"));
    assert_ne!(keyed("<Event>subscribe</Event>"), keyed("<Event>unsubscribe</Event>"));

    let message = |number: u8, time: u8| {
        let text = format!(
            "<xml><ToUserName>gh_portal0000001</ToUserName><FromUserName>{OPENID}</FromUserName>\
             <CreateTime>{time}</CreateTime><MsgType>text</MsgType><Content>x</Content><MsgId>{number}</MsgId></xml>"
        );
        push(&keys(Mode::Safe), &text).unwrap()
    };
    assert_eq!(message(7, 1).dedup_key, message(7, 2).dedup_key);
    assert_ne!(message(7, 1).dedup_key, message(8, 1).dedup_key);
    assert_eq!(message(7, 1).event, Event::Message { kind: "text".into(), msg_id: Some(7) });
}
