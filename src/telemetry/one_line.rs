//! Keeps one event on one line: what a stranger sent can neither begin a new line nor steer a terminal (CWE-117, RUSTSEC-2025-0055).

use std::fmt::Write as _;
use std::io::{self, Write};

use tracing_subscriber::fmt::MakeWriter;

/// Makes writers that escape control characters as JSON does, `\u001b`, and keep only the line break at the end.
#[derive(Debug, Clone)]
pub struct OneLine<M>(pub M);

/// The writer of one event.
#[derive(Debug)]
pub struct OneLineWriter<W>(W);

impl<'a, M: MakeWriter<'a>> MakeWriter<'a> for OneLine<M> {
    type Writer = OneLineWriter<M::Writer>;

    fn make_writer(&'a self) -> Self::Writer {
        OneLineWriter(self.0.make_writer())
    }
}

impl<W: Write> Write for OneLineWriter<W> {
    /// `tracing-subscriber` hands over each event whole, in one call.
    fn write(&mut self, event: &[u8]) -> io::Result<usize> {
        let text = String::from_utf8_lossy(event);
        let line = text.strip_suffix('\n').unwrap_or(&text);
        if line.chars().any(is_unsafe) {
            self.0.write_all(escape(line).as_bytes())?;
            self.0.write_all(b"\n")?;
        } else {
            self.0.write_all(event)?;
        }
        Ok(event.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        self.0.flush()
    }
}

/// Control characters (C0, DEL, C1), the two separators that some readers take for line breaks, and the marks that turn text round.
fn is_unsafe(c: char) -> bool {
    c.is_control() || matches!(c, '\u{2028}' | '\u{2029}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn escape(line: &str) -> String {
    let mut safe = String::with_capacity(line.len() + 16);
    for c in line.chars() {
        if is_unsafe(c) {
            // All of them are in the basic plane, so four digits are enough. Writing into a String cannot fail.
            let _ = write!(safe, "\\u{:04x}", u32::from(c));
        } else {
            safe.push(c);
        }
    }
    safe
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_last_line_break_stays() {
        let mut out = Vec::new();
        OneLineWriter(&mut out).write_all("a\nb\r\u{1b}[2J\u{7f}\u{9b}\u{202e}门房\n".as_bytes()).unwrap();
        assert_eq!(String::from_utf8(out).unwrap(), "a\\u000ab\\u000d\\u001b[2J\\u007f\\u009b\\u202e门房\n");
    }

    #[test]
    fn an_ordinary_line_goes_through_as_it_is() {
        let mut out = Vec::new();
        OneLineWriter(&mut out).write_all("{\"message\":\"ok\"}\n".as_bytes()).unwrap();
        assert_eq!(out, b"{\"message\":\"ok\"}\n");
    }
}
