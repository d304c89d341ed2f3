//! What WeChat takes in a template's field, by the field's kind: what it would refuse with 47003 is refused here, with the rule
//! in words. Where WeChat is silent the value is let through, for WeChat to judge.
//!
//! Lengths are counted in UTF-16 units.

use super::moment::{Moments, moments};
use super::template::Kind;

/// Longest free text; WeChat names no limit for it.
const LONGEST_TEXT: usize = 200;
/// Longest value of an enumeration; WeChat names no limit for it.
const LONGEST_ENUM: usize = 64;
/// Most digits of an amount in front of its point.
const AMOUNT_DIGITS: usize = 12;

/// Checks a value for a field.
///
/// # Errors
/// The rule that it breaks, in words.
pub(super) fn check_value(kind: Kind, value: &str) -> Result<(), String> {
    if value.trim().is_empty() {
        return if kind == Kind::Const && value.is_empty() {
            Ok(())
        } else {
            Err("must not be empty".into())
        };
    }
    // A free text may have lines; everything else is one line of a card.
    let is_line_break = |c: char| kind == Kind::Text && matches!(c, '\n' | '\r');
    if value.chars().any(|c| c.is_control() && !is_line_break(c)) {
        return Err("must be text without line breaks and other control characters".into());
    }
    match kind {
        Kind::Thing | Kind::Const => at_most(value, 20, "characters"),
        Kind::CharacterString => {
            let plain = |c: char| c.is_ascii() || !c.is_alphanumeric();
            demand(
                value.chars().all(plain),
                "must be digits, letters and symbols, without Chinese or other scripts",
            )?;
            at_most(value, 32, "digits, letters and symbols")
        }
        Kind::Time => demand(
            moments(value).is_some_and(Moments::have_times),
            "must be a time of 24 hours such as 15:01, with or without its date (2019年10月1日 15:01 or 2019-10-01 15:01), \
             or two of them joined by ~",
        ),
        Kind::Date => demand(
            moments(value).is_some_and(Moments::have_dates),
            "must be a date such as 2019年10月1日 or 2019-10-01, with or without a time (15:01), or two of them joined by ~",
        ),
        Kind::Amount => demand(
            is_amount(value),
            "must be an amount: at most one currency sign, at most 12 digits with or without decimals, and 元 at the end if you like",
        ),
        Kind::PhoneNumber => {
            demand(
                all_but(value, |c| c.is_alphanumeric() && !c.is_ascii_digit()),
                "must be digits and symbols",
            )?;
            at_most(value, 17, "digits and symbols")
        }
        Kind::CarNumber => {
            demand(
                is_car_number(value),
                "must be letters and digits, the first and last one may be Chinese",
            )?;
            at_most(value, 8, "letters and digits")
        }
        Kind::Number => {
            demand(is_number(value), "must be a number: digits, with or without decimals")?;
            at_most(value, 32, "digits")
        }
        Kind::Letter => {
            demand(value.chars().all(|c| c.is_ascii_alphabetic()), "must be letters from a to z")?;
            at_most(value, 32, "letters")
        }
        Kind::Symbol => {
            demand(all_but(value, char::is_alphanumeric), "must be symbols, without letters and digits")?;
            at_most(value, 5, "symbols")
        }
        Kind::Name if value.chars().any(is_chinese) => {
            at_most(value, 10, "characters when it has Chinese ones")
        }
        Kind::Name => at_most(value, 20, "letters"),
        Kind::Phrase => {
            demand(value.chars().all(is_chinese), "must be Chinese characters only")?;
            at_most(value, 5, "Chinese characters")
        }
        Kind::EnumString => at_most(value, LONGEST_ENUM, "characters"),
        Kind::Text => at_most(value, LONGEST_TEXT, "characters"),
    }
}

fn demand(fits: bool, rule: &str) -> Result<(), String> {
    if fits { Ok(()) } else { Err(rule.to_owned()) }
}

fn at_most(value: &str, limit: usize, what: &str) -> Result<(), String> {
    let length = value.encode_utf16().count();
    if length <= limit { Ok(()) } else { Err(format!("must have at most {limit} {what}, not {length}")) }
}

fn all_but(value: &str, unwanted: impl Fn(char) -> bool) -> bool {
    !value.chars().any(unwanted)
}

/// Whether a character is of the Han script, as far as fonts have it.
fn is_chinese(c: char) -> bool {
    matches!(c, '\u{3400}'..='\u{4dbf}' | '\u{4e00}'..='\u{9fff}' | '\u{f900}'..='\u{faff}' | '\u{20000}'..='\u{3ffff}' | '〇')
}

/// Digits, and decimals behind a point if there is one.
fn decimal(text: &str) -> Option<(&str, &str)> {
    let digits = |part: &str| !part.is_empty() && part.bytes().all(|b| b.is_ascii_digit());
    match text.split_once('.') {
        Some((whole, decimals)) => (digits(whole) && digits(decimals)).then_some((whole, decimals)),
        None => digits(text).then_some((text, "")),
    }
}

fn is_number(value: &str) -> bool {
    decimal(value.strip_prefix('-').unwrap_or(value)).is_some()
}

fn is_amount(value: &str) -> bool {
    let is_currency = |c: char| {
        matches!(c, '$' | '¢' | '£' | '¤' | '¥' | '₠'..='⃀' | '￠' | '￡' | '￥' | '￦' | '﹩' | '＄')
    };
    let bare = value.trim();
    let bare = bare.strip_prefix(is_currency).unwrap_or(bare);
    let bare = bare.strip_suffix('元').unwrap_or(bare);
    decimal(bare.trim()).is_some_and(|(whole, _)| whole.len() <= AMOUNT_DIGITS)
}

fn is_car_number(value: &str) -> bool {
    let last = value.chars().count() - 1;
    let fits =
        |(at, c): (usize, char)| c.is_ascii_alphanumeric() || (is_chinese(c) && (at == 0 || at == last));
    value.chars().enumerate().all(fits)
}
