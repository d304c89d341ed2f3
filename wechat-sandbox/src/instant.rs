//! Moments: milliseconds since 1970, and how they are written in answers.

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use time::{OffsetDateTime, format_description::well_known::Rfc3339};

/// Milliseconds since 1970-01-01 UTC.
pub(crate) type Millis = u64;

/// One second, in the unit of [`Millis`].
pub(crate) const SECOND: Millis = 1000;
/// One minute, in the unit of [`Millis`].
pub(crate) const MINUTE: Millis = 60 * SECOND;
/// One hour, in the unit of [`Millis`].
pub(crate) const HOUR: Millis = 60 * MINUTE;
/// One day, in the unit of [`Millis`].
pub(crate) const DAY: Millis = 24 * HOUR;

/// The machine's clock. Rules take the moment as a parameter; only handlers ask for it.
#[expect(clippy::disallowed_methods, reason = "the one place where the clock is asked")]
pub(crate) fn now() -> Millis {
    let since = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    u64::try_from(since.as_millis()).unwrap_or(u64::MAX)
}

/// Whole seconds since 1970, as WeChat writes times.
pub(crate) const fn seconds(at: Millis) -> u64 {
    at / SECOND
}

/// RFC 3339 in UTC, as the control routes write times.
pub(crate) fn rfc3339(at: Millis) -> String {
    (OffsetDateTime::UNIX_EPOCH + Duration::from_millis(at)).format(&Rfc3339).unwrap_or_default()
}

/// The number of the day at `at`, counted in Chinese local time, where WeChat's daily counters turn over.
pub(crate) const fn china_day(at: Millis) -> u64 {
    (at + 8 * HOUR) / DAY
}

/// The number of the month at `at`, counted in Chinese local time.
pub(crate) fn china_month(at: Millis) -> u64 {
    let date = (OffsetDateTime::UNIX_EPOCH + Duration::from_millis(at + 8 * HOUR)).date();
    u64::try_from(date.year()).unwrap_or_default() * 12 + u64::from(u8::from(date.month()))
}

/// Reads a moment: RFC 3339, or milliseconds since 1970.
pub(crate) fn parse(text: &str) -> Option<Millis> {
    // In a query string, the plus of an offset is easily sent as a space.
    let text = text.trim().replace(' ', "+");
    text.parse().ok().or_else(|| {
        let moment = OffsetDateTime::parse(&text, &Rfc3339).ok()?;
        u64::try_from(moment.unix_timestamp_nanos() / 1_000_000).ok()
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_written_in_utc() {
        assert_eq!(rfc3339(1_767_225_605_250), "2026-01-01T00:00:05.25Z");
    }

    #[test]
    fn moments_are_read_as_they_are_written() {
        let at = 1_767_225_605_250;
        assert_eq!(parse(&rfc3339(at)), Some(at));
        assert_eq!(parse("1767225605250"), Some(at));
        assert_eq!(parse("2026-01-01T08:00:05.25 08:00"), Some(at));
        assert_eq!((parse("yesterday"), parse("")), (None, None));
    }

    #[test]
    fn the_month_turns_in_china() {
        // 2026-01-31T16:00:00Z is the first of February in China.
        let february = 1_769_875_200_000;
        assert_eq!(china_month(february), china_month(february - 1) + 1);
        assert_eq!(china_month(february), china_month(february + 27 * DAY));
    }

    #[test]
    fn the_day_turns_at_midnight_in_china() {
        // 2026-01-01T00:00:05Z is 08:00:05 in China; midnight there is sixteen hours later.
        let morning = 1_767_225_605_000;
        assert_eq!(china_day(morning), china_day(morning + 15 * HOUR));
        assert_eq!(china_day(morning) + 1, china_day(morning + 16 * HOUR));
    }
}
