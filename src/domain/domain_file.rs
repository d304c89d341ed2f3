//! The file that WeChat wants at the root of a domain before the domain may be used for authorization.

/// How a file's name begins.
const PREFIX: &str = "MP_verify_";

/// How a file's name ends.
const SUFFIX: &str = ".txt";

/// Longest code in a name; WeChat's have 16 letters and digits.
const CODE_LIMIT: usize = 64;

/// Longest content, in bytes; WeChat's is the code itself.
const TEXT_LIMIT: usize = 256;

/// A file with a name and a content that can do no harm at the root of our domain.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DomainFile {
    name: String,
    text: String,
}

/// Why something cannot be such a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDomainFile {
    /// The name.
    #[error("must be named MP_verify_….txt, with 1 to 64 letters and digits in between")]
    Name,
    /// The content.
    #[error("must contain 1 to 256 letters, digits, hyphens and underscores, as WeChat's console gives it")]
    Text,
}

impl DomainFile {
    /// A file with its content.
    ///
    /// # Errors
    /// Name or content is not such as WeChat's.
    pub fn new(name: &str, text: &str) -> Result<Self, InvalidDomainFile> {
        code_in(name).ok_or(InvalidDomainFile::Name)?;
        let allowed = |b: u8| b.is_ascii_alphanumeric() || b == b'-' || b == b'_';
        if !(1..=TEXT_LIMIT).contains(&text.len()) || !text.bytes().all(allowed) {
            return Err(InvalidDomainFile::Text);
        }
        Ok(Self { name: name.to_owned(), text: text.to_owned() })
    }

    /// A file by its name, or by the code in it: the content is the code.
    ///
    /// # Errors
    /// It is neither.
    pub fn parse(text: &str) -> Result<Self, InvalidDomainFile> {
        let code = code_in(text).or_else(|| is_code(text).then_some(text)).ok_or(InvalidDomainFile::Name)?;
        Self::new(&name_of(code), code)
    }

    /// Its name: `MP_verify_….txt`.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// What it says, exactly.
    pub fn text(&self) -> &str {
        &self.text
    }
}

/// The name of the file with this code.
pub fn name_of(code: &str) -> String {
    format!("{PREFIX}{code}{SUFFIX}")
}

fn code_in(name: &str) -> Option<&str> {
    name.strip_prefix(PREFIX)?.strip_suffix(SUFFIX).filter(|code| is_code(code))
}

fn is_code(text: &str) -> bool {
    (1..=CODE_LIMIT).contains(&text.len()) && text.bytes().all(|b| b.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_and_its_code_are_the_same_file() {
        let file = DomainFile::parse("MP_verify_AbCd1234.txt").unwrap();
        assert_eq!((file.name(), file.text()), ("MP_verify_AbCd1234.txt", "AbCd1234"));
        assert_eq!(DomainFile::parse("AbCd1234"), Ok(file.clone()));
        assert_eq!(DomainFile::new("MP_verify_AbCd1234.txt", "AbCd1234"), Ok(file));
    }

    #[test]
    fn nothing_else_gets_to_the_root_of_the_domain() {
        for name in [
            "",
            "robots.txt",
            "MP_verify_.txt",
            "MP_verify_a/../b.txt",
            "MP_verify_a.txt ",
            "MP_verify_a.html",
            "mp_verify_a.txt",
            "MP_verify_é.txt",
            &name_of(&"a".repeat(65)),
        ] {
            assert_eq!(DomainFile::parse(name), Err(InvalidDomainFile::Name), "{name}");
            assert_eq!(DomainFile::new(name, "a"), Err(InvalidDomainFile::Name), "{name}");
        }
        for text in ["", "<script>", "a b", "a\n", &"a".repeat(257)] {
            assert_eq!(DomainFile::new("MP_verify_a.txt", text), Err(InvalidDomainFile::Text), "{text}");
        }
    }
}
