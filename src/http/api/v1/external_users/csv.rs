//! Files of invitations: CSV as spreadsheets write it.

use csv::{ReaderBuilder, StringRecord};

use crate::usecases::external_user_invitations::Invitation;

/// Most rows of a file.
const MOST_ROWS: usize = 5_000;

/// Why a file is not read at all.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum InvalidFile {
    /// Not UTF-8.
    #[error("the file must be UTF-8; spreadsheets call it \"CSV UTF-8\"")]
    NotUtf8,
    /// A column that is not known, or comes twice.
    #[error("the first line names the columns: phone and, if you like, name, role and department, each once")]
    Header,
    /// Too many rows.
    #[error("a file has at most {MOST_ROWS} rows; split it")]
    TooLong,
}

impl InvalidFile {
    /// What is wrong, as a place in the file.
    pub(super) fn field(&self) -> &'static str {
        match self {
            Self::NotUtf8 => "file",
            Self::Header => "header",
            Self::TooLong => "rows",
        }
    }
}

/// The places of the columns.
struct Columns {
    phone: usize,
    name: Option<usize>,
    role: Option<usize>,
    department: Option<usize>,
}

/// The rows of a file, each with its line; rows without anything in them are left out.
///
/// # Errors
/// The file cannot be read at all.
pub(super) fn rows(bytes: &[u8]) -> Result<Vec<(u64, Invitation)>, InvalidFile> {
    let text = std::str::from_utf8(bytes).map_err(|_| InvalidFile::NotUtf8)?;
    let text = text.strip_prefix('\u{feff}').unwrap_or(text).replace("\r\n", "\n").replace('\r', "\n");
    let header = text.lines().find(|line| !line.trim().is_empty()).unwrap_or_default();
    // Spreadsheets of countries with a decimal comma separate by semicolons.
    let separator = if header.contains(';') { b';' } else { b',' };
    let mut reader = ReaderBuilder::new()
        .delimiter(separator)
        .has_headers(true)
        .flexible(true)
        .trim(csv::Trim::All)
        .from_reader(text.as_bytes());
    let columns = columns(reader.headers().map_err(|_| InvalidFile::Header)?)?;
    let (mut rows, mut lines) = (Vec::new(), Lines { text: &text, line: 1, at: 0 });
    for record in reader.records() {
        let record = record.map_err(|_| InvalidFile::NotUtf8)?;
        if record.iter().all(str::is_empty) {
            continue;
        }
        if rows.len() == MOST_ROWS {
            return Err(InvalidFile::TooLong);
        }
        let line = lines.of(record.position().map_or(0, csv::Position::byte));
        rows.push((line, invitation(&record, &columns)));
    }
    Ok(rows)
}

/// Counts lines up to a place; the crate's own count stops before the empty lines that it skips.
struct Lines<'a> {
    text: &'a str,
    line: u64,
    at: usize,
}

impl Lines<'_> {
    /// The line of the record that begins at or after a byte; places come in their order.
    fn of(&mut self, byte: u64) -> u64 {
        let text = self.text.as_bytes();
        let byte = usize::try_from(byte).unwrap_or(usize::MAX);
        while self.at < byte || text.get(self.at) == Some(&b'\n') {
            match text.get(self.at) {
                Some(b'\n') => self.line += 1,
                Some(_) => {}
                None => break,
            }
            self.at += 1;
        }
        self.line
    }
}

fn columns(header: &StringRecord) -> Result<Columns, InvalidFile> {
    let mut places = [None; 4];
    for (place, name) in header.iter().enumerate() {
        let known = ["phone", "name", "role", "department"];
        let column = known.iter().position(|known| name.eq_ignore_ascii_case(known));
        match column {
            Some(column) if places[column].is_none() => places[column] = Some(place),
            // A separator at the end of the line.
            None if name.is_empty() => {}
            _ => return Err(InvalidFile::Header),
        }
    }
    let [phone, name, role, department] = places;
    Ok(Columns { phone: phone.ok_or(InvalidFile::Header)?, name, role, department })
}

fn invitation(record: &StringRecord, columns: &Columns) -> Invitation {
    let cell = |place: usize| record.get(place).filter(|text| !text.is_empty()).map(ToOwned::to_owned);
    Invitation {
        phone: cell(columns.phone).unwrap_or_default(),
        name: columns.name.and_then(cell),
        role: columns.role.and_then(cell),
        department: columns.department.and_then(cell),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Vec<(u64, [Option<String>; 4])> {
        let row =
            |(line, row): (u64, Invitation)| (line, [Some(row.phone), row.name, row.role, row.department]);
        rows(text.as_bytes()).unwrap().into_iter().map(row).collect()
    }

    fn cells(texts: [&str; 4]) -> [Option<String>; 4] {
        texts.map(|text| Some(text.to_owned()).filter(|text| !text.is_empty()))
    }

    #[test]
    fn files_are_read_as_spreadsheets_write_them() {
        let row = cells(["13800138000", "Li, Lei", "buyer", ""]);
        for file in [
            "phone,name,role\n13800138000,\"Li, Lei\",buyer\n",
            "\u{feff}phone,name,role\r\n13800138000,\"Li, Lei\",buyer\r\n",
            "Phone;Role;Name\r\n13800138000;buyer;Li, Lei",
            "phone,name,role,department,\n 13800138000 ,\"Li, Lei\",buyer ,,\n,,,,\n\n",
        ] {
            assert_eq!(read(file), [(2, row.clone())], "{file}");
        }
    }

    #[test]
    fn rows_have_their_line_in_the_file_also_after_empty_ones_and_breaks_in_quotes() {
        let file = "phone,name\n1,\"a\nb\"\n\n2,c\n,\n3\n";
        for file in [file.to_owned(), file.replace('\n', "\r\n"), file.replace('\n', "\r")] {
            let lines: Vec<u64> = read(&file).into_iter().map(|(line, _)| line).collect();
            assert_eq!(lines, [2, 5, 7], "{file:?}");
        }
    }

    #[test]
    fn what_is_no_such_file_is_refused_as_a_whole() {
        let failure = |bytes: &[u8]| rows(bytes).err();
        assert_eq!(failure(b"phone\n\xc4\xe3"), Some(InvalidFile::NotUtf8));
        for header in ["", "name", "phone,phone", "phone,colour", "13800138000"] {
            assert_eq!(failure(header.as_bytes()), Some(InvalidFile::Header), "{header}");
        }
        let rows_of = |count| format!("phone\n{}", "1\n".repeat(count));
        assert_eq!(failure(rows_of(5_001).as_bytes()), Some(InvalidFile::TooLong));
        assert_eq!(read(&rows_of(5_000)).len(), 5_000);
        assert!(read("phone\n").is_empty());
    }
}
