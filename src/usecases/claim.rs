//! The browser takes its login: only the one that showed the code, only once, only in time.

use std::time::Duration;

use crate::domain::audit::{Action, Caller, Entry};
use crate::domain::clock::Millis;
use crate::domain::login::LoginKind;
use crate::domain::qr_session::{QrSession, Refusal, State, TransitionError};
use crate::domain::qr_ticket::{QrRef, Waiting};
use crate::store::{StoreError, Unit};

use super::SignIn;
use super::logins::{Granted, hold_person};

/// Why nothing is claimed.
#[derive(Debug, thiserror::Error)]
pub enum ClaimError {
    /// Nobody has approved it (yet).
    #[error("not authorized")]
    NotAuthorized,
    /// It was claimed before.
    #[error("claimed before")]
    AlreadyClaimed,
    /// Its time is over.
    #[error("too late")]
    TooLate,
    /// The account may no longer come in.
    #[error("not let in")]
    Refused(Refusal),
    /// The database is away.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SignIn {
    /// Claims an authorized QR session for the browser that proved to have shown it.
    ///
    /// # Errors
    /// See [`ClaimError`].
    pub async fn claim(&self, waiting: &Waiting, caller: &Caller) -> Result<Granted, ClaimError> {
        let unit = self.parts.store.begin().await?;
        let now = self.now();
        let Some((session, portal)) = unit.qr_session_at_portal(waiting.r).await? else {
            let over = now > waiting.issued_at.plus(self.parts.lifetimes.qr + Duration::from_secs(3));
            return Err(if over { ClaimError::TooLate } else { ClaimError::NotAuthorized });
        };
        let next = claimed(&session, waiting.r, now)?;
        let user = match session.user {
            Some(user) => hold_person(&unit, &portal, user, &session.openid).await?,
            None => None,
        };
        let Some(user) = user else {
            return Err(moved_on(&unit, &next, now).await?.unwrap_or(ClaimError::NotAuthorized));
        };
        // New terms since the approval do not take it back: they are asked for at the next way in.
        if let Err(refusal) = portal.admit(Some((user.id, user.status))) {
            if let Ok(refused) = session.refuse(refusal, now) {
                if !unit.advance_qr_session(&refused).await? {
                    return Err(moved_on(&unit, &refused, now)
                        .await?
                        .unwrap_or(ClaimError::Refused(refusal)));
                }
                unit.commit().await?;
                self.show_session(refused, None).await;
            }
            return Err(ClaimError::Refused(refusal));
        }
        if !user.may_sign_in() {
            return Err(ClaimError::NotAuthorized);
        }
        if !unit.advance_qr_session(&next).await? {
            return Err(moved_on(&unit, &next, now).await?.unwrap_or(ClaimError::AlreadyClaimed));
        }
        unit.remember_browser(portal.scope(), user.id, session.computer.device).await?;
        let entry = Entry {
            organization: portal.organization,
            action: Action::QrClaimed,
            actor: user.id.to_string(),
            subject: None,
            result: "ok",
        };
        unit.audit(entry, caller);
        let granted = self.grant(&unit, &portal, user.id, LoginKind::Pc, caller).await?;
        unit.commit().await?;
        metrics::counter!("menfang_qr_session_outcomes_total", "state" => "claimed").increment(1);
        self.show_session(next, Some(user)).await;
        Ok(granted)
    }
}

/// Why a QR session cannot be claimed as it is now: whoever had to wait for the person comes upon what was decided meanwhile.
async fn moved_on(unit: &Unit, next: &QrSession, now: Millis) -> Result<Option<ClaimError>, StoreError> {
    let session = unit.qr_session(next.r).await?;
    Ok(session.and_then(|session| claimed(&session, next.r, now).err()))
}

/// The QR session once it is claimed.
fn claimed(session: &QrSession, r: QrRef, now: Millis) -> Result<QrSession, ClaimError> {
    if let State::Refused(refusal) = session.state {
        return Err(ClaimError::Refused(refusal));
    }
    session.claim(r, now).map_err(|error| match error {
        TransitionError::AlreadyClaimed => ClaimError::AlreadyClaimed,
        TransitionError::Expired => ClaimError::TooLate,
        _ => ClaimError::NotAuthorized,
    })
}
