//! What each page shows, as values; the templates beside this file turn them into HTML (everything escaped).

use askama::Template;

use crate::http::assets::asset_url;
use crate::http::i18n::Lang;

/// The entrance in an ordinary browser: a live QR code, kept up to date by `entrance.js`.
#[derive(Clone, Debug, Template)]
#[template(path = "entrance.html")]
pub struct EntrancePage {
    /// The page's language.
    pub lang: Lang,
    /// The organization's name.
    pub organization: String,
    /// The app's name.
    pub app: String,
    /// The headline; usually `EntrancePage::default_title`, unless the portal has its own.
    pub title: String,
    /// The portal's logo: a path of this origin or an allowed avatar origin.
    pub logo_url: Option<String>,
    /// The portal's slug.
    pub slug: String,
    /// The portal's lasting link, shown where scripts do not run.
    pub link: String,
    /// The host this site is served on, as people read it.
    pub host: String,
}

impl EntrancePage {
    /// "Sign in to APP".
    pub fn default_title(lang: Lang, app: &str) -> String {
        lang.tf("entrance.title", &[("app", app)])
    }
}

/// Which link was opened outside WeChat.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum LinkKind {
    /// The portal's own link, on a phone.
    Entrance,
    /// The link of one QR code, by another scanner than WeChat's.
    QrLink,
}

/// How to go on in WeChat, for a browser that is not WeChat's.
#[derive(Clone, Debug, Template)]
#[template(path = "open_in_wechat.html")]
pub struct OpenInWeChatPage {
    /// The page's language.
    pub lang: Lang,
    /// The organization's name.
    pub organization: String,
    /// The app's name.
    pub app: String,
    /// The portal's logo.
    pub logo_url: Option<String>,
    /// The link to open in WeChat, absolute.
    pub link: String,
    /// Which link it is.
    pub kind: LinkKind,
    /// The host this site is served on.
    pub host: String,
}

/// The page of the step at hand on the phone, inside WeChat.
#[derive(Clone, Debug, Template)]
#[template(path = "phone.html")]
pub struct PhonePage {
    /// The page's language.
    pub lang: Lang,
    /// The portal's slug.
    pub slug: String,
    /// The organization's name, from the database.
    pub organization: String,
    /// The app's name, from the database.
    pub app: String,
    /// The portal's logo.
    pub logo_url: Option<String>,
    /// The host this site is served on; the warning names it.
    pub host: String,
    /// The step's CSRF value.
    pub csrf: String,
    /// The step.
    pub step: PhoneStep,
}

/// The steps of the phone page.
#[derive(Clone, Debug)]
pub enum PhoneStep {
    /// Phone number and code, the first time in this app.
    Bind(BindStep),
    /// The decision about a computer.
    Approve(ApproveStep),
    /// Confirmed; the organization has yet to let the new account in.
    Held,
    /// Finished; on the phone itself (a menu link) with the way on.
    Done {
        /// Where to go, a path of this origin.
        redirect_to: Option<String>,
    },
    /// Declined or reported.
    Denied,
    /// Refused.
    Refused {
        /// The reason's code: `seats_full`, `account_disabled`, `invitation_required`, `portal_closed`, `phone_in_use`.
        reason: String,
    },
    /// Too late.
    Expired,
    /// Another request is exchanging WeChat's answer; the page looks again after a second.
    Moment,
}

/// What the person is binding a phone number for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum BindKind {
    /// To sign in on a computer.
    Qr,
    /// To sign in here, on the phone.
    Menu,
}

/// Phone number and verification code.
#[derive(Clone, Debug)]
pub struct BindStep {
    /// What stands in the phone field already.
    pub phone: String,
    /// The masked number a code went to, once one was sent.
    pub code_sent_to: Option<String>,
    /// What went wrong with the last attempt, as text.
    pub error: Option<String>,
    /// For a computer or for this phone.
    pub kind: BindKind,
    /// The computer that asks, for `BindKind::Qr`.
    pub browser: Option<BrowserFacts>,
}

/// The decision about a computer.
#[derive(Clone, Debug)]
pub struct ApproveStep {
    /// The person's nickname, if known.
    pub nickname: Option<String>,
    /// The person's picture, if known.
    pub avatar_url: Option<String>,
    /// The bound number, masked.
    pub phone_masked: String,
    /// The computer that asks.
    pub browser: BrowserFacts,
    /// Whether the number on the computer's screen must be typed.
    pub match_required: bool,
    /// What went wrong with the last attempt, as text.
    pub error: Option<String>,
}

/// What is known of the computer that asks.
#[derive(Clone, Debug)]
pub struct BrowserFacts {
    /// The browser's name.
    pub name: String,
    /// The operating system's name.
    pub system: String,
    /// The address with its last part masked.
    pub ip_masked: String,
    /// Whether the phone comes from the same network.
    pub same_network: bool,
    /// How long ago the QR code was shown, in seconds.
    pub opened_seconds_ago: i64,
}

impl BrowserFacts {
    /// "Opened 12 seconds ago", in the largest fitting unit.
    pub fn opened(&self, lang: Lang) -> String {
        match self.opened_seconds_ago {
            ..5 => lang.t("phone.facts.opened_now").to_owned(),
            n @ 5..60 => lang.tf("phone.facts.opened_seconds", &[("n", &n.to_string())]),
            60..120 => lang.t("phone.facts.opened_minute").to_owned(),
            n => lang.tf("phone.facts.opened_minutes", &[("n", &(n / 60).to_string())]),
        }
    }
}

/// Signed in: who, where, and the way out, before any content.
#[derive(Clone, Debug, Template)]
#[template(path = "home.html")]
pub struct HomePage {
    /// The page's language.
    pub lang: Lang,
    /// The portal's slug.
    pub slug: String,
    /// The organization's name.
    pub organization: String,
    /// The app's name.
    pub app: String,
    /// The portal's logo.
    pub logo_url: Option<String>,
    /// The person's nickname, if known.
    pub nickname: Option<String>,
    /// The person's picture, if known.
    pub avatar_url: Option<String>,
    /// The bound number, masked.
    pub phone_masked: String,
    /// Whether the person follows the service account (and so can be notified).
    pub follows: bool,
    /// Whether the page is shown in WeChat's browser.
    pub in_wechat: bool,
    /// The host this site is served on.
    pub host: String,
}

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
    /// A virtual person of WeChat's page preview: tap "use the full service".
    Snapshot,
    /// The form's check value or origin is wrong (403): reload.
    Forbidden,
    /// WeChat or a store does not answer (502, 503).
    Unavailable,
    /// Something broke (500).
    Broken,
}

impl Message {
    /// All of them.
    pub const ALL: [Self; 12] = [
        Self::PortalClosed,
        Self::LinkExpired,
        Self::LinkUnknown,
        Self::AlreadyTaken,
        Self::OpenAgain,
        Self::ConsentRefused,
        Self::NoTransaction,
        Self::TooManyRequests,
        Self::Snapshot,
        Self::Forbidden,
        Self::Unavailable,
        Self::Broken,
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
            Self::Snapshot => ("message.snapshot.title", "message.snapshot.text"),
            Self::Forbidden => ("message.forbidden.title", "message.forbidden.text"),
            Self::Unavailable => ("message.unavailable.title", "message.unavailable.text"),
            Self::Broken => ("message.broken.title", "message.broken.text"),
        };
        (lang.t(title), lang.t(text))
    }
}

impl MessagePage {
    /// The page of a known message, without a way on; set `action` and `request_id` where there is one.
    pub fn new(lang: Lang, host: &str, message: Message) -> Self {
        let (title, text) = message.texts(lang);
        let tone = if message == Message::Snapshot { Tone::Info } else { Tone::Problem };
        let (title, text, host) = (title.to_owned(), text.to_owned(), host.to_owned());
        Self { lang, title, text, action: None, request_id: None, tone, host }
    }
}

/// The title and text of a refusal; an unknown reason gets the general one.
pub fn refusal(lang: Lang, reason: &str) -> (&'static str, &'static str) {
    let (title, text) = match reason {
        "seats_full" => ("refused.seats_full.title", "refused.seats_full.text"),
        "account_disabled" => ("refused.account_disabled.title", "refused.account_disabled.text"),
        "invitation_required" => ("refused.invitation_required.title", "refused.invitation_required.text"),
        "portal_closed" => ("refused.portal_closed.title", "refused.portal_closed.text"),
        "phone_in_use" => ("refused.phone_in_use.title", "refused.phone_in_use.text"),
        _ => ("refused.other.title", "refused.other.text"),
    };
    (lang.t(title), lang.t(text))
}

/// The reasons the entrance prepares a panel for; the last one stands for any other.
pub const REFUSAL_REASONS: [&str; 6] =
    ["seats_full", "account_disabled", "invitation_required", "portal_closed", "phone_in_use", "other"];

/// The text of a phone step's error, by the problem's code (contract, section 4).
pub fn phone_error(lang: Lang, code: &str) -> &'static str {
    lang.t(match code {
        "code_wrong" => "phone.errors.code_wrong",
        "phone_invalid" => "phone.errors.phone_invalid",
        "phone_in_use" => "refused.phone_in_use.text",
        "seats_full" => "refused.seats_full.text",
        "match_wrong" => "phone.errors.match_wrong",
        "too_many_requests" => "phone.errors.too_many_requests",
        "network" => "phone.errors.network",
        _ => "phone.errors.other",
    })
}

/// The codes whose texts the phone page carries for its script; the last one stands for any other.
pub const PHONE_ERROR_CODES: [&str; 8] = [
    "code_wrong",
    "phone_invalid",
    "phone_in_use",
    "seats_full",
    "match_wrong",
    "too_many_requests",
    "network",
    "other",
];

#[cfg(test)]
mod tests;
