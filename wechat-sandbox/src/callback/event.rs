//! The XML of events.

use std::fmt::Write;

use crate::instant::{Millis, seconds};

/// What happened, with the fields of its own.
pub(crate) enum Event {
    /// Somebody follows, by way of a parametric QR code when there is a scene.
    Subscribe { scene: Option<String> },
    /// Somebody follows no longer.
    Unsubscribe,
    /// A follower scanned a parametric QR code.
    Scan { scene: String },
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
            Self::Subscribe { scene: None } => text(&mut xml, "Event", "subscribe"),
            Self::Subscribe { scene: Some(scene) } => {
                text(&mut xml, "Event", "subscribe");
                text(&mut xml, "EventKey", &format!("qrscene_{scene}"));
                text(&mut xml, "Ticket", &ticket(scene));
            }
            Self::Unsubscribe => {
                text(&mut xml, "Event", "unsubscribe");
                text(&mut xml, "EventKey", "");
            }
            Self::Scan { scene } => {
                text(&mut xml, "Event", "SCAN");
                text(&mut xml, "EventKey", scene);
                text(&mut xml, "Ticket", &ticket(scene));
            }
        }
        xml
    }
}

/// The ticket of the QR code with this scene.
fn ticket(scene: &str) -> String {
    format!("gQ{scene}")
}

/// A text element. A `]]>` inside is parted over two sections, as it must be.
pub(super) fn text(xml: &mut String, name: &str, value: &str) {
    let _ = write!(xml, "<{name}><![CDATA[{}]]></{name}>", value.replace("]]>", "]]]]><![CDATA[>"));
}

#[cfg(test)]
mod tests {
    use super::*;

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
            (Event::Subscribe { scene: None }, "<Event><![CDATA[subscribe]]></Event>"),
            (
                Event::Subscribe { scene: Some("lg_7".to_owned()) },
                "<Event><![CDATA[subscribe]]></Event><EventKey><![CDATA[qrscene_lg_7]]></EventKey>\
                 <Ticket><![CDATA[gQlg_7]]></Ticket>",
            ),
            (Event::Unsubscribe, "<Event><![CDATA[unsubscribe]]></Event><EventKey><![CDATA[]]></EventKey>"),
            (
                Event::Scan { scene: "lg_7".to_owned() },
                "<Event><![CDATA[SCAN]]></Event><EventKey><![CDATA[lg_7]]></EventKey>\
                 <Ticket><![CDATA[gQlg_7]]></Ticket>",
            ),
        ] {
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
