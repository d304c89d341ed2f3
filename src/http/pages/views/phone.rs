//! The phone page: one view for every step, with the texts its script may need.

use askama::Template;

use super::{FollowNudge, refusal};
use crate::domain::phone_visit::VisitKind;
use crate::http::assets::asset_url;
use crate::http::i18n::Lang;

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
    /// How to follow, at the end of a way in on the phone itself.
    pub nudge: Option<FollowNudge>,
}

/// The steps of the phone page.
#[derive(Clone, Debug)]
pub enum PhoneStep {
    /// Phone number and code, the first time in this app.
    Bind(BindStep),
    /// The decision about a computer.
    Approve(ApproveStep),
    /// The terms, which are all that is between a menu link and its portal.
    Accept(AcceptStep),
    /// Confirmed; the organization has yet to let the new account in.
    Held {
        /// For a computer or for this phone.
        kind: VisitKind,
    },
    /// Finished; on the phone itself (a menu link) with the way on.
    Done {
        /// Where to go, a path of this origin.
        redirect_to: Option<String>,
    },
    /// Declined or reported.
    Denied {
        /// What went wrong, if it was not a plain "no".
        error: Option<String>,
        /// For a computer or for this phone.
        kind: VisitKind,
    },
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

/// The tick box of a portal's terms; it is never ticked beforehand.
#[derive(Clone, Debug)]
pub struct TermsTick {
    /// Where they are to be read.
    pub url: String,
    /// Which version.
    pub version: String,
    /// That they were not ticked at the last attempt, as text.
    pub error: Option<String>,
}

/// Phone number and verification code.
#[derive(Clone, Debug)]
pub struct BindStep {
    /// What stands in the phone field already.
    pub phone: String,
    /// What stands in the code field already.
    pub code: String,
    /// The masked number a code went to, once one was sent.
    pub code_sent_to: Option<String>,
    /// What went wrong with the last attempt, as text.
    pub error: Option<String>,
    /// For a computer or for this phone.
    pub kind: VisitKind,
    /// The computer that asks, for `VisitKind::Qr`.
    pub browser: Option<BrowserFacts>,
    /// The terms to accept, if any.
    pub terms: Option<TermsTick>,
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
    /// What stands in the number's field already.
    pub number: String,
    /// What went wrong with the last attempt, as text.
    pub error: Option<String>,
    /// The terms to accept, if any.
    pub terms: Option<TermsTick>,
}

/// The terms on the way in by a menu link.
#[derive(Clone, Debug)]
pub struct AcceptStep {
    /// The person's nickname, if known.
    pub nickname: Option<String>,
    /// The person's picture, if known.
    pub avatar_url: Option<String>,
    /// The bound number, masked.
    pub phone_masked: String,
    /// The terms.
    pub terms: TermsTick,
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

/// The text of a phone step's error, by the problem's code (contract, section 4).
pub fn phone_error(lang: Lang, code: &str) -> &'static str {
    lang.t(match code {
        "code_wrong" => "phone.errors.code_wrong",
        "phone_invalid" => "phone.errors.phone_invalid",
        "phone_in_use" => "refused.phone_in_use.text",
        "seats_full" => "refused.seats_full.text",
        "match_wrong" => "phone.errors.match_wrong",
        "terms_required" => "phone.errors.terms_required",
        "too_many_requests" => "phone.errors.too_many_requests",
        "network" => "phone.errors.network",
        _ => "phone.errors.other",
    })
}

/// The codes whose texts the phone page carries for its script; the last one stands for any other.
pub const PHONE_ERROR_CODES: [&str; 9] = [
    "code_wrong",
    "phone_invalid",
    "phone_in_use",
    "seats_full",
    "match_wrong",
    "terms_required",
    "too_many_requests",
    "network",
    "other",
];
