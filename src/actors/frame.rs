//! State frames: what a waiting browser is told. A frame is a whole snapshot with its `seq`, never a delta.

use std::time::Duration;

use serde_json::{Map, Value, json};

use crate::domain::clock::Millis;
use crate::domain::external_user::ExternalUser;
use crate::domain::policy::Lifetimes;
use crate::domain::qr_session::{QrSession, Refusal, State};
use crate::domain::qr_ticket::Waiting;

/// A scan may be committed this long after the code's end was checked; "expired" is not said earlier.
pub const GRACE: Duration = Duration::from_secs(3);

/// Close codes of the live connection (RFC 6455, 7.4; 4000 and up are the contract's).
pub mod close {
    /// Authorized and claimed, denied, refused.
    pub const FINISHED: u16 = 1000;
    /// The client sent something.
    pub const RULE_BROKEN: u16 = 1008;
    /// The client sent too much at once.
    pub const TOO_BIG: u16 = 1009;
    /// Something broke on our side.
    pub const INTERNAL: u16 = 1011;
    /// The server restarts.
    pub const RESTARTING: u16 = 1012;
    /// Too many watchers.
    pub const OVERLOADED: u16 = 1013;
    /// The login is over, or what may be seen is less than before.
    pub const SIGNED_OUT: u16 = 4401;
    /// No such session.
    pub const UNKNOWN: u16 = 4404;
    /// The reader does not keep up.
    pub const TOO_SLOW: u16 = 4408;
    /// The code's time is over.
    pub const EXPIRED: u16 = 4410;
}

/// Who scanned.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Person {
    /// The name to show.
    pub nickname: Option<String>,
    /// The picture to show.
    pub avatar_url: Option<String>,
}

/// One snapshot.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StateFrame {
    /// Grows with each change.
    pub seq: u32,
    /// The contract's word.
    pub state: &'static str,
    /// When this state ends by itself.
    pub expires_at: Millis,
    /// Who scanned, from the scan to the decision.
    pub person: Option<Person>,
    /// The number to match, from the scan to the decision.
    pub match_number: Option<u8>,
    /// Why, where the state has a reason.
    pub reason: Option<&'static str>,
    /// The code to close with after this frame, if nothing can follow.
    pub end: Option<u16>,
}

impl StateFrame {
    /// The frame of a QR session: its row if it was scanned, else what its ticket says.
    pub fn of(
        waiting: &Waiting,
        row: Option<&QrSession>,
        user: Option<&ExternalUser>,
        now: Millis,
        lifetimes: &Lifetimes,
    ) -> Self {
        let Some(session) = row else { return Self::waiting(waiting, now, lifetimes) };
        let frame = Self {
            seq: session.seq,
            state: session.state.name(),
            expires_at: session.expires_at,
            person: None,
            match_number: None,
            reason: None,
            end: None,
        };
        // A decision that was made in time may still be on its way into the row.
        if session.is_expired(now.minus(GRACE)) {
            return Self { seq: session.seq + 1, state: "expired", end: Some(close::EXPIRED), ..frame };
        }
        match session.state {
            State::Scanned | State::Verifying => Self {
                person: Some(Person {
                    nickname: user.and_then(|user| user.nickname.clone()),
                    avatar_url: user.and_then(|user| user.avatar_url.clone()),
                }),
                match_number: session.match_number,
                ..frame
            },
            State::Held => Self { reason: Some("approval_pending"), ..frame },
            State::Authorized => frame,
            // To its browser a claimed session is still "authorized": the claim's own answer says more.
            State::Claimed => Self { state: "authorized", end: Some(close::FINISHED), ..frame },
            State::Denied => Self { end: Some(close::FINISHED), ..frame },
            State::Refused(refusal) => {
                Self { reason: Some(refusal.code()), end: Some(close::FINISHED), ..frame }
            }
        }
    }

    /// Whether the frame of a session in this state says who scanned.
    pub fn shows_person(state: State) -> bool {
        matches!(state, State::Scanned | State::Verifying)
    }

    fn waiting(waiting: &Waiting, now: Millis, lifetimes: &Lifetimes) -> Self {
        let expires_at = waiting.issued_at.plus(lifetimes.qr);
        let over = now > expires_at.plus(GRACE);
        Self {
            seq: if over { 2 } else { 1 },
            state: if over { "expired" } else { "waiting" },
            expires_at,
            person: None,
            match_number: None,
            reason: None,
            end: over.then_some(close::EXPIRED),
        }
    }

    /// The same session while its portal is closed: nobody comes in by it any more.
    #[must_use]
    pub fn at_closed_portal(self) -> Self {
        if self.end.is_some() {
            return self;
        }
        Self {
            seq: self.seq + 1,
            state: State::Refused(Refusal::PortalClosed).name(),
            person: None,
            match_number: None,
            reason: Some(Refusal::PortalClosed.code()),
            end: Some(close::FINISHED),
            ..self
        }
    }

    /// The JSON text of the contract, with the time that is left now.
    pub fn to_json(&self, now: Millis) -> String {
        let mut body = Map::new();
        body.insert("type".into(), json!("state"));
        body.insert("seq".into(), json!(self.seq));
        body.insert("state".into(), json!(self.state));
        body.insert(
            "expires_in_ms".into(),
            json!(u64::try_from(self.expires_at.since(now).as_millis()).unwrap_or(0)),
        );
        if let Some(person) = &self.person {
            body.insert(
                "person".into(),
                json!({"nickname": person.nickname, "avatar_url": person.avatar_url}),
            );
        }
        if let Some(number) = self.match_number {
            body.insert("match".into(), json!(number.to_string()));
        }
        if let Some(reason) = self.reason {
            body.insert("reason".into(), json!(reason));
        }
        Value::Object(body).to_string()
    }
}
