//! Names that people give to organizations, apps, roles and themselves, fit to be shown.

use std::str::FromStr;

/// Most characters of a name.
pub const MOST_CHARACTERS: usize = 60;

/// Why a text is no name.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidName {
    /// Nothing is left when blanks are taken off its ends.
    #[error("a name has at least one character")]
    Empty,
    /// More than [`MOST_CHARACTERS`].
    #[error("a name has at most {MOST_CHARACTERS} characters")]
    TooLong,
    /// A character in it breaks a line or is not seen.
    #[error("a name is one line of text without control characters")]
    NotOneLine,
}

/// The name without blanks at its ends.
///
/// # Errors
/// Why it is none.
pub fn display_name(typed: &str) -> Result<String, InvalidName> {
    let name = typed.trim_matches(is_blank);
    if name.is_empty() {
        return Err(InvalidName::Empty);
    }
    // Counting stops early: the text may be as long as a body.
    if name.chars().take(MOST_CHARACTERS + 1).count() > MOST_CHARACTERS {
        return Err(InvalidName::TooLong);
    }
    if name.chars().any(is_unfit) { Err(InvalidName::NotOneLine) } else { Ok(name.to_owned()) }
}

/// How a request names something that has both an id and a name.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub enum Named<I> {
    /// By its id.
    Id(I),
    /// By its name.
    Name(String),
}

impl<I: FromStr> Named<I> {
    /// What reads as an id is one; anything else is a name.
    pub fn read(text: &str) -> Self {
        text.parse().map_or_else(|_| Self::Name(text.trim().to_owned()), Self::Id)
    }
}

/// White space, and the joiners that mean something between two characters only (in emoji, in Persian).
fn is_blank(c: char) -> bool {
    (c.is_whitespace() && !is_unfit(c)) || matches!(c, '\u{200c}' | '\u{200d}')
}

/// What breaks the line, cannot be seen, or turns the direction of writing, so that one name looks like another.
fn is_unfit(c: char) -> bool {
    c.is_control()
        || matches!(c,
            '\u{2028}' | '\u{2029}' // line and paragraph separator
            | '\u{200b}' | '\u{2060}' | '\u{feff}' | '\u{ad}' | '\u{3164}' // no width, or nothing to see
            | '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' // direction
        )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_loses_the_blanks_at_its_ends_and_nothing_else() {
        for (typed, name) in [
            ("Shop", "Shop"),
            ("  华东  门店\u{3000}", "华东  门店"),
            ("O'Neil & Söhne <1>", "O'Neil & Söhne <1>"),
            ("👩\u{200d}🍳 厨房", "👩\u{200d}🍳 厨房"),
            ("\u{200d}x\u{200c} ", "x"),
            (&"店".repeat(60), &"店".repeat(60)),
            (&format!("  {}  ", "a".repeat(60)), &"a".repeat(60)),
        ] {
            assert_eq!(display_name(typed).as_deref(), Ok(name));
        }
    }

    #[test]
    fn what_cannot_be_shown_in_one_line_is_refused() {
        for typed in ["", " ", "\u{3000}\u{a0}", "\u{200d}"] {
            assert_eq!(display_name(typed), Err(InvalidName::Empty), "{typed:?}");
        }
        for typed in [
            "a\nb",
            "a\r\nb",
            "a\tb",
            "a\u{0}",
            "name\n",
            "\u{85}a",
            "a\u{2028}b",
            "a\u{2029}",
            "a\u{7f}b",
            "\u{202e}nimda",
            "ad\u{200b}min",
            "a\u{2066}b",
            "\u{feff}a",
            "\u{3164}",
        ] {
            assert_eq!(display_name(typed), Err(InvalidName::NotOneLine), "{typed:?}");
        }
        assert_eq!(display_name(&"店".repeat(61)), Err(InvalidName::TooLong));
    }
}
