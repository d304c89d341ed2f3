//! A file of recipients: CSV as spreadsheets write it, one row for each person.

use std::collections::BTreeMap;
use std::fmt;

use csv::{ReaderBuilder, Trim};
use serde_json::{Value, json};

use super::UsageError;

/// Where somebody stands in a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Place {
    /// Which row, the first person's being 1.
    pub(super) number: usize,
    /// The line of the file on which it begins.
    pub(super) line: u64,
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "row {} (line {})", self.number, self.line)
    }
}

/// Somebody with fields of their own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Row {
    /// Where it stands.
    pub(super) place: Place,
    /// Who, as an order names them.
    pub(super) audience: Value,
    /// The fields that are not empty.
    pub(super) data: BTreeMap<String, String>,
}

/// Counts lines: the reader's own count is one behind where lines end as on Windows.
struct Lines<'t> {
    text: &'t [u8],
    seen: usize,
    line: u64,
}

impl Lines<'_> {
    /// The line on which a record begins, behind the end of the one before it; records come in their order.
    fn of(&mut self, begins: Option<&csv::Position>) -> u64 {
        let begins = begins.and_then(|at| usize::try_from(at.byte()).ok()).unwrap_or(self.seen);
        let is_end = |byte: &&u8| matches!(byte, b'\r' | b'\n');
        let ends = self.text.iter().skip(begins).take_while(is_end).count();
        let passed = self.text.iter().take(begins + ends).skip(self.seen);
        self.line += passed.filter(|byte| **byte == b'\n').count() as u64;
        self.seen = begins + ends;
        self.line
    }
}

/// The rows of a file; those without anything in them are left out.
pub(super) fn read(bytes: &[u8]) -> Result<Vec<Row>, UsageError> {
    let wrong = |what: String| UsageError(format!("--file: {what}"));
    let text = std::str::from_utf8(bytes)
        .map_err(|_| wrong("must be UTF-8; spreadsheets call it \"CSV UTF-8\"".into()))?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    let header = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    // Spreadsheets of countries with a decimal comma separate by semicolons.
    let separator = if header.contains(';') && !header.contains(',') { b';' } else { b',' };
    let mut reader =
        ReaderBuilder::new().delimiter(separator).flexible(true).trim(Trim::All).from_reader(text.as_bytes());
    let header = reader.headers().map_err(|error| wrong(error.to_string()))?.clone();
    let columns: Vec<&str> = header.iter().collect();
    for (place, name) in columns.iter().enumerate() {
        if !name.is_empty() && columns[..place].contains(name) {
            return Err(wrong(format!("two columns are called {name}")));
        }
    }
    let who = match (columns.contains(&"user"), columns.contains(&"openid")) {
        (true, false) => ("user", "users"),
        (false, true) => ("openid", "openids"),
        _ => return Err(wrong("its first line must name the columns, one of them user or openid".into())),
    };
    let mut rows = Vec::new();
    let mut lines = Lines { text: text.as_bytes(), seen: 0, line: 1 };
    for (before, record) in reader.records().enumerate() {
        let record = record.map_err(|error| wrong(error.to_string()))?;
        let place = Place { number: before + 1, line: lines.of(record.position()) };
        if record.iter().all(str::is_empty) {
            continue;
        }
        if record.iter().skip(columns.len()).any(|cell| !cell.is_empty()) {
            return Err(wrong(format!("{place} has more cells than the first line has columns")));
        }
        let cells =
            columns.iter().zip(record.iter()).filter(|(name, cell)| !name.is_empty() && !cell.is_empty());
        let mut data: BTreeMap<String, String> =
            cells.map(|(name, cell)| ((*name).to_owned(), cell.to_owned())).collect();
        let id = data.remove(who.0).ok_or_else(|| wrong(format!("{place} has no {}", who.0)))?;
        rows.push(Row { place, audience: json!({who.1: [id]}), data });
    }
    if rows.is_empty() { Err(wrong("there is nobody in it".into())) } else { Ok(rows) }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn refusal(text: &str) -> String {
        read(text.as_bytes()).unwrap_err().0
    }

    #[test]
    fn each_row_is_somebody_with_fields_of_their_own() {
        let rows =
            read("\u{feff}user,thing1,time2\r\nusr_1,\"Hello, A\",\r\n,,\r\nusr_2, B ,18:00\r\n".as_bytes())
                .unwrap();
        let row = |number, line, user: &str, data: &[(&str, &str)]| Row {
            place: Place { number, line },
            audience: json!({"users": [user]}),
            data: data.iter().map(|&(name, text)| (name.to_owned(), text.to_owned())).collect(),
        };
        assert_eq!(
            rows,
            [
                row(1, 2, "usr_1", &[("thing1", "Hello, A")]),
                row(3, 4, "usr_2", &[("thing1", "B"), ("time2", "18:00")])
            ]
        );
        let lines = |text: &str| -> Vec<u64> {
            read(text.as_bytes()).unwrap().iter().map(|row| row.place.line).collect()
        };
        assert_eq!(lines("user,thing1\n\nusr_1,\"A\nB\"\nusr_2,C\n"), [3, 5]);
        let rows = read(b"thing1;openid\na;oA\n").unwrap();
        assert_eq!((&rows[0].audience, rows[0].data.len()), (&json!({"openids": ["oA"]}), 1));
    }

    #[test]
    fn what_makes_no_sense_is_said_before_anything_is_sent() {
        for (text, part) in [
            ("", "first line"),
            ("name,thing1\na,b\n", "first line"),
            ("user,openid\na,b\n", "first line"),
            ("user,thing1,thing1\na,b,c\n", "two columns"),
            ("user,thing1\n,b\n", "row 1 (line 2) has no user"),
            ("user,thing1\na,b,c\n", "row 1 (line 2) has more"),
            ("user,thing1\n", "nobody"),
        ] {
            assert!(refusal(text).contains(part), "{text:?}: {}", refusal(text));
        }
        assert!(read(&[0xff, b'u']).is_err());
    }
}
