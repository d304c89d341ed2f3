//! Seats: taken within a unit by its own counter, with a line in the audit log when they are nearly gone.

use crate::domain::audit::{Action, Caller, Entry};
use crate::domain::ids::OrgId;
use crate::domain::seats::crossed;
use crate::store::{StoreError, Unit};

/// Takes an external-user seat within a unit; false when none is left.
pub(super) async fn take_seat(
    unit: &Unit,
    organization: OrgId,
    actor: &str,
    caller: &Caller,
) -> Result<bool, StoreError> {
    let Some(seats) = unit.take_seat(organization).await? else { return Ok(false) };
    for share in crossed(seats.used - 1, seats.used, seats.limit) {
        let entry = Entry {
            organization,
            action: Action::SeatsReached,
            actor: actor.to_owned(),
            subject: Some(organization.to_string()),
            result: match share {
                80 => "80_percent",
                90 => "90_percent",
                _ => "100_percent",
            },
        };
        unit.audit(entry, caller).await?;
    }
    Ok(true)
}
