//! Time as a value: instants that are stored, and the one door they come in by.

use std::time::Duration;

/// An instant in Unix milliseconds (UTC), as it stands in every `*_at` column.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash, serde::Serialize)]
#[serde(transparent)]
pub struct Millis(pub i64);

impl Millis {
    /// The instant `span` later.
    #[must_use]
    pub fn plus(self, span: Duration) -> Self {
        Self(self.0.saturating_add(as_millis(span)))
    }

    /// The instant `span` earlier.
    #[must_use]
    pub fn minus(self, span: Duration) -> Self {
        Self(self.0.saturating_sub(as_millis(span)))
    }

    /// How long from `earlier` until this instant; zero when `earlier` is later.
    pub fn since(self, earlier: Self) -> Duration {
        Duration::from_millis(u64::try_from(self.0.saturating_sub(earlier.0)).unwrap_or(0))
    }

    /// The instant in RFC 3339, UTC, whole milliseconds (`2026-11-22T10:00:00.000Z`), as the API writes times.
    pub fn rfc3339(self) -> String {
        let nanos = i128::from(self.0) * 1_000_000;
        let Ok(at) = time::OffsetDateTime::from_unix_timestamp_nanos(nanos) else { return String::new() };
        let (date, clock) = (at.date(), at.time());
        format!(
            "{date}T{:02}:{:02}:{:02}.{:03}Z",
            clock.hour(),
            clock.minute(),
            clock.second(),
            clock.millisecond()
        )
    }

    /// Reads an instant in RFC 3339.
    pub fn from_rfc3339(text: &str) -> Option<Self> {
        let at = time::OffsetDateTime::parse(text, &time::format_description::well_known::Rfc3339).ok()?;
        i64::try_from(at.unix_timestamp_nanos() / 1_000_000).ok().map(Self)
    }

    /// Unix seconds, as WeChat writes times.
    pub fn seconds(self) -> i64 {
        self.0.div_euclid(1000)
    }
}

fn as_millis(span: Duration) -> i64 {
    i64::try_from(span.as_millis()).unwrap_or(i64::MAX)
}

/// Tells the time that is stored and compared; waiting uses tokio's own clock.
pub trait Clock: Send + Sync + 'static {
    /// The present instant.
    fn now(&self) -> Millis;
}

/// Gives random bytes fit for secrets.
pub trait Entropy: Send + Sync + 'static {
    /// Fills `bytes` from a cryptographically secure source.
    fn fill(&self, bytes: &mut [u8]);
}

/// Reads `N` random bytes.
pub fn random<const N: usize>(entropy: &dyn Entropy) -> [u8; N] {
    let mut bytes = [0; N];
    entropy.fill(&mut bytes);
    bytes
}

/// A number below `bound`, every one equally likely (values above the last whole multiple are drawn again).
pub fn random_below(entropy: &dyn Entropy, bound: u32) -> u32 {
    let usable = u32::MAX - u32::MAX % bound;
    loop {
        let drawn = u32::from_le_bytes(random::<4>(entropy));
        if drawn < usable {
            return drawn % bound;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instants_are_written_as_the_api_says() {
        assert_eq!(Millis(0).rfc3339(), "1970-01-01T00:00:00.000Z");
        assert_eq!(Millis(1_767_225_605_042).rfc3339(), "2026-01-01T00:00:05.042Z");
        assert_eq!(Millis::from_rfc3339("2026-01-01T00:00:05.042Z"), Some(Millis(1_767_225_605_042)));
        assert_eq!(Millis::from_rfc3339("2026-01-01T08:00:00+08:00"), Some(Millis(1_767_225_600_000)));
        assert_eq!(Millis::from_rfc3339("yesterday"), None);
    }

    #[test]
    fn a_clock_that_went_back_gives_no_negative_span() {
        assert_eq!(Millis(5).since(Millis(9)), Duration::ZERO);
        assert_eq!(Millis(1_500).minus(Duration::from_secs(1)), Millis(500));
    }
}
