//! QR sessions by which somebody may still come in, and may no longer: their browsers are told.

use crate::domain::qr_session::{QrSession, Refusal};
use crate::store::{StoreError, Unit};

/// Tries against other changes of one QR session.
const TRIES: usize = 3;

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
