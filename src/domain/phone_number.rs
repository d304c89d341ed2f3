//! Phone numbers in E.164; a bare Chinese mobile number is taken as +86.

use std::fmt;

/// A phone number in E.164, `+8613800138000`.
#[derive(Clone, PartialEq, Eq, Hash)]
pub struct PhoneNumber(String);

/// The text is no phone number, or of a country that is not allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not a phone number that can be used here")]
pub struct InvalidPhone;

impl PhoneNumber {
    /// Reads what a person typed: spaces, hyphens, dots, brackets and full-width digits are taken as they are meant.
    ///
    /// `allowed` are country codes with their plus sign (`+86`).
    pub fn parse(typed: &str, allowed: &[String]) -> Result<Self, InvalidPhone> {
        if typed.len() > 64 {
            return Err(InvalidPhone);
        }
        let mut text = String::new();
        for c in typed.trim().chars() {
            match c {
                '0'..='9' => text.push(c),
                '０'..='９' => text.extend(char::from_digit(c as u32 - '０' as u32, 10)),
                '+' | '＋' if text.is_empty() => text.push('+'),
                ' ' | '-' | '.' | '(' | ')' | '\u{a0}' | '\u{3000}' => {}
                _ => return Err(InvalidPhone),
            }
        }
        if let Some(international) = text.strip_prefix("00") {
            text = format!("+{international}");
        } else if !text.starts_with('+') {
            let national = text.strip_prefix("86").filter(|rest| is_chinese_mobile(rest)).unwrap_or(&text);
            if !is_chinese_mobile(national) {
                return Err(InvalidPhone);
            }
            text = format!("+86{national}");
        }
        let well_formed = (9..=16).contains(&text.len()) && !text.starts_with("+0");
        let chinese_or_foreign = text.strip_prefix("+86").is_none_or(is_chinese_mobile);
        let country_allowed = allowed.iter().any(|code| text.starts_with(code.as_str()));
        if well_formed && chinese_or_foreign && country_allowed { Ok(Self(text)) } else { Err(InvalidPhone) }
    }

    /// Takes back a number that was stored.
    pub fn from_stored(text: String) -> Self {
        Self(text)
    }

    /// The number in E.164.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// The number with its middle hidden: `138****1234`, `+4915****4567`.
    pub fn masked(&self) -> String {
        let shown = self.0.strip_prefix("+86").unwrap_or(&self.0);
        let (head, tail) = (
            &shown[..shown.len().min(if shown.starts_with('+') { 5 } else { 3 })],
            shown.len().saturating_sub(4),
        );
        format!("{head}****{}", &shown[tail..])
    }
}

impl fmt::Debug for PhoneNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.masked())
    }
}

fn is_chinese_mobile(text: &str) -> bool {
    let bytes = text.as_bytes();
    bytes.len() == 11
        && bytes[0] == b'1'
        && (b'3'..=b'9').contains(&bytes[1])
        && bytes.iter().all(u8::is_ascii_digit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parse(text: &str) -> Option<String> {
        PhoneNumber::parse(text, &["+86".into(), "+49".into()]).ok().map(|phone| phone.0)
    }

    #[test]
    fn numbers_are_read_as_people_type_them() {
        for typed in [
            "13800138000",
            "138 0013 8000",
            "+86 138-0013-8000",
            "8613800138000",
            "008613800138000",
            "１３８００１３８０００",
        ] {
            assert_eq!(parse(typed).as_deref(), Some("+8613800138000"), "{typed}");
        }
        assert_eq!(parse("+4915112345678").as_deref(), Some("+4915112345678"));
    }

    #[test]
    fn what_is_no_mobile_number_or_of_another_country_is_refused() {
        for typed in [
            "",
            "12345",
            "12800138000",
            "1380013800",
            "138001380000",
            "+14155550100",
            "+8612345",
            "abc",
            "+86+86",
            "1380013800a",
        ] {
            assert_eq!(parse(typed), None, "{typed}");
        }
    }

    #[test]
    fn the_middle_is_hidden() {
        assert_eq!(PhoneNumber("+8613800138000".into()).masked(), "138****8000");
        assert_eq!(PhoneNumber("+4915112345678".into()).masked(), "+4915****5678");
        assert_eq!(format!("{:?}", PhoneNumber("+8613800138000".into())), "138****8000");
    }
}
