//! The gateway that is none: the code on stderr, for development.

use std::io::Write as _;

use super::{CodeMessage, SmsError};

/// Writes one line with the masked phone and the whole code; a log would hide the code, so this is none.
pub(super) fn send(message: &CodeMessage<'_>) -> Result<(), SmsError> {
    writeln!(std::io::stderr().lock(), "{}", line(message)).map_err(|_| SmsError::Unavailable)
}

fn line(message: &CodeMessage<'_>) -> String {
    format!("SMS to {}: code {}", masked(message.phone), message.code)
}

/// All but the last four digits and, of long numbers, the first four characters.
fn masked(phone: &str) -> String {
    let length = phone.chars().count();
    let head = if length > 8 { 4 } else { 0 };
    phone
        .chars()
        .enumerate()
        .map(|(place, c)| if place < head || place + 4 >= length { c } else { '*' })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_shows_the_code_and_not_the_phone() {
        let message = CodeMessage { id: "1", phone: "+8613800001234", code: "482915", text: "…" };
        assert_eq!(line(&message), "SMS to +861******1234: code 482915");
        assert_eq!(masked("+1234567"), "****4567");
    }
}
