//! Seats: taken within a unit by its own counter, with a line in the audit log when they are nearly gone; and bought.

use crate::domain::audit::{Action, By, Caller, Entry};
use crate::domain::billing::{Quote, QuoteError, licence_days, quote};
use crate::domain::clock::Millis;
use crate::domain::date::Date;
use crate::domain::ids::{OrgId, PackId};
use crate::domain::organization::Organization;
use crate::domain::scope::OrgScope;
use crate::domain::seats::{MOST_SEATS, crossed};
use crate::store::seats::Pack;
use crate::store::{StoreError, Unit};

use super::administration::{Administration, ChangeError, Conflict, Prepared};

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
        unit.audit(entry, caller);
    }
    Ok(true)
}

impl Administration {
    /// What seats would cost an organization for the rest of its licence.
    ///
    /// # Errors
    /// The number is not one that packs make, or the organization cannot buy.
    pub async fn quote_seats(&self, scope: OrgScope, seats: i32) -> Result<Quote, ChangeError> {
        let found = self.parts.store.organization(scope.organization()).await?;
        let (quote, _) = self.quote_for(&found.ok_or(ChangeError::NotFound)?, seats)?;
        Ok(quote)
    }

    /// Buys seats for the rest of the licence; they can be taken at once.
    ///
    /// # Errors
    /// As [`Administration::quote_seats`].
    pub async fn buy_seats(
        &self,
        scope: OrgScope,
        seats: i32,
        by: &By,
    ) -> Result<Prepared<Pack>, ChangeError> {
        let unit = self.parts.store.begin().await?;
        let found = unit.organization(scope.organization()).await?;
        let (quote, ends_at) = self.quote_for(&found.ok_or(ChangeError::NotFound)?, seats)?;
        let pack = Pack {
            id: PackId::generate(self.clock(), self.entropy()),
            seats,
            combination: quote.offer.combination,
            days: i32::try_from(quote.days).unwrap_or(i32::MAX),
            total: quote.offer.total,
            ordered_at: self.now(),
            ends_at,
        };
        unit.create_pack(scope, &pack, &by.actor).await?;
        if !unit.add_seats(scope.organization(), seats).await? {
            return Err(ChangeError::invalid(
                "seats",
                format!("an organization has at most {MOST_SEATS} seats"),
            ));
        }
        Ok(self.noted(unit, by, (scope.organization(), Action::SeatsBought), &pack.id.clone(), pack))
    }

    fn quote_for(&self, organization: &Organization, seats: i32) -> Result<(Quote, Millis), ChangeError> {
        if !organization.edition.can_buy() {
            return Err(Conflict::EditionCannotBuy.into());
        }
        let Some(ends_at) = organization.licence_ends_at else { return Err(Conflict::LicenceEnded.into()) };
        let days = licence_days(Date::of(ends_at), self.now());
        match quote(&self.parts.prices, seats, days) {
            Ok(quote) => Ok((quote, ends_at)),
            Err(QuoteError::LicenceOver) => Err(Conflict::LicenceEnded.into()),
            Err(error) => Err(ChangeError::invalid("seats", error.to_string())),
        }
    }
}
