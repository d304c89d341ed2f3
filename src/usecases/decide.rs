//! The decision on the phone: yes, no, or "I did not ask for this".

use std::time::Duration;

use crate::domain::audit::{Action, Caller, Entry};
use crate::domain::external_user::Status;
use crate::domain::qr_session::{Approval, QrSession, Refusal, TransitionError};
use crate::store::{StoreError, Unit};

use super::SignIn;
use super::logins::Granted;
use super::phone_steps::{NoStep, PhoneView, Step, TermsRequired};

/// Why a decision did not count.
#[derive(Debug, thiserror::Error)]
pub enum DecideError {
    /// Nothing under way, or a foreign form.
    #[error(transparent)]
    NoStep(#[from] NoStep),
    /// The terms were not accepted; the decision is still open.
    #[error("the terms were not accepted")]
    TermsRequired,
    /// The wrong number was typed; the code is dead.
    #[error("the wrong number")]
    MatchWrong,
    /// This person is not let in (any more).
    #[error("not let in")]
    Refused(Refusal),
    /// The database is away.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<TermsRequired> for DecideError {
    fn from(_: TermsRequired) -> Self {
        Self::TermsRequired
    }
}

/// What a person sends with a yes.
#[derive(Clone, Copy, Default)]
pub struct Yes<'a> {
    /// The number that was typed, if any.
    pub number: Option<&'a str>,
    /// The tick box of the terms; empty when it is not ticked.
    pub terms: &'a str,
}

/// What came of a yes.
pub struct Approved {
    /// The phone at its next step.
    pub view: PhoneView,
    /// The login, when this was a menu visit.
    pub granted: Option<Granted>,
}

/// How a person says no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum No {
    /// Declined.
    Declined,
    /// "I did not ask for this": the organization is told.
    Reported,
}

impl No {
    pub(super) fn action(self) -> Action {
        match self {
            Self::Declined => Action::QrDeclined,
            Self::Reported => Action::QrReported,
        }
    }
}

/// A decision must be committed within this of being checked, so that "expired" can be said soon after the end.
pub(super) const DECISION_COMMIT: Duration = Duration::from_secs(2);

/// The page a "no" may come from: a person may decline as soon as the computer is named.
const NO_FROM: [Step; 2] = [Step::Approve, Step::Bind];

impl SignIn {
    /// The person signs the computer in or, on a menu visit, this phone.
    ///
    /// # Errors
    /// See [`DecideError`].
    pub async fn approve(
        &self,
        slug: &str,
        cookie: Option<&str>,
        csrf: &str,
        yes: Yes<'_>,
        caller: &Caller,
    ) -> Result<Approved, DecideError> {
        // Whoever was let in while waiting posts from the page that says so.
        let view = self.posted(slug, cookie, csrf, &[Step::Approve, Step::Done]).await?;
        view.ticked(yes.terms)?;
        let granted = match (&view.step, &view.session) {
            (Step::Approve, Some(session)) => {
                let number = yes.number.and_then(|text| text.trim().parse::<u8>().ok());
                if let Some(next) = self.approve_computer(&view, session, number, caller).await? {
                    return Ok(Approved { view: self.moved_on(view, next), granted: None });
                }
                None
            }
            (Step::Approve | Step::Done, None) => self.enter(&view, caller).await?,
            _ => return Ok(Approved { view, granted: None }),
        };
        Ok(Approved { view: self.phone_view(slug, cookie).await?, granted })
    }

    /// Writes the yes, and gives the QR session as it is then; none when somebody else's decision, or time, was first.
    async fn approve_computer(
        &self,
        view: &PhoneView,
        session: &QrSession,
        number: Option<u8>,
        caller: &Caller,
    ) -> Result<Option<QrSession>, DecideError> {
        let unit = self.parts.store.begin().await?.within(DECISION_COMMIT);
        let (current, user) = match &view.user {
            // Whoever takes somebody's rights away moves their open sessions on in the same unit: then this decision is too late.
            Some(user) if user.status == Status::Active && session.user == Some(user.id) => {
                (session.clone(), user.clone())
            }
            _ => {
                let scanned = unit.scanned(view.portal.scope(), session.r).await?;
                let (session, user) = scanned.ok_or(NoStep::NoTransaction)?;
                (session, user.ok_or(NoStep::NoTransaction)?)
            }
        };
        if let Err(refusal) = view.portal.admit(Some((user.id, user.status))) {
            drop(unit);
            self.turn_away(view, refusal, caller).await?;
            return Err(DecideError::Refused(refusal));
        }
        let pending = user.status == Status::Pending;
        let approval =
            match current.approve(view.openid(), number, pending, self.now(), &self.parts.lifetimes) {
                Ok(approval) => approval,
                // The page says which.
                Err(TransitionError::Decided | TransitionError::Expired) => return Ok(None),
                Err(_) => return Err(NoStep::NoTransaction.into()),
            };
        let (next, action, result) = match &approval {
            Approval::Given(next) => (next, Action::QrApproved, if pending { "held" } else { "ok" }),
            Approval::WrongNumber(next) => (next, Action::QrDeclined, "match_wrong"),
        };
        if let (Approval::Given(_), Some(terms)) = (&approval, &view.terms) {
            self.accept(&unit, &user, terms, caller).await?;
        }
        let written = self.write_decision(unit, next, action, user.id.to_string(), result, caller).await?;
        match approval {
            Approval::WrongNumber(_) if written => Err(DecideError::MatchWrong),
            Approval::Given(next) if written => Ok(Some(next)),
            _ => Ok(None),
        }
    }

    /// The person says no.
    ///
    /// # Errors
    /// See [`DecideError`].
    pub async fn refuse_sign_in(
        &self,
        slug: &str,
        cookie: Option<&str>,
        csrf: &str,
        no: No,
        caller: &Caller,
    ) -> Result<PhoneView, DecideError> {
        let view = self.posted(slug, cookie, csrf, &NO_FROM).await?;
        let session = match (&view.step, &view.session) {
            (Step::Approve, None) => {
                self.stay_out(&view, no, caller).await?;
                return Ok(self.phone_view(slug, cookie).await?);
            }
            (step, Some(session)) if NO_FROM.contains(step) => session,
            _ => return Ok(view),
        };
        let unit = self.parts.store.begin().await?.within(DECISION_COMMIT);
        let current = unit.qr_session(session.r).await?.ok_or(NoStep::NoTransaction)?;
        let Ok(next) = current.deny(view.openid(), self.now()) else {
            drop(unit);
            return Ok(self.phone_view(slug, cookie).await?);
        };
        let action = no.action();
        let actor = current.user.map_or_else(|| "phone".into(), |user| user.to_string());
        self.write_decision(unit, &next, action, actor, "ok", caller).await?;
        Ok(self.phone_view(slug, cookie).await?)
    }

    async fn write_decision(
        &self,
        unit: Unit,
        next: &QrSession,
        action: Action,
        actor: String,
        result: &'static str,
        caller: &Caller,
    ) -> Result<bool, StoreError> {
        if !unit.advance_qr_session(next).await? {
            // Another decision was first; what was to become true with this one does not.
            return Ok(false);
        }
        let entry = Entry { organization: next.organization, action, actor, subject: None, result };
        unit.audit(entry, caller);
        unit.commit().await?;
        metrics::counter!("menfang_qr_session_outcomes_total", "state" => next.state.name()).increment(1);
        self.show_session(next.clone(), None).await;
        Ok(true)
    }
}
