//! The XML of events.

use std::fmt::Write;

use crate::instant::{Millis, seconds};

/// What happened, with the fields of its own.
pub(crate) enum Event {
    /// Somebody follows, by way of a parametric QR code or without.
    Subscribe { by: Option<Scan> },
    /// Somebody follows no longer.
    Unsubscribe,
    /// A follower scanned a parametric QR code.
    Scan(Scan),
    /// A follower tapped a menu entry that tells the server a key.
    Click { key: String },
    /// A follower tapped a menu entry that opens a page.
    View { url: String, menu_id: u64 },
    /// A follower tapped a menu entry that opens a mini program.
    ViewMiniprogram { pagepath: String, menu_id: u64 },
    /// A template message has come to its end; the status is `success` or `failed:…`.
    TemplateSendJobFinish { msgid: i64, status: String },
    /// Something happened to the data of a person. The sender is the platform, the person stands in the event.
    PersonalData { what: PersonalData, openid: String, appid: String },
}

/// A parametric QR code was read: what it stands for, and its ticket.
pub(crate) struct Scan {
    pub(crate) scene: String,
    pub(crate) ticket: String,
}

/// What happened to the data of a person.
pub(crate) enum PersonalData {
    /// The platform changed a risky nickname or picture.
    Modified,
    /// The person takes back what they had allowed; `info` is WeChat's number for what that was.
    Revoked { info: String },
    /// The person closed their WeChat account.
    Cancelled,
}

impl Event {
    /// The fields inside `<xml>`, the envelope included.
    pub(super) fn fields(&self, original_id: &str, openid: &str, at: Millis) -> String {
        let mut xml = String::new();
        text(&mut xml, "ToUserName", original_id);
        text(&mut xml, "FromUserName", openid);
        let _ = write!(xml, "<CreateTime>{}</CreateTime>", seconds(at));
        text(&mut xml, "MsgType", "event");
        match self {
            Self::Subscribe { by: None } => text(&mut xml, "Event", "subscribe"),
            Self::Subscribe { by: Some(Scan { scene, ticket }) } => {
                text(&mut xml, "Event", "subscribe");
                text(&mut xml, "EventKey", &format!("qrscene_{scene}"));
                text(&mut xml, "Ticket", ticket);
            }
            Self::Unsubscribe => {
                text(&mut xml, "Event", "unsubscribe");
                text(&mut xml, "EventKey", "");
            }
            Self::Scan(Scan { scene, ticket }) => {
                text(&mut xml, "Event", "SCAN");
                text(&mut xml, "EventKey", scene);
                text(&mut xml, "Ticket", ticket);
            }
            Self::Click { key } => {
                text(&mut xml, "Event", "CLICK");
                text(&mut xml, "EventKey", key);
            }
            Self::View { url, menu_id } => view(&mut xml, "VIEW", url, *menu_id),
            Self::ViewMiniprogram { pagepath, menu_id } => {
                view(&mut xml, "view_miniprogram", pagepath, *menu_id);
            }
            Self::TemplateSendJobFinish { msgid, status } => {
                text(&mut xml, "Event", "TEMPLATESENDJOBFINISH");
                let _ = write!(xml, "<MsgID>{msgid}</MsgID>");
                text(&mut xml, "Status", status);
            }
            Self::PersonalData { what, openid, appid } => personal_data(&mut xml, what, openid, appid),
        }
        xml
    }
}

fn view(xml: &mut String, event: &str, opened: &str, menu_id: u64) {
    text(xml, "Event", event);
    text(xml, "EventKey", opened);
    let _ = write!(xml, "<MenuId>{menu_id}</MenuId>");
}

fn personal_data(xml: &mut String, what: &PersonalData, openid: &str, appid: &str) {
    let event = match what {
        PersonalData::Modified => "user_info_modified",
        PersonalData::Revoked { .. } => "user_authorization_revoke",
        PersonalData::Cancelled => "user_authorization_cancellation",
    };
    text(xml, "Event", event);
    text(xml, "OpenID", openid);
    text(xml, "AppID", appid);
    if let PersonalData::Revoked { info } = what {
        text(xml, "RevokeInfo", info);
    }
}

/// A text element. A `]]>` inside is parted over two sections, as it must be.
pub(super) fn text(xml: &mut String, name: &str, value: &str) {
    let _ = write!(xml, "<{name}><![CDATA[{}]]></{name}>", value.replace("]]>", "]]]]><![CDATA[>"));
}

#[cfg(test)]
mod tests {
    use super::*;

    fn lg_7() -> Scan {
        Scan { scene: "lg_7".to_owned(), ticket: "gQlg_7".to_owned() }
    }

    fn xml(event: &Event) -> String {
        event.fields("gh_portal0000001", "oPortal_User_0000000000000A1", 1_767_225_700_999)
    }

    const HEAD: &str = concat!(
        "<ToUserName><![CDATA[gh_portal0000001]]></ToUserName>",
        "<FromUserName><![CDATA[oPortal_User_0000000000000A1]]></FromUserName>",
        "<CreateTime>1767225700</CreateTime><MsgType><![CDATA[event]]></MsgType>"
    );

    #[test]
    fn events_look_like_wechats() {
        for (event, tail) in [
            (Event::Subscribe { by: None }, "<Event><![CDATA[subscribe]]></Event>"),
            (
                Event::Subscribe { by: Some(lg_7()) },
                "<Event><![CDATA[subscribe]]></Event><EventKey><![CDATA[qrscene_lg_7]]></EventKey>\
                 <Ticket><![CDATA[gQlg_7]]></Ticket>",
            ),
            (Event::Unsubscribe, "<Event><![CDATA[unsubscribe]]></Event><EventKey><![CDATA[]]></EventKey>"),
            (
                Event::Scan(lg_7()),
                "<Event><![CDATA[SCAN]]></Event><EventKey><![CDATA[lg_7]]></EventKey>\
                 <Ticket><![CDATA[gQlg_7]]></Ticket>",
            ),
        ] {
            assert_eq!(xml(&event), format!("{HEAD}{tail}"));
        }
    }

    #[test]
    fn taps_look_like_wechats() {
        let url = "https://portal.example.org/m/inbox".to_owned();
        for (event, tail) in [
            (
                Event::Click { key: "PORTAL_HELP".to_owned() },
                "<Event><![CDATA[CLICK]]></Event><EventKey><![CDATA[PORTAL_HELP]]></EventKey>",
            ),
            (
                Event::View { url, menu_id: 430_000_001 },
                "<Event><![CDATA[VIEW]]></Event><EventKey><![CDATA[https://portal.example.org/m/inbox]]></EventKey>\
                 <MenuId>430000001</MenuId>",
            ),
            (
                Event::ViewMiniprogram { pagepath: "pages/index".to_owned(), menu_id: 430_000_001 },
                "<Event><![CDATA[view_miniprogram]]></Event><EventKey><![CDATA[pages/index]]></EventKey>\
                 <MenuId>430000001</MenuId>",
            ),
        ] {
            assert_eq!(xml(&event), format!("{HEAD}{tail}"));
        }
    }

    #[test]
    fn the_person_whose_data_it_is_stands_in_the_event() {
        let whose = "<OpenID><![CDATA[oPerson]]></OpenID><AppID><![CDATA[wx0123456789abcdef]]></AppID>";
        for (what, name, tail) in [
            (PersonalData::Modified, "user_info_modified", ""),
            (PersonalData::Cancelled, "user_authorization_cancellation", ""),
            (
                PersonalData::Revoked { info: "205".to_owned() },
                "user_authorization_revoke",
                "<RevokeInfo><![CDATA[205]]></RevokeInfo>",
            ),
        ] {
            let (openid, appid) = ("oPerson".to_owned(), "wx0123456789abcdef".to_owned());
            let event = Event::PersonalData { what, openid, appid };
            assert_eq!(xml(&event), format!("{HEAD}<Event><![CDATA[{name}]]></Event>{whose}{tail}"));
        }
    }

    #[test]
    fn a_receipt_has_the_number_and_the_status() {
        for status in ["success", "failed:user block", "failed: system failed"] {
            let event =
                Event::TemplateSendJobFinish { msgid: 3_700_000_000_000_000_001, status: status.to_owned() };
            let tail = format!(
                "<Event><![CDATA[TEMPLATESENDJOBFINISH]]></Event><MsgID>3700000000000000001</MsgID>\
                 <Status><![CDATA[{status}]]></Status>"
            );
            assert_eq!(xml(&event), format!("{HEAD}{tail}"));
        }
    }

    #[test]
    fn no_text_ends_its_own_section() {
        let mut xml = String::new();
        text(&mut xml, "A", "x]]>y");
        assert_eq!(xml, "<A><![CDATA[x]]]]><![CDATA[>y]]></A>");
    }
}
