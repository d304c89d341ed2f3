//! The QR session as a state machine: no I/O, no clock; `now` is a parameter and expiry is derived.
//!
//! ```text
//!  (ticket) ──scan──► scanned ──code asked──► verifying
//!                        │  └──────bind──────────┤
//!                        ▼                       ▼
//!                    approve ─────────────► authorized ──claim──► claimed
//!                        │ └─pending person─► held ──admit──┘
//!                        ├── deny, report, wrong number ──► denied
//!                        └── seats, disabled, closed, … ──► refused
//!  every state but the last four ends as expired when its time is over
//! ```
//! Each transition gives the next value with `seq + 1`; the store writes it where the row still has the old `seq`,
//! so of two transitions at once exactly one counts.

use super::clock::Millis;
use super::ids::{AppId, OrgId, UserId};
use super::network::Network;
use super::policy::Lifetimes;
use super::qr_ticket::{Computer, QrRef, Ticket};

/// Where a QR session that has been scanned stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// A person has scanned it.
    Scanned,
    /// The person is proving a phone number.
    Verifying,
    /// The person has confirmed; the organization has yet to let the account in.
    Held,
    /// Approved, and waiting for the browser to claim it.
    Authorized,
    /// The browser has its login.
    Claimed,
    /// Declined, reported, or the wrong number was typed.
    Denied,
    /// The account may not be had.
    Refused(Refusal),
}

/// Why somebody is not let in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// The organization has no external-user seat left.
    SeatsFull,
    /// The account is disabled.
    AccountDisabled,
    /// The portal lets in invited people only.
    InvitationRequired,
    /// The portal is closed.
    PortalClosed,
    /// The phone belongs to another WeChat account.
    PhoneInUse,
}

impl Refusal {
    /// The contract's word.
    pub fn code(self) -> &'static str {
        match self {
            Self::SeatsFull => "seats_full",
            Self::AccountDisabled => "account_disabled",
            Self::InvitationRequired => "invitation_required",
            Self::PortalClosed => "portal_closed",
            Self::PhoneInUse => "phone_in_use",
        }
    }

    /// Reads the contract's word.
    pub fn from_code(code: &str) -> Option<Self> {
        [
            Self::SeatsFull,
            Self::AccountDisabled,
            Self::InvitationRequired,
            Self::PortalClosed,
            Self::PhoneInUse,
        ]
        .into_iter()
        .find(|refusal| refusal.code() == code)
    }
}

impl State {
    /// The state's name, as rows hold it (the contract's words, and `claimed`).
    pub fn name(self) -> &'static str {
        match self {
            Self::Scanned => "scanned",
            Self::Verifying => "verifying",
            Self::Held => "held",
            Self::Authorized => "authorized",
            Self::Claimed => "claimed",
            Self::Denied => "denied",
            Self::Refused(_) => "refused",
        }
    }

    /// Reads a row's name and reason.
    pub fn from_name(name: &str, reason: Option<&str>) -> Option<Self> {
        Some(match name {
            "scanned" => Self::Scanned,
            "verifying" => Self::Verifying,
            "held" => Self::Held,
            "authorized" => Self::Authorized,
            "claimed" => Self::Claimed,
            "denied" => Self::Denied,
            "refused" => Self::Refused(Refusal::from_code(reason?)?),
            _ => return None,
        })
    }

    /// The states from which somebody may still come in.
    pub const OPEN: [Self; 4] = [Self::Scanned, Self::Verifying, Self::Held, Self::Authorized];

    /// Whether nothing can follow.
    pub fn is_final(self) -> bool {
        matches!(self, Self::Claimed | Self::Denied | Self::Refused(_))
    }
}

/// A QR session that a phone has scanned.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct QrSession {
    /// Its key.
    pub r: QrRef,
    /// The organization.
    pub organization: OrgId,
    /// The app.
    pub app: AppId,
    /// Who scanned it: the first openid, for ever.
    pub openid: String,
    /// The account, once it is known.
    pub user: Option<UserId>,
    /// Where it stands.
    pub state: State,
    /// Grows with each change; a waiting session has 1, the scan makes 2.
    pub seq: u32,
    /// The number to match, 10 to 99, when number matching applies.
    pub match_number: Option<u8>,
    /// The computer that shows the code.
    pub computer: Computer,
    /// Where the phone is.
    pub phone_network: Network,
    /// When the code was made.
    pub issued_at: Millis,
    /// When it was scanned.
    pub scanned_at: Millis,
    /// When the present state ends by itself.
    pub expires_at: Millis,
}

/// Why a transition is not possible.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum TransitionError {
    /// Its time is over.
    #[error("its time is over")]
    Expired,
    /// Another person scanned it.
    #[error("another person's")]
    NotYours,
    /// It was decided already.
    #[error("decided already")]
    Decided,
    /// No account is bound yet.
    #[error("no account yet")]
    NotBound,
    /// It is not authorized.
    #[error("not authorized")]
    NotAuthorized,
    /// It was claimed before.
    #[error("claimed before")]
    AlreadyClaimed,
}

/// How an approval ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Approval {
    /// The browser may claim, or waits for the organization.
    Given(QrSession),
    /// The number was wrong: the session is dead.
    WrongNumber(QrSession),
}

/// What a scan brings.
pub struct Scan {
    /// The organization of the portal.
    pub organization: OrgId,
    /// The app of the portal.
    pub app: AppId,
    /// Who scans.
    pub openid: String,
    /// The account, if this person has one in this app.
    pub user: Option<UserId>,
    /// The number to match, if it applies.
    pub match_number: Option<u8>,
    /// Where the phone is.
    pub phone_network: Network,
}

impl QrSession {
    /// The first scan, at most `lifetimes.qr` after the code was made.
    pub fn scan(
        ticket: &Ticket,
        scan: Scan,
        now: Millis,
        lifetimes: &Lifetimes,
    ) -> Result<Self, TransitionError> {
        if now > ticket.issued_at.plus(lifetimes.qr) {
            return Err(TransitionError::Expired);
        }
        let life = if scan.user.is_some() { lifetimes.decision } else { lifetimes.bind };
        Ok(Self {
            r: ticket.r,
            organization: scan.organization,
            app: scan.app,
            openid: scan.openid,
            user: scan.user,
            state: State::Scanned,
            seq: 2,
            match_number: scan.match_number,
            computer: ticket.computer,
            phone_network: scan.phone_network,
            issued_at: ticket.issued_at,
            scanned_at: now,
            expires_at: now.plus(life),
        })
    }

    /// Whether its time is over (never true of a final state).
    pub fn is_expired(&self, now: Millis) -> bool {
        !self.state.is_final() && now > self.expires_at
    }

    /// A code was asked for: the person is proving a phone number.
    pub fn code_asked(&self, openid: &str, now: Millis) -> Result<Self, TransitionError> {
        self.open_for(openid, now)?;
        Ok(self.next(State::Verifying, self.expires_at))
    }

    /// The phone is proved and the account known; the confirmation page begins.
    pub fn bind(
        &self,
        openid: &str,
        user: UserId,
        now: Millis,
        lifetimes: &Lifetimes,
    ) -> Result<Self, TransitionError> {
        self.open_for(openid, now)?;
        Ok(Self { user: Some(user), ..self.next(self.state, now.plus(lifetimes.decision)) })
    }

    /// The person says yes; `pending` means that the organization has yet to let the account in.
    pub fn approve(
        &self,
        openid: &str,
        typed: Option<u8>,
        pending: bool,
        now: Millis,
        lifetimes: &Lifetimes,
    ) -> Result<Approval, TransitionError> {
        self.open_for(openid, now)?;
        if self.user.is_none() {
            return Err(TransitionError::NotBound);
        }
        if self.match_number.is_some() && self.match_number != typed {
            return Ok(Approval::WrongNumber(self.next(State::Denied, now)));
        }
        Ok(Approval::Given(if pending {
            self.next(State::Held, now.plus(lifetimes.held))
        } else {
            self.next(State::Authorized, now.plus(lifetimes.claim))
        }))
    }

    /// The organization lets the account in.
    pub fn admit(&self, now: Millis, lifetimes: &Lifetimes) -> Result<Self, TransitionError> {
        match self.state {
            _ if self.is_expired(now) => Err(TransitionError::Expired),
            State::Held => Ok(self.next(State::Authorized, now.plus(lifetimes.claim))),
            _ => Err(TransitionError::Decided),
        }
    }

    /// The person says no.
    pub fn deny(&self, openid: &str, now: Millis) -> Result<Self, TransitionError> {
        self.open_for(openid, now)?;
        Ok(self.next(State::Denied, now))
    }

    /// The account may not be had; possible until the browser has claimed.
    pub fn refuse(&self, refusal: Refusal, now: Millis) -> Result<Self, TransitionError> {
        if self.is_expired(now) {
            return Err(TransitionError::Expired);
        }
        if self.state.is_final() {
            return Err(TransitionError::Decided);
        }
        Ok(self.next(State::Refused(refusal), now))
    }

    /// Its person has to begin anew, because the account has lost its phone or its WeChat identity: its time is over now.
    pub fn cut_short(&self, now: Millis) -> Result<Self, TransitionError> {
        if self.is_expired(now) {
            return Err(TransitionError::Expired);
        }
        if self.state.is_final() {
            return Err(TransitionError::Decided);
        }
        Ok(self.next(self.state, Millis(now.0 - 1)))
    }

    /// The browser that showed the code takes its login; `r` is what its own secret gave.
    pub fn claim(&self, r: QrRef, now: Millis) -> Result<Self, TransitionError> {
        if r != self.r {
            return Err(TransitionError::NotYours);
        }
        match self.state {
            State::Claimed => Err(TransitionError::AlreadyClaimed),
            _ if self.is_expired(now) => Err(TransitionError::Expired),
            State::Authorized => Ok(self.next(State::Claimed, self.expires_at)),
            _ => Err(TransitionError::NotAuthorized),
        }
    }

    /// The person may still act: the right one, in time, undecided.
    fn open_for(&self, openid: &str, now: Millis) -> Result<(), TransitionError> {
        if openid != self.openid {
            return Err(TransitionError::NotYours);
        }
        if self.is_expired(now) {
            return Err(TransitionError::Expired);
        }
        match self.state {
            State::Scanned | State::Verifying => Ok(()),
            _ => Err(TransitionError::Decided),
        }
    }

    fn next(&self, state: State, expires_at: Millis) -> Self {
        Self { state, seq: self.seq + 1, expires_at, ..self.clone() }
    }
}

#[cfg(test)]
#[path = "qr_session_tests.rs"]
mod tests;
