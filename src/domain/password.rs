//! Passwords of platform accounts: long enough and not the first that anybody would try (NIST SP 800-63B); no rules of composition.

use super::phone_number::PhoneNumber;
use super::policy::PasswordLength;

/// Why a password is not taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum WeakPassword {
    /// Too few characters.
    #[error("a password has at least {least} characters")]
    TooShort {
        /// How many it needs.
        least: usize,
    },
    /// Too many characters.
    #[error("a password has at most {most} characters")]
    TooLong {
        /// How many it may have.
        most: usize,
    },
    /// Among those that are tried first.
    #[error("this password is one of the most used: choose another")]
    Common,
    /// The account's own phone number.
    #[error("a password is not one's own phone number")]
    Phone,
}

/// Checks a password that somebody with `phone` chooses; a character is a Unicode code point.
///
/// # Errors
/// Which rule it breaks.
pub fn check_password(
    password: &str,
    phone: &PhoneNumber,
    length: PasswordLength,
) -> Result<(), WeakPassword> {
    // Counting stops early: the text may be as long as a body.
    let characters = password.chars().take(length.most.saturating_add(1)).count();
    if characters < length.least {
        return Err(WeakPassword::TooShort { least: length.least });
    }
    if characters > length.most {
        return Err(WeakPassword::TooLong { most: length.most });
    }
    if is_phone(password, phone) {
        return Err(WeakPassword::Phone);
    }
    if is_common(password) { Err(WeakPassword::Common) } else { Ok(()) }
}

/// Whether it is the number, with or without its country's code, written in any usual way.
fn is_phone(password: &str, phone: &PhoneNumber) -> bool {
    let is_punctuation = |c: char| matches!(c, '+' | ' ' | '-' | '.' | '(' | ')');
    if !password.chars().all(|c| c.is_ascii_digit() || is_punctuation(c)) {
        return false;
    }
    let digits: String = password.chars().filter(char::is_ascii_digit).collect();
    // The zeros of 0049… and of 0151… are none of the number's.
    let digits = digits.trim_start_matches('0');
    digits.len() >= 7 && phone.as_str().ends_with(digits)
}

fn is_common(password: &str) -> bool {
    let lower = password.to_lowercase();
    let mut characters = lower.chars();
    let first = characters.next();
    characters.all(|c| Some(c) == first) || COMMON.contains(&lower.as_str())
}

/// The passwords of eight characters and more that are found most often where passwords were lost, in China and elsewhere.
const COMMON: [&str; 64] = [
    "0123456789",
    "1029384756",
    "110110110",
    "11223344",
    "1122334455",
    "12121212",
    "123123123",
    "123321123",
    "12341234",
    "12344321",
    "123454321",
    "12345678",
    "123456789",
    "1234567890",
    "123456789a",
    "12345678a",
    "123456abc",
    "123456asd",
    "1234abcd",
    "1234qwer",
    "123654789",
    "1314520520",
    "135792468",
    "147258369",
    "147852369",
    "159357456",
    "1q2w3e4r",
    "1q2w3e4r5t",
    "1qaz2wsx",
    "1qaz@wsx",
    "31415926",
    "52013140",
    "5201314520",
    "741852963",
    "78945612",
    "789456123",
    "87654321",
    "963852741",
    "987654321",
    "9876543210",
    "a1234567",
    "a12345678",
    "a123456789",
    "aa123456",
    "abc12345",
    "abc123456",
    "abcd1234",
    "admin123",
    "asdasdasd",
    "asdfghjkl",
    "football",
    "iloveyou",
    "password",
    "password1",
    "password123",
    "passw0rd",
    "p@ssw0rd",
    "q1w2e3r4",
    "qazwsxedc",
    "qq123456",
    "qwer1234",
    "qwertyuiop",
    "woaini1314",
    "woaini520",
];

#[cfg(test)]
mod tests {
    use super::*;

    const LENGTH: PasswordLength = PasswordLength { least: 8, most: 128 };

    fn check(password: &str) -> Result<(), WeakPassword> {
        check_password(password, &PhoneNumber::from_stored("+8613800138000".into()), LENGTH)
    }

    #[test]
    fn anything_long_enough_is_taken_whatever_it_is_made_of() {
        for good in [
            "correct horse",
            "mnbvcxzl",
            "82749163",
            "床前明月光疑是地上霜",
            " leading blank",
            "🐎🐎🐎🐎🐎🐎🐎🔋",
            "13800138001",
        ] {
            assert_eq!(check(good), Ok(()), "{good}");
        }
        assert_eq!(check(&"ab".repeat(64)), Ok(()));
    }

    #[test]
    fn the_length_is_counted_in_characters() {
        for short in ["", "seven77", "床前明月光"] {
            assert_eq!(check(short), Err(WeakPassword::TooShort { least: 8 }), "{short}");
        }
        assert_eq!(check(&"床前".repeat(64)), Ok(()));
        assert_eq!(check(&"ab".repeat(65)), Err(WeakPassword::TooLong { most: 128 }));
    }

    #[test]
    fn what_everybody_takes_is_refused() {
        for common in [
            "12345678",
            "Password",
            "PASSWORD123",
            "1qaz2wsx",
            "woaini1314",
            "88888888",
            "aaaaAAAA",
            "        ",
        ] {
            assert_eq!(check(common), Err(WeakPassword::Common), "{common}");
        }
    }

    #[test]
    fn ones_own_phone_is_refused_however_it_is_written() {
        for own in [
            "13800138000",
            "+8613800138000",
            "8613800138000",
            "0086 138-0013-8000",
            "138 0013 8000",
            "80013800 0",
        ] {
            assert_eq!(check(own), Err(WeakPassword::Phone), "{own}");
        }
        let german = PhoneNumber::from_stored("+4915112345678".into());
        assert_eq!(check_password("015112345678", &german, LENGTH), Err(WeakPassword::Phone));
    }

    #[test]
    fn the_list_is_in_lower_case_without_repeats_and_with_none_too_short_to_count() {
        let mut seen = std::collections::BTreeSet::new();
        for password in COMMON {
            assert!(
                seen.insert(password) && password == password.to_lowercase() && password.len() >= 8,
                "{password}"
            );
        }
    }
}
