//! What a push says, and the key by which its repeats are known.

use std::fmt;

use sha2::{Digest, Sha256};

use crate::domain::clock::Millis;

use super::Refused;
use super::document::Fields;
use super::signature::hex;
use crate::wechat::oauth::is_openid;

/// In these the sender is a platform of WeChat's, and the person stands in `OpenID`.
const AUTHORIZATION_EVENTS: [&str; 3] =
    ["user_authorization_revoke", "user_authorization_cancellation", "user_info_modified"];

/// WeChat's number for the person's nickname and picture in [`Event::AuthorizationRevoked`].
pub const NICKNAME_AND_PICTURE: u16 = 205;

/// One push that is WeChat's.
#[derive(Clone, PartialEq, Eq)]
pub struct Push {
    /// What happened.
    pub event: Event,
    /// The same for every repeat of this push and for no other: SHA-256 in hex.
    pub dedup_key: String,
    /// Whom it is about.
    pub openid: String,
    /// When it happened, to the second, by WeChat's clock.
    pub created: Millis,
}

impl fmt::Debug for Push {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Push")
            .field("event", &self.event)
            .field("created", &self.created)
            .finish_non_exhaustive()
    }
}

/// What a push tells.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Event {
    /// The person follows, also again.
    Subscribe {
        /// The parametric QR code that led here, without `qrscene_`.
        scene: Option<String>,
        /// That QR code's ticket.
        ticket: Option<String>,
    },
    /// The person no longer follows: what WeChat told about her has to go.
    Unsubscribe,
    /// A follower scanned a parametric QR code.
    Scan {
        /// What the code stands for.
        scene: String,
        /// The code's ticket.
        ticket: Option<String>,
    },
    /// The person tapped a menu entry that tells us a key.
    MenuClicked {
        /// The entry's key.
        key: String,
    },
    /// The person tapped a menu entry that opens an address.
    MenuOpened {
        /// The entry's address.
        url: String,
    },
    /// A template message came to its end.
    TemplateSendFinished {
        /// The number that sending it gave; 0 has been seen.
        msgid: i64,
        /// How it ended.
        status: SendStatus,
    },
    /// The person took back what she had granted, which has to be deleted.
    AuthorizationRevoked {
        /// WeChat's numbers for what, [`NICKNAME_AND_PICTURE`] among them; empty when the push names nothing that can be read.
        info: Vec<u16>,
    },
    /// The person's WeChat account is closed.
    AuthorizationCancelled,
    /// WeChat changed the person's profile: ask for it again or drop it.
    ProfileModified,
    /// The person wrote something; what she wrote is not kept.
    Message {
        /// `text`, `image`, …
        kind: String,
        /// WeChat's number of the message.
        msg_id: Option<i64>,
    },
    /// An event that nobody here acts on.
    Other {
        /// WeChat's name in lower case.
        name: String,
    },
}

/// How a template message ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum SendStatus {
    /// Delivered.
    Delivered,
    /// The person refuses messages of the account.
    UserBlock,
    /// WeChat failed.
    SystemFailed,
    /// The person was sent too much.
    FrequencyLimited,
    /// Something new.
    Other,
}

impl SendStatus {
    /// Its word in rows.
    pub fn word(self) -> &'static str {
        match self {
            Self::Delivered => "delivered",
            Self::UserBlock => "user_block",
            Self::SystemFailed => "system_failed",
            Self::FrequencyLimited => "frequency",
            Self::Other => "other",
        }
    }

    /// By prefix, without spaces: both `failed:user block` and `failed: system failed` have been seen.
    fn parse(text: &str) -> Self {
        let text: String = text.to_ascii_lowercase().split_ascii_whitespace().collect();
        let known = [
            ("success", Self::Delivered),
            ("failed:userblock", Self::UserBlock),
            ("failed:systemfailed", Self::SystemFailed),
            ("failed:freqlimit", Self::FrequencyLimited),
        ];
        known.iter().find(|(prefix, _)| text.starts_with(prefix)).map_or(Self::Other, |(_, status)| *status)
    }
}

/// Reads the fields of a push that has been proved to be WeChat's for `appid`.
pub(super) fn read(fields: &Fields, appid: &str) -> Result<Push, Refused> {
    let kind = required(fields, "MsgType")?.to_ascii_lowercase();
    let name = match kind.as_str() {
        "event" => Some(required(fields, "Event")?.to_ascii_lowercase()),
        _ => None,
    };
    let about_authorization = name.as_deref().is_some_and(|name| AUTHORIZATION_EVENTS.contains(&name));
    if about_authorization && fields.get("AppID").is_some_and(|other| other != appid) {
        return Err(Refused::because("another account's AppID"));
    }
    let openid = required(fields, if about_authorization { "OpenID" } else { "FromUserName" })?;
    if !is_openid(openid) {
        return Err(Refused::because("no openid"));
    }
    let created = required(fields, "CreateTime")?;
    let seconds: i64 = created.parse().map_err(|_| Refused::because("no CreateTime"))?;
    let dedup_key = dedup_key(appid, fields, openid, created, name.as_deref());
    let event = match name {
        Some(name) => read_event(fields, name)?,
        None => Event::Message { kind, msg_id: message_number(fields).and_then(|text| text.parse().ok()) },
    };
    Ok(Push { event, dedup_key, openid: openid.to_owned(), created: Millis(seconds.saturating_mul(1000)) })
}

fn read_event(fields: &Fields, name: String) -> Result<Event, Refused> {
    let ticket = || given(fields, "Ticket").map(str::to_owned);
    let key = given(fields, "EventKey");
    Ok(match (name.as_str(), key) {
        ("subscribe", _) => {
            let scene = key.and_then(|key| key.strip_prefix("qrscene_"));
            Event::Subscribe { scene: scene.map(str::to_owned), ticket: ticket() }
        }
        ("unsubscribe", _) => Event::Unsubscribe,
        ("scan", _) => Event::Scan { scene: required(fields, "EventKey")?.to_owned(), ticket: ticket() },
        ("templatesendjobfinish", _) => Event::TemplateSendFinished {
            msgid: message_number(fields)
                .and_then(|text| text.parse().ok())
                .ok_or(Refused::because("no MsgID"))?,
            status: SendStatus::parse(required(fields, "Status")?),
        },
        ("user_authorization_revoke", _) => Event::AuthorizationRevoked { info: revoked(fields) },
        ("user_authorization_cancellation", _) => Event::AuthorizationCancelled,
        ("user_info_modified", _) => Event::ProfileModified,
        // Without what was tapped they say nothing, which is no reason to have WeChat repeat them.
        ("click", Some(key)) => Event::MenuClicked { key: key.to_owned() },
        ("view", Some(url)) => Event::MenuOpened { url: url.to_owned() },
        _ => Event::Other { name },
    })
}

/// One number is documented, for each kind of data; several would be read, too.
fn revoked(fields: &Fields) -> Vec<u16> {
    let info = given(fields, "RevokeInfo").unwrap_or_default();
    info.split(|c: char| !c.is_ascii_digit()).filter_map(|number| number.parse().ok()).collect()
}

/// A message by its number; an event by all that two events of one second can differ in.
fn dedup_key(appid: &str, fields: &Fields, openid: &str, created: &str, name: Option<&str>) -> String {
    let field = |name: &str| fields.get(name).map_or("", String::as_str);
    let number = message_number(fields).unwrap_or_default();
    let parts = match name {
        None if !number.is_empty() => vec!["message", appid, number],
        // A message without a number, or an event; revocations of one second differ in what is taken back.
        _ => vec![
            "event",
            appid,
            openid,
            created,
            name.unwrap_or_default(),
            field("EventKey"),
            number,
            field("RevokeInfo"),
        ],
    };
    let mut hash = Sha256::new();
    for part in parts {
        // The length in front keeps two neighbours from passing for each other.
        hash.update(part.len().to_be_bytes());
        hash.update(part.as_bytes());
    }
    hex(&hash.finalize())
}

/// Events spell it `MsgID`, messages `MsgId`.
fn message_number(fields: &Fields) -> Option<&str> {
    given(fields, "MsgID").or_else(|| given(fields, "MsgId"))
}

fn given<'f>(fields: &'f Fields, name: &str) -> Option<&'f str> {
    fields.get(name).map(String::as_str).filter(|text| !text.is_empty())
}

fn required<'f>(fields: &'f Fields, name: &str) -> Result<&'f str, Refused> {
    given(fields, name).ok_or(Refused::because("a field is missing"))
}
