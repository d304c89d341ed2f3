//! `[billing]`: what expansion packs cost.

use std::str::FromStr;

use super::ConfigError;
use super::values::Values;

/// The section `billing`.
#[derive(Debug, Clone)]
pub struct Billing {
    /// Currency of the prices.
    pub currency: Currency,
    /// The packs that are sold; at least one, each size once.
    pub packs: Vec<Pack>,
}

const CURRENCY_WANTED: &str = "a currency of ISO 4217 in three capital letters, such as \"CNY\"";
const PACK_WANTED: &str = "seats (1 to 1000000) and a price a year (up to 10000000, at most two decimals), such as \"100:500\" or \"100:499.90\"";

impl Billing {
    pub(super) fn read(values: &Values) -> Result<Self, ConfigError> {
        let section = values.section("billing");
        let packs: Vec<Pack> = section.parse_list("packs", PACK_WANTED)?;
        let wrong = |problem: String| Err(ConfigError::new(section.key("packs"), problem));
        if packs.is_empty() {
            return wrong("must name at least one pack, such as \"100:500\"".to_owned());
        }
        let twice =
            packs.iter().enumerate().find(|(at, pack)| packs[..*at].iter().any(|p| p.seats == pack.seats));
        if let Some((_, pack)) = twice {
            return wrong(format!("must name each size once (got {} twice)", pack.seats));
        }
        Ok(Self { currency: section.parse("currency", CURRENCY_WANTED)?, packs })
    }
}

/// A currency by its three letters.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Currency(String);

impl Currency {
    /// Its three letters.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl FromStr for Currency {
    type Err = ();

    fn from_str(text: &str) -> Result<Self, ()> {
        let fits = text.len() == 3 && text.bytes().all(|byte| byte.is_ascii_uppercase());
        if fits { Ok(Self(text.to_owned())) } else { Err(()) }
    }
}

/// An expansion pack: seats and what they cost for a year.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pack {
    /// External-user seats in it.
    pub seats: i32,
    /// Its price for a year, in hundredths of the currency (fen).
    pub yearly_fen: i64,
}

impl FromStr for Pack {
    type Err = ();

    /// Reads `100:500`, `100:499.9` or `100:499.90`, exactly.
    fn from_str(text: &str) -> Result<Self, ()> {
        let (seats, price) = text.split_once(':').ok_or(())?;
        let (whole, fraction) = price.split_once('.').unwrap_or((price, "0"));
        if fraction.is_empty() || fraction.len() > 2 {
            return Err(());
        }
        let pack = Self {
            seats: i32::try_from(digits(seats)?).map_err(|_| ())?,
            yearly_fen: digits(whole)? * 100 + digits(&format!("{fraction:0<2}"))?,
        };
        let fits = (1..=1_000_000).contains(&pack.seats) && pack.yearly_fen <= 1_000_000_000;
        if fits { Ok(pack) } else { Err(()) }
    }
}

/// A number of digits only; what is too long for any price or size is none.
fn digits(text: &str) -> Result<i64, ()> {
    let fits = text.len() <= 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    if fits { text.parse().map_err(|_| ()) } else { Err(()) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pack_is_read_exactly() {
        for (text, seats, yearly_fen) in [
            ("100:500", 100, 50_000),
            ("1000:1000.00", 1_000, 100_000),
            ("100:499.9", 100, 49_990),
            ("100:499.09", 100, 49_909),
            ("1:0.01", 1, 1),
            ("50:0", 50, 0),
            ("1000000:10000000", 1_000_000, 1_000_000_000),
        ] {
            assert_eq!(text.parse(), Ok(Pack { seats, yearly_fen }), "{text}");
        }
    }

    #[test]
    fn what_is_no_pack_is_refused() {
        for text in [
            "",
            "100",
            "100:",
            ":500",
            "100:5,00",
            "100:500.",
            "100:.5",
            "100:500.001",
            "100:-5",
            "-100:5",
            "+100:5",
            "0:5",
            "1000001:5",
            "100:10000000.01",
            "100: 500",
            "100:5e2",
            "100:1:2",
            "1.5:5",
            "１00:5",
            "100:9999999999999999999",
        ] {
            assert_eq!(text.parse::<Pack>(), Err(()), "{text}");
        }
    }
}
