//! The append-only file behind the state: one JSON line for each change, compacted to a single line at every start.
//!
//! A line counts once its newline is written, so a process killed at any byte loses at most the change it was writing,
//! which nobody had been told of.

use std::{
    fs::{self, File, OpenOptions, TryLockError},
    io::{self, Write},
    path::{Path, PathBuf},
};

use anyhow::Context;
use serde::Serialize;

use crate::state::{Change, State};

const FILE: &str = "journal.jsonl";
const LOCK: &str = "journal.lock";

/// The open journal of one running sandbox.
pub(crate) struct Journal {
    path: PathBuf,
    file: File,
    length: u64,
    _lock: File,
}

impl Journal {
    /// Opens the journal of a folder, makes the folder if there is none, and gives the state that it tells of.
    ///
    /// # Errors
    /// The folder is in use by another sandbox, cannot be written, or a whole line of its journal cannot be read.
    pub(crate) fn open(folder: &Path) -> anyhow::Result<(Self, State)> {
        fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
        let lock = lock(folder)?;
        let path = folder.join(FILE);
        let state = replay(&path)?;
        let mut journal = Self { file: compact(&path, &state)?, path, length: 0, _lock: lock };
        journal.length = journal.file.metadata()?.len();
        Ok((journal, state))
    }

    /// Adds a change. When this returns, the line is the operating system's: a kill does not lose it.
    ///
    /// # Errors
    /// The line was not written; nothing of it is left.
    pub(crate) fn append(&mut self, change: &Change) -> io::Result<()> {
        let line = line(change)?;
        if let Err(error) = self.file.write_all(&line) {
            // Half a line would swallow the next one.
            self.file.set_len(self.length)?;
            return Err(error);
        }
        self.length += line.len() as u64;
        Ok(())
    }

    /// Begins again with nothing.
    ///
    /// # Errors
    /// The file cannot be emptied.
    pub(crate) fn clear(&mut self) -> io::Result<()> {
        self.file = compact(&self.path, &State::default())?;
        self.length = self.file.metadata()?.len();
        Ok(())
    }
}

fn lock(folder: &Path) -> anyhow::Result<File> {
    let path = folder.join(LOCK);
    let file = OpenOptions::new().create(true).truncate(false).write(true).open(&path);
    let file = file.with_context(|| format!("cannot write {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => {
            anyhow::bail!("another sandbox is using {}: stop it, or choose another folder", folder.display())
        }
        Err(TryLockError::Error(error)) => {
            Err(error).with_context(|| format!("cannot lock {}", path.display()))
        }
    }
}

fn replay(path: &Path) -> anyhow::Result<State> {
    let bytes = match fs::read(path) {
        Ok(bytes) => bytes,
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(State::default()),
        Err(error) => return Err(error).with_context(|| format!("cannot read {}", path.display())),
    };
    let mut state = State::default();
    for (number, line) in bytes.split_inclusive(|&byte| byte == b'\n').enumerate() {
        let Some(line) = line.strip_suffix(b"\n") else { break };
        let change = serde_json::from_slice(line);
        let change = change.with_context(|| format!("{}, line {}", path.display(), number + 1))?;
        state.apply(change);
    }
    Ok(state)
}

/// [`Change::Snapshot`] of a state that is still in use, as there may be too much of it for a second one.
#[derive(Serialize)]
struct Snapshot<'a> {
    snapshot: &'a State,
}

/// Writes the state as one line beside the journal and puts it in the journal's place, which is atomic.
fn compact(path: &Path, state: &State) -> io::Result<File> {
    let fresh = path.with_extension("jsonl.new");
    let mut file = File::create(&fresh)?;
    file.write_all(&line(&Snapshot { snapshot: state })?)?;
    file.sync_all()?;
    fs::rename(&fresh, path)?;
    OpenOptions::new().append(true).open(path)
}

fn line(change: &impl Serialize) -> io::Result<Vec<u8>> {
    let mut line = serde_json::to_vec(change)?;
    line.push(b'\n');
    Ok(line)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn join(id: &str) -> Change {
        Change::PersonJoined { id: id.to_owned(), nickname: "小明".to_owned(), at: 1 }
    }

    fn people(state: &State) -> Vec<&str> {
        state.people.list().iter().map(|person| person.id.as_str()).collect()
    }

    #[test]
    fn a_journal_cut_at_any_byte_keeps_every_whole_line() {
        let folder = tempfile::tempdir().expect("a folder");
        let (mut journal, _) = Journal::open(folder.path()).expect("opens");
        journal.append(&join("a")).expect("writes");
        journal.append(&join("b")).expect("writes");
        drop(journal);
        let path = folder.path().join(FILE);
        let whole = fs::read(&path).expect("reads");
        for cut in 0..=whole.len() {
            fs::write(&path, &whole[..cut]).expect("writes");
            let (mut journal, state) = Journal::open(folder.path()).expect("a torn line is no error");
            let lines = whole[..cut].split(|&byte| byte == b'\n').count() - 1;
            assert_eq!(people(&state), ["a", "b"][..lines.saturating_sub(1)], "cut at {cut}");
            journal.append(&join("c")).expect("goes on");
            drop(journal);
            let (_, state) = Journal::open(folder.path()).expect("opens again");
            assert_eq!(people(&state).last(), Some(&"c"), "cut at {cut}");
        }
    }

    #[test]
    fn a_broken_whole_line_is_told_with_its_number() {
        let folder = tempfile::tempdir().expect("a folder");
        fs::write(folder.path().join(FILE), "\"reset\"\n{broken}\n").expect("writes");
        let error = Journal::open(folder.path()).err().expect("refuses").to_string();
        assert!(error.ends_with("line 2"), "{error}");
    }

    #[test]
    fn one_folder_serves_one_sandbox() {
        let folder = tempfile::tempdir().expect("a folder");
        let _first = Journal::open(folder.path()).expect("opens");
        let error = Journal::open(folder.path()).err().expect("refuses").to_string();
        assert!(error.contains("another sandbox"), "{error}");
    }
}
