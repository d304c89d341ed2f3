//! The audit log: what happened, by whom, without personal data.

use super::ids::OrgId;
use super::network::Network;

/// What happened.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Action {
    /// A code was scanned.
    QrScanned,
    /// A sign-in was approved.
    QrApproved,
    /// A sign-in was declined.
    QrDeclined,
    /// A person said that they did not ask for a sign-in.
    QrReported,
    /// A browser took its login.
    QrClaimed,
    /// An authorization did not fit its phone.
    OauthRejected,
    /// A verification code was sent.
    CodeSent,
    /// A wrong verification code was typed.
    CodeFailed,
    /// Too many wrong codes for this phone.
    CodeLocked,
    /// Phone and WeChat account were joined.
    PhoneBound,
    /// The phone belongs to another WeChat account.
    PhoneConflict,
    /// A login began.
    SessionCreated,
    /// A login ended.
    SessionEnded,
    /// A limit was reached, or half of one.
    LimitHit,
    /// A push was refused.
    PushRejected,
    /// No seat was left.
    SeatDenied,
    /// The portal's gate did not let somebody in.
    EntryDenied,
    /// An account was switched on or off.
    UserDisabled,
}

impl Action {
    /// Its stable name.
    pub fn name(self) -> &'static str {
        match self {
            Self::QrScanned => "qr_scanned",
            Self::QrApproved => "qr_approved",
            Self::QrDeclined => "qr_declined",
            Self::QrReported => "qr_reported",
            Self::QrClaimed => "qr_claimed",
            Self::OauthRejected => "oauth_rejected",
            Self::CodeSent => "code_sent",
            Self::CodeFailed => "code_failed",
            Self::CodeLocked => "code_locked",
            Self::PhoneBound => "phone_bound",
            Self::PhoneConflict => "phone_conflict",
            Self::SessionCreated => "session_created",
            Self::SessionEnded => "session_ended",
            Self::LimitHit => "limit_hit",
            Self::PushRejected => "push_rejected",
            Self::SeatDenied => "seat_denied",
            Self::EntryDenied => "entry_denied",
            Self::UserDisabled => "user_disabled",
        }
    }
}

/// Who asks: what every use case takes along for the audit log.
#[derive(Clone, Debug)]
pub struct Caller {
    /// Where from.
    pub network: Network,
    /// The id of the request.
    pub request_id: String,
    /// Browser and system in two words.
    pub agent: String,
}

/// One line of the audit log.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Whose.
    pub organization: OrgId,
    /// What happened.
    pub action: Action,
    /// Who did it: an id of ours (`usr_…`), or what kind of caller.
    pub actor: String,
    /// What it was done to: an id of ours.
    pub subject: Option<String>,
    /// How it ended, in a word.
    pub result: &'static str,
}
