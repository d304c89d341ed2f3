//! What each page shows, as values; the templates beside this file turn them into HTML (everything escaped).

pub mod account;
pub mod docs;
pub mod message;
pub mod phone;

use askama::Template;

use crate::http::assets::asset_url;
use crate::http::i18n::Lang;

pub use account::{
    AccountPage, AccountSignInPage, InboxLine, JoinPage, JoinStep, JoinedOrganization, RegisterForm,
    belonging_text, inbox_text, module_text,
};
pub use docs::DocsPage;
pub use message::{Message, MessagePage, Tone};
pub use phone::{
    AcceptStep, ApproveStep, BindStep, BrowserFacts, PHONE_ERROR_CODES, PhonePage, PhoneStep, TermsTick,
    phone_error,
};

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
    /// A phone to play with, where something stands in for WeChat: the code's link is offered to it.
    pub pretend_phone: Option<String>,
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
    /// How to follow, for somebody of whom it is known that they do not.
    pub nudge: Option<FollowNudge>,
    /// Whether the page is shown in WeChat's browser.
    pub in_wechat: bool,
    /// The host this site is served on.
    pub host: String,
}

/// How to follow the service account.
#[derive(Clone, Debug)]
pub enum FollowNudge {
    /// Scan this code with the phone.
    Scan {
        /// An SVG element of ours.
        svg: String,
    },
    /// Press on this picture, on the phone's own screen.
    Press {
        /// A path of this origin.
        image: String,
    },
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

#[cfg(test)]
mod tests;
