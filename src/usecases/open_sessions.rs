//! QR sessions by which somebody may still come in, and may no longer: their browsers are told.

use crate::domain::ids::UserId;
use crate::domain::qr_session::{QrSession, Refusal};
use crate::store::{StoreError, Unit};

/// Tries against other changes of one QR session.
const TRIES: usize = 3;

/// Ends the logins of an account that the unit holds, and the sign-ins by which a browser would get one.
pub(super) async fn sign_out_everywhere(unit: &Unit, user: UserId) -> Result<(), StoreError> {
    unit.end_logins_of(user).await?;
    for session in unit.open_sessions_of(user).await? {
        if let Ok(next) = session.cut_short(unit.now()) {
            // One that moves on at this moment finds the account without phone or identity at its next step.
            unit.advance_qr_session(&next).await?;
        }
    }
    Ok(())
}

/// Refuses QR sessions within a unit; one that is over, or decided, stays as it is.
pub(super) async fn refuse_all(
    unit: &Unit,
    sessions: Vec<QrSession>,
    refusal: Refusal,
) -> Result<(), StoreError> {
    for session in sessions {
        refuse(unit, session, refusal).await?;
    }
    Ok(())
}

async fn refuse(unit: &Unit, mut session: QrSession, refusal: Refusal) -> Result<(), StoreError> {
    for _ in 0..TRIES {
        let Ok(next) = session.refuse(refusal, unit.now()) else { return Ok(()) };
        if unit.advance_qr_session(&next).await? {
            return Ok(());
        }
        let Some(now) = unit.qr_session(session.r).await? else { return Ok(()) };
        session = now;
    }
    Err(StoreError::Conflict)
}
