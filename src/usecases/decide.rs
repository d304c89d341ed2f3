//! The decision on the phone: yes, no, or "I did not ask for this".

use std::time::Duration;

use crate::domain::audit::{Action, Caller, Entry};
use crate::domain::external_user::Status;
use crate::domain::qr_session::{Approval, QrSession, Refusal, TransitionError};
use crate::store::{StoreError, Unit};

use super::SignIn;
use super::phone_steps::{NoStep, PhoneView, Step};

/// Why a decision did not count.
#[derive(Debug, thiserror::Error)]
pub enum DecideError {
    /// Nothing under way, or a foreign form.
    #[error(transparent)]
    NoStep(#[from] NoStep),
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

/// How a person says no.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum No {
    /// Declined.
    Declined,
    /// "I did not ask for this": the organization is told.
    Reported,
}

/// A decision must be committed within this of being checked, so that "expired" can be said soon after the end.
const DECISION_COMMIT: Duration = Duration::from_secs(2);

/// The page a "no" may come from: a person may decline as soon as the computer is named.
const NO_FROM: [Step; 2] = [Step::Approve, Step::Bind];

impl SignIn {
    /// The person signs the computer in; `number` is what was typed, if anything.
    ///
    /// # Errors
    /// See [`DecideError`].
    pub async fn approve(
        &self,
        slug: &str,
        cookie: Option<&str>,
        csrf: &str,
        number: Option<&str>,
        caller: &Caller,
    ) -> Result<PhoneView, DecideError> {
        let view = self.posted(slug, cookie, csrf, &Step::Approve).await?;
        let (Step::Approve, Some(session)) = (&view.step, &view.session) else { return Ok(view) };
        let number = number.and_then(|text| text.trim().parse::<u8>().ok());
        let unit = self.parts.store.begin().await?.within(DECISION_COMMIT);
        let current = unit.qr_session(session.r).await?.ok_or(NoStep::NoTransaction)?;
        let user = match current.user {
            Some(user) => unit.external_user(view.portal.scope(), user).await?,
            None => None,
        };
        let user = user.ok_or(NoStep::NoTransaction)?;
        if let Err(refusal) = view.portal.admit(Some((user.id, user.status))) {
            drop(unit);
            self.turn_away(&view, refusal, caller).await?;
            return Err(DecideError::Refused(refusal));
        }
        let pending = user.status == Status::Pending;
        let approval =
            match current.approve(view.openid(), number, pending, self.now(), &self.parts.lifetimes) {
                Ok(approval) => approval,
                // Somebody else's decision, or time, was first: the page says which.
                Err(TransitionError::Decided | TransitionError::Expired) => {
                    return Ok(self.phone_view(slug, cookie).await?);
                }
                Err(_) => return Err(NoStep::NoTransaction.into()),
            };
        let (next, action, result) = match &approval {
            Approval::Given(next) => (next, Action::QrApproved, if pending { "held" } else { "ok" }),
            Approval::WrongNumber(next) => (next, Action::QrDeclined, "match_wrong"),
        };
        let written = self.write_decision(unit, next, action, user.id.to_string(), result, caller).await?;
        match approval {
            Approval::WrongNumber(_) if written => Err(DecideError::MatchWrong),
            _ => Ok(self.phone_view(slug, cookie).await?),
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
        let mut view = self.posted(slug, cookie, csrf, &Step::Approve).await;
        if matches!(view, Err(NoStep::Csrf)) {
            view = self.posted(slug, cookie, csrf, &Step::Bind).await;
        }
        let view = view?;
        let Some(session) = view.session.as_ref().filter(|_| NO_FROM.contains(&view.step)) else {
            return Ok(view);
        };
        let unit = self.parts.store.begin().await?.within(DECISION_COMMIT);
        let current = unit.qr_session(session.r).await?.ok_or(NoStep::NoTransaction)?;
        let Ok(next) = current.deny(view.openid(), self.now()) else {
            drop(unit);
            return Ok(self.phone_view(slug, cookie).await?);
        };
        let action = match no {
            No::Declined => Action::QrDeclined,
            No::Reported => Action::QrReported,
        };
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
        let written = unit.advance_qr_session(next).await?;
        if written {
            let entry = Entry { organization: next.organization, action, actor, subject: None, result };
            unit.audit(entry, caller).await?;
            metrics::counter!("menfang_qr_session_outcomes_total", "state" => next.state.name()).increment(1);
        }
        unit.commit().await?;
        self.nudge_changes();
        Ok(written)
    }
}
