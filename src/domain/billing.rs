//! What expansion packs cost: the price list, the cheapest packs for a number of seats, and the share of the year.

use std::cmp::Reverse;
use std::fmt;
use std::sync::Arc;

use super::clock::Millis;
use super::date::Date;

/// Most seats of one order.
pub const MOST_SEATS: i32 = 1_000_000;
/// Highest price of one pack a year, in fen: so high that no sum of a year leaves an `i64`.
pub const HIGHEST_YEARLY_FEN: i64 = 1_000_000_000;
const DAYS_OF_A_YEAR: i128 = 365;

/// Money in fen, the hundredth part of a yuan.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Fen(pub i64);

impl Fen {
    /// The amount in yuan with two decimals: `363.01`.
    pub fn yuan(self) -> String {
        decimal(i128::from(self.0), 2)
    }
}

/// One size of expansion pack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackPrice {
    /// External-user seats in it.
    pub size: i32,
    /// What it costs for a year, in fen.
    pub yearly_fen: i64,
}

/// Why packs make no price list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidPriceList {
    /// There is no pack.
    #[error("a price list has at least one pack")]
    Empty,
    /// Two packs have this size.
    #[error("there are two packs of {0} seats")]
    Twice(i32),
    /// The pack of this size has a size or price out of bounds.
    #[error("the pack of {0} seats is too small, too large or too dear")]
    OutOfBounds(i32),
}

/// The cheapest way to fill a number of seats.
#[derive(Clone, Copy)]
struct Filling {
    yearly_fen: i64,
    packs: i32,
    /// The size of one pack in it; what is left without it is filled as its own number of seats is.
    one_of_them: i32,
}

/// The packs that are sold, with the cheapest filling of every number of seats worked out once.
#[derive(Clone)]
pub struct PriceList {
    currency: String,
    /// The largest first.
    packs: Vec<PackPrice>,
    /// What all sizes are multiples of.
    unit: i32,
    /// For 0, 1, 2, … units: their cheapest filling; none where no packs sum to exactly that.
    fillings: Arc<[Option<Filling>]>,
}

impl PriceList {
    /// A price list in a currency (ISO 4217) with two decimals.
    ///
    /// # Errors
    /// Why these packs make none.
    pub fn new(currency: &str, mut packs: Vec<PackPrice>) -> Result<Self, InvalidPriceList> {
        packs.sort_by_key(|pack| Reverse(pack.size));
        for pack in &packs {
            if !(1..=MOST_SEATS).contains(&pack.size) || !(0..=HIGHEST_YEARLY_FEN).contains(&pack.yearly_fen)
            {
                return Err(InvalidPriceList::OutOfBounds(pack.size));
            }
        }
        if let Some([pack, _]) = packs.array_windows().find(|[pack, next]| pack.size == next.size) {
            return Err(InvalidPriceList::Twice(pack.size));
        }
        let unit =
            packs.iter().map(|pack| pack.size).reduce(common_divisor).ok_or(InvalidPriceList::Empty)?;
        let fillings = fill(&packs, unit).into();
        Ok(Self { currency: currency.to_owned(), packs, unit, fillings })
    }

    /// The currency's code, `CNY`.
    pub fn currency(&self) -> &str {
        &self.currency
    }

    /// The packs, the largest first.
    pub fn packs(&self) -> &[PackPrice] {
        &self.packs
    }

    /// Seats are sold in multiples of the smallest pack.
    pub fn step(&self) -> i32 {
        self.packs.last().map_or(self.unit, |smallest| smallest.size)
    }

    fn filling(&self, seats: i32) -> Option<Filling> {
        look_up(&self.fillings, self.unit, seats)
    }

    /// The packs of the cheapest filling, the largest first.
    fn combination(&self, seats: i32) -> Vec<PackCount> {
        let mut counts: Vec<_> =
            self.packs.iter().map(|pack| PackCount { size: pack.size, count: 0 }).collect();
        let mut left = seats;
        while let Some(filling) = self.filling(left).filter(|filling| filling.packs > 0) {
            counts
                .iter_mut()
                .filter(|each| each.size == filling.one_of_them)
                .for_each(|each| each.count += 1);
            left -= filling.one_of_them;
        }
        counts.retain(|each| each.count > 0);
        counts
    }

    /// An order of `seats`, which is a multiple of the step, for `days`.
    fn offer(&self, seats: i32, days: i64) -> Result<Offer, QuoteError> {
        let filling = self.filling(seats).ok_or(QuoteError::NotAMultiple { step: self.step() })?;
        let total = i64::try_from(prorated(filling.yearly_fen, days)).map_err(|_| QuoteError::TooDear)?;
        Ok(Offer { seats, combination: self.combination(seats), total: Fen(total) })
    }

    /// The largest number of seats above `seats` that costs least of all above, if that is less than `total`.
    fn cheaper(&self, seats: i32, days: i64, total: Fen) -> Option<i32> {
        let step = self.step();
        let larger = || {
            let numbers = (seats / step + 1..=MOST_SEATS / step).rev().map(|steps| steps * step);
            numbers.filter_map(|seats| Some((seats, self.filling(seats)?.yearly_fen)))
        };
        // What costs less in a year never costs more in a part of it, but two prices may be rounded to one.
        let least = prorated(larger().map(|(_, yearly_fen)| yearly_fen).min()?, days);
        if least >= i128::from(total.0) {
            return None;
        }
        larger().find(|(_, yearly_fen)| prorated(*yearly_fen, days) == least).map(|(seats, _)| seats)
    }
}

impl fmt::Debug for PriceList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PriceList")
            .field("currency", &self.currency)
            .field("packs", &self.packs)
            .finish_non_exhaustive()
    }
}

fn look_up(fillings: &[Option<Filling>], unit: i32, seats: i32) -> Option<Filling> {
    let units = if seats % unit == 0 { seats / unit } else { return None };
    usize::try_from(units).ok().and_then(|units| fillings.get(units).copied().flatten())
}

/// Works upward: the cheapest filling of a number is one pack and the cheapest filling of what is left. Of equal prices the fewer packs
/// count, then the larger ones.
fn fill(packs: &[PackPrice], unit: i32) -> Vec<Option<Filling>> {
    let mut fillings = vec![Some(Filling { yearly_fen: 0, packs: 0, one_of_them: 0 })];
    for seats in (1..=MOST_SEATS / unit).map(|units| units * unit) {
        let with = |pack: &PackPrice| {
            let rest = look_up(&fillings, unit, seats - pack.size)?;
            let yearly_fen = rest.yearly_fen + pack.yearly_fen;
            Some(Filling { yearly_fen, packs: rest.packs + 1, one_of_them: pack.size })
        };
        let best = packs.iter().filter_map(with).min_by_key(|filling| (filling.yearly_fen, filling.packs));
        fillings.push(best);
    }
    fillings
}

fn common_divisor(a: i32, b: i32) -> i32 {
    if b == 0 { a } else { common_divisor(b, a % b) }
}

/// So many packs of one size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PackCount {
    /// External-user seats in one.
    pub size: i32,
    /// How many packs.
    pub count: i32,
}

/// Seats with what they cost.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Offer {
    /// How many seats.
    pub seats: i32,
    /// The cheapest packs that sum to exactly that, the largest first.
    pub combination: Vec<PackCount>,
    /// What they cost together for the days asked for.
    pub total: Fen,
}

impl Offer {
    /// What one seat costs, in yuan with four decimals: `3.6301`.
    pub fn unit_price(&self) -> String {
        decimal(half_up(i128::from(self.total.0) * 100, i128::from(self.seats)), 4)
    }
}

/// The answer to a question for a price.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Quote {
    /// Days until the licence ends.
    pub days: i64,
    /// What was asked for.
    pub offer: Offer,
    /// A larger number of seats that costs less, if there is one: the cheapest, and of equally cheap ones the largest.
    pub cheaper: Option<Offer>,
}

/// Why there is no price.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum QuoteError {
    /// No number of packs has so many seats.
    #[error("seats are sold in multiples of {step}, at least {step} of them")]
    NotAMultiple {
        /// Seats of the smallest pack.
        step: i32,
    },
    /// More than [`MOST_SEATS`].
    #[error("at most {MOST_SEATS} seats are sold at once")]
    TooMany,
    /// No day of the licence is left.
    #[error("the licence is over, or ends today")]
    LicenceOver,
    /// The price is beyond what can be written.
    #[error("the licence lasts too long for a price")]
    TooDear,
}

/// The price of `seats` for the `days` until the licence ends: `days` x the packs' yearly prices / 365, rounded half up once, on the total.
///
/// # Errors
/// Why there is no price.
pub fn quote(prices: &PriceList, seats: i32, days: i64) -> Result<Quote, QuoteError> {
    let step = prices.step();
    if seats <= 0 || seats % step != 0 {
        return Err(QuoteError::NotAMultiple { step });
    }
    if seats > MOST_SEATS {
        return Err(QuoteError::TooMany);
    }
    if days <= 0 {
        return Err(QuoteError::LicenceOver);
    }
    let offer = prices.offer(seats, days)?;
    let cheaper =
        prices.cheaper(seats, days, offer.total).map(|more| prices.offer(more, days)).transpose()?;
    Ok(Quote { days, offer, cheaper })
}

/// Whole calendar days in UTC from today to the day on which a licence ends; 0 when it is over.
pub fn licence_days(ends_on: Date, now: Millis) -> i64 {
    Date::of(now).days_until(ends_on).max(0)
}

fn prorated(yearly_fen: i64, days: i64) -> i128 {
    half_up(i128::from(yearly_fen) * i128::from(days), DAYS_OF_A_YEAR)
}

/// Divides what is not negative; exact, a half goes up.
fn half_up(dividend: i128, divisor: i128) -> i128 {
    (dividend * 2 + divisor) / (divisor * 2)
}

/// Writes a whole number of the last of so many decimals.
fn decimal(value: i128, decimals: usize) -> String {
    let sign = if value < 0 { "-" } else { "" };
    let digits = format!("{:0width$}", value.unsigned_abs(), width = decimals + 1);
    let (whole, fraction) = digits.split_at(digits.len() - decimals);
    format!("{sign}{whole}.{fraction}")
}

#[cfg(test)]
#[path = "billing_tests.rs"]
mod tests;
