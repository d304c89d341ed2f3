//! The state together with its journal: a change is written first and made second.

use std::{io, path::Path};

use crate::{
    journal::Journal,
    state::{Change, State},
};

/// The state, and the file that makes its changes last.
pub(crate) struct Ledger {
    state: State,
    journal: Option<Journal>,
    closed: bool,
}

impl Ledger {
    /// Opens the ledger of a folder, or one in memory only.
    ///
    /// # Errors
    /// As [`Journal::open`].
    pub(crate) fn open(folder: Option<&Path>) -> anyhow::Result<Self> {
        let Some(folder) = folder else {
            return Ok(Self { state: State::default(), journal: None, closed: false });
        };
        let (journal, state) = Journal::open(folder)?;
        Ok(Self { state, journal: Some(journal), closed: false })
    }

    /// The state as it is.
    pub(crate) const fn state(&self) -> &State {
        &self.state
    }

    /// Makes a change that lasts.
    ///
    /// # Errors
    /// The journal could not be written or the ledger is closed; nothing has changed.
    pub(crate) fn record(&mut self, change: Change) -> io::Result<()> {
        if self.closed {
            return Err(io::Error::other("the sandbox has stopped"));
        }
        if let Some(journal) = &mut self.journal {
            match change {
                Change::Reset => journal.clear()?,
                _ => journal.append(&change)?,
            }
        }
        self.state.apply(change);
        Ok(())
    }

    /// Lets go of the folder. Nothing can be changed any more.
    pub(crate) fn close(&mut self) {
        self.closed = true;
        self.journal = None;
    }
}
