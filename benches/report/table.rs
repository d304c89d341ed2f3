//! The table: lines in the order of their sections, and what they are to each other.

use super::line::Line;

/// All lines.
#[derive(Debug, Default)]
pub(crate) struct Table {
    pub(crate) lines: Vec<Line>,
    /// What a reader has to know: what could not be measured, and why.
    pub(crate) notes: Vec<String>,
}

/// How a line stands to its budget.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Kept {
    /// 1 is the budget; less is better, whatever the line counts.
    pub(crate) used: f64,
    /// In the line's unit.
    pub(crate) most: f64,
}

impl Table {
    /// Has these lines too.
    pub(crate) fn declare(&mut self, lines: impl IntoIterator<Item = Line>) {
        self.lines.extend(lines);
    }

    /// Writes a number of this round into a line.
    pub(crate) fn add(&mut self, key: &str, number: f64) {
        let line = self.lines.iter_mut().find(|line| line.key == key);
        line.unwrap_or_else(|| panic!("no line is called {key}")).rounds.push(number);
    }

    /// Notes something, once.
    pub(crate) fn note(&mut self, note: impl Into<String>) {
        let note = note.into();
        if !self.notes.contains(&note) {
            self.notes.push(note);
        }
    }

    /// The line of this name, if it was measured.
    pub(crate) fn line(&self, key: &str) -> Option<&Line> {
        self.lines.iter().find(|line| line.key == key && !line.rounds.is_empty())
    }

    /// The median of a line, if it was measured.
    pub(crate) fn median(&self, key: &str) -> Option<f64> {
        median(&self.line(key)?.rounds)
    }

    /// How many times its reference a line is, the median over rounds: what slows a round down slows both.
    pub(crate) fn ratio(&self, line: &Line) -> Option<f64> {
        self.times(line, &[(1.0, line.against.clone()?)])
    }

    /// How a line stands to what was promised.
    pub(crate) fn kept(&self, line: &Line, sum: &[(f64, String)]) -> Option<Kept> {
        let times = self.times(line, sum)?;
        let used = if line.unit.more_is_better() { 1.0 / times } else { times };
        Some(Kept { used, most: self.sum(sum, None)? })
    }

    fn times(&self, line: &Line, sum: &[(f64, String)]) -> Option<f64> {
        let rounds: Option<Vec<f64>> = (0..line.rounds.len())
            .map(|round| Some(line.rounds[round] / self.sum(sum, Some(round))?))
            .collect();
        match rounds {
            Some(rounds) => median(&rounds),
            // Not measured in the same rounds.
            None => Some(median(&line.rounds)? / self.sum(sum, None)?),
        }
    }

    fn sum(&self, sum: &[(f64, String)], round: Option<usize>) -> Option<f64> {
        let part = |(times, key): &(f64, String)| {
            let one = match (key.as_str(), round) {
                ("", _) => 1.0,
                (key, None) => self.median(key)?,
                (key, Some(round)) => *self.line(key)?.rounds.get(round)?,
            };
            Some(times * one)
        };
        sum.iter().map(part).sum()
    }
}

/// The middle one; between two of them, their mean.
pub(crate) fn median(numbers: &[f64]) -> Option<f64> {
    let mut sorted = numbers.to_vec();
    sorted.sort_by(f64::total_cmp);
    let (low, high) = (sorted.get(sorted.len().checked_sub(1)? / 2)?, sorted.get(sorted.len() / 2)?);
    Some(f64::midpoint(*low, *high))
}
