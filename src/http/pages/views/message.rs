//! The page that says one thing, and the things that pages have to say.

use askama::Template;

use crate::http::assets::asset_url;
use crate::http::i18n::Lang;

/// How a message is meant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Tone {
    /// Tells what to do next.
    Info,
    /// Tells that something is in the way.
    Problem,
}

/// A page that says one thing.
#[derive(Clone, Debug, Template)]
#[template(path = "message.html")]
pub struct MessagePage {
    /// The page's language.
    pub lang: Lang,
    /// The headline.
    pub title: String,
    /// One or two sentences: what happened, what to do.
    pub text: String,
    /// A way on: its label and address.
    pub action: Option<(String, String)>,
    /// The request's id, for whoever is asked for help.
    pub request_id: Option<String>,
    /// How it is meant.
    pub tone: Tone,
    /// The host this site is served on.
    pub host: String,
}

/// The messages that pages need, each with its texts in the catalogue.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Message {
    /// The portal is closed, or its app or organization is.
    PortalClosed,
    /// A QR code's link after its time (410).
    LinkExpired,
    /// A malformed, forged or unknown link (404).
    LinkUnknown,
    /// The QR code belongs to another person who scanned first (409).
    AlreadyTaken,
    /// The authorization does not belong to this phone or was used (400): start again.
    OpenAgain,
    /// The person refused WeChat's authorization.
    ConsentRefused,
    /// No transaction on this phone (403).
    NoTransaction,
    /// A limit was reached (429).
    TooManyRequests,
    /// An invitation that is used, revoked, over or unknown (422).
    InvitationInvalid,
    /// A virtual person of WeChat's page preview: tap "use the full service".
    Snapshot,
    /// The form's check value or origin is wrong (403): reload.
    Forbidden,
    /// WeChat or a store does not answer (502, 503).
    Unavailable,
    /// Something broke (500).
    Broken,
    /// Signed out inside WeChat, where the entrance would sign in again at once (200).
    SignedOut,
}

impl Message {
    /// All of them.
    pub const ALL: [Self; 14] = [
        Self::PortalClosed,
        Self::LinkExpired,
        Self::LinkUnknown,
        Self::AlreadyTaken,
        Self::OpenAgain,
        Self::ConsentRefused,
        Self::NoTransaction,
        Self::TooManyRequests,
        Self::InvitationInvalid,
        Self::Snapshot,
        Self::Forbidden,
        Self::Unavailable,
        Self::Broken,
        Self::SignedOut,
    ];

    /// Title and text of the message.
    pub fn texts(self, lang: Lang) -> (&'static str, &'static str) {
        let (title, text) = match self {
            Self::PortalClosed => ("message.portal_closed.title", "message.portal_closed.text"),
            Self::LinkExpired => ("message.link_expired.title", "message.link_expired.text"),
            Self::LinkUnknown => ("message.link_unknown.title", "message.link_unknown.text"),
            Self::AlreadyTaken => ("message.already_taken.title", "message.already_taken.text"),
            Self::OpenAgain => ("message.open_again.title", "message.open_again.text"),
            Self::ConsentRefused => ("message.consent_refused.title", "message.consent_refused.text"),
            Self::NoTransaction => ("message.no_transaction.title", "message.no_transaction.text"),
            Self::TooManyRequests => ("message.too_many.title", "message.too_many.text"),
            Self::InvitationInvalid => ("message.invitation.title", "message.invitation.text"),
            Self::Snapshot => ("message.snapshot.title", "message.snapshot.text"),
            Self::Forbidden => ("message.forbidden.title", "message.forbidden.text"),
            Self::Unavailable => ("message.unavailable.title", "message.unavailable.text"),
            Self::SignedOut => ("message.signed_out.title", "message.signed_out.text"),
            Self::Broken => ("message.broken.title", "message.broken.text"),
        };
        (lang.t(title), lang.t(text))
    }
}

impl MessagePage {
    /// The page of a known message, without a way on; set `action` and `request_id` where there is one.
    pub fn new(lang: Lang, host: &str, message: Message) -> Self {
        let (title, text) = message.texts(lang);
        let tone = if matches!(message, Message::Snapshot | Message::SignedOut) {
            Tone::Info
        } else {
            Tone::Problem
        };
        let (title, text, host) = (title.to_owned(), text.to_owned(), host.to_owned());
        Self { lang, title, text, action: None, request_id: None, tone, host }
    }
}
