//! How often each path was called, and what came of it.

use std::{
    collections::BTreeMap,
    sync::{Mutex, PoisonError},
};

type Counts = BTreeMap<String, BTreeMap<String, u64>>;

/// Counters since the start, or since the last reset.
#[derive(Default)]
pub(crate) struct Stats(Mutex<Counts>);

impl Stats {
    /// Counts a call. `outcome` is the errcode in decimal, or a word when there was no such answer.
    pub(crate) fn count(&self, path: &str, outcome: &str) {
        let mut counts = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let of_path = counts.entry(path.to_owned()).or_default();
        *of_path.entry(outcome.to_owned()).or_default() += 1;
    }

    /// All counters: path, then outcome.
    pub(crate) fn calls(&self) -> Counts {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Begins again with nothing.
    pub(crate) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
