//! Calendar days in UTC, as a licence ends on one.

use std::fmt;
use std::str::FromStr;

use super::clock::Millis;

const DAY_MILLIS: i64 = 86_400_000;
/// The Julian day of 1970-01-01, by which the `time` crate counts.
const EPOCH_JULIAN_DAY: i32 = 2_440_588;

/// A day from `0001-01-01` to `9999-12-31`, written `YYYY-MM-DD` (RFC 3339 `full-date`); inside, days since 1970-01-01.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date(i32);

/// The text is no such day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a day of the calendar written YYYY-MM-DD")]
pub struct InvalidDate;

impl Date {
    /// The first day that can be written.
    pub const MIN: Self = Self(-719_162);
    /// The last day that can be written.
    pub const MAX: Self = Self(2_932_896);

    /// The day on which `at` is in UTC; instants outside the calendar count to its first or last day.
    pub fn of(at: Millis) -> Self {
        Self::clamped(at.0.div_euclid(DAY_MILLIS))
    }

    /// The instant at which the day begins in UTC.
    pub fn begins_at(self) -> Millis {
        Millis(i64::from(self.0) * DAY_MILLIS)
    }

    /// How many days from this one to `later`; negative when `later` is earlier.
    pub fn days_until(self, later: Self) -> i64 {
        i64::from(later.0) - i64::from(self.0)
    }

    /// The day so many days later (or earlier), at most the calendar's last (or first).
    #[must_use]
    pub fn plus_days(self, days: i64) -> Self {
        Self::clamped(i64::from(self.0).saturating_add(days))
    }

    fn clamped(days: i64) -> Self {
        let end = if days < 0 { Self::MIN } else { Self::MAX };
        i32::try_from(days).map_or(end, |days| Self(days).clamp(Self::MIN, Self::MAX))
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Every day between MIN and MAX is one that `time` knows.
        let day = time::Date::from_julian_day(self.0 + EPOCH_JULIAN_DAY).map_err(|_| fmt::Error)?;
        write!(f, "{:04}-{:02}-{:02}", day.year(), u8::from(day.month()), day.day())
    }
}

impl fmt::Debug for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl FromStr for Date {
    type Err = InvalidDate;

    fn from_str(text: &str) -> Result<Self, InvalidDate> {
        let bytes = text.as_bytes();
        let form_is_right = bytes.len() == 10
            && bytes.iter().enumerate().all(|(at, byte)| match at {
                4 | 7 => *byte == b'-',
                _ => byte.is_ascii_digit(),
            });
        if !form_is_right {
            return Err(InvalidDate);
        }
        // Only digits are left, so each part reads as a number.
        let year: i32 = text[..4].parse().map_err(|_| InvalidDate)?;
        let month: u8 = text[5..7].parse().map_err(|_| InvalidDate)?;
        let day: u8 = text[8..].parse().map_err(|_| InvalidDate)?;
        let month = time::Month::try_from(month).map_err(|_| InvalidDate)?;
        let day = time::Date::from_calendar_date(year, month, day).map_err(|_| InvalidDate)?;
        let date = Self(day.to_julian_day() - EPOCH_JULIAN_DAY);
        if date < Self::MIN { Err(InvalidDate) } else { Ok(date) }
    }
}

impl serde::Serialize for Date {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn date(text: &str) -> Date {
        text.parse().unwrap()
    }

    proptest! {
        #[test]
        fn every_day_reads_back(days in Date::MIN.0..=Date::MAX.0) {
            prop_assert_eq!(Date(days).to_string().parse(), Ok(Date(days)));
            prop_assert_eq!(Date::of(Date(days).begins_at()), Date(days));
        }

        #[test]
        fn the_order_of_days_is_that_of_their_texts(a in Date::MIN.0..=Date::MAX.0, b in Date::MIN.0..=Date::MAX.0) {
            prop_assert_eq!(Date(a).cmp(&Date(b)), Date(a).to_string().cmp(&Date(b).to_string()));
        }
    }

    #[test]
    fn what_is_no_day_is_refused() {
        for text in [
            "",
            "2026",
            "2026-1-1",
            "2026-13-01",
            "2026-00-10",
            "2026-02-29",
            "2100-02-29",
            "2026-04-31",
            "2026-01-00",
            "0000-01-01",
            "2026/01/01",
            "+026-01-01",
            "2026-01-01T",
            " 2026-01-01",
            "２０26-01-1",
        ] {
            assert_eq!(text.parse::<Date>(), Err(InvalidDate), "{text}");
        }
        assert_eq!(date("2028-02-29").to_string(), "2028-02-29");
    }

    #[test]
    fn a_day_is_counted_in_utc() {
        let midnight = date("2026-11-23").begins_at();
        assert_eq!(midnight, Millis(1_795_392_000_000));
        assert_eq!(Date::of(Millis(midnight.0 - 1)), date("2026-11-22"));
        assert_eq!(Date::of(Millis(midnight.0 + DAY_MILLIS - 1)), date("2026-11-23"));
        assert_eq!(Date::of(Millis(-1)), date("1969-12-31"));
    }

    #[test]
    fn days_are_counted_over_the_ends_of_years_and_stop_at_the_calendars() {
        assert_eq!(date("2026-12-31").days_until(date("2027-01-01")), 1);
        assert_eq!(date("2027-01-01").days_until(date("2026-12-31")), -1);
        assert_eq!(date("2028-02-28").plus_days(2), date("2028-03-01"));
        assert_eq!(Date::MAX.to_string(), "9999-12-31");
        assert_eq!(Date::MIN.to_string(), "0001-01-01");
        assert_eq!((Date::of(Millis(i64::MAX)), Date::of(Millis(i64::MIN))), (Date::MAX, Date::MIN));
        assert_eq!(date("2026-01-01").plus_days(i64::MIN), Date::MIN);
    }
}
