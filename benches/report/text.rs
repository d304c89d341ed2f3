//! The table in plain text, which is good Markdown inside a fence.

use std::fmt::Write;

use super::line::{Budget, Line};
use super::table::{Table, median};

impl Table {
    /// The table, its notes below.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        let head = ["", "median", "", "of its reference", "budget", "used", "stretch"];
        let wide = self.lines.iter().map(|line| line.name.chars().count()).max().unwrap_or_default();
        row(&mut text, wide, head.map(ToOwned::to_owned));
        let mut section = "";
        for line in &self.lines {
            let own = line.key.split('.').next().unwrap_or_default();
            if own != section {
                section = own;
                text.push('\n');
            }
            row(&mut text, wide, self.cells(line));
        }
        for note in &self.notes {
            let _ = write!(text, "\nnote: {note}");
        }
        text
    }

    fn cells(&self, line: &Line) -> [String; 7] {
        let Some(middle) = median(&line.rounds) else {
            let [unit, share, used, stretch] = Default::default();
            let words = line.budget.as_ref().map(|budget| budget.words.clone()).unwrap_or_default();
            return [line.name.clone(), "-".into(), unit, share, words, used, stretch];
        };
        let share = self.ratio(line).map(times).unwrap_or_default();
        let used = |budget: &Option<Budget>| {
            let used = budget.as_ref().map(|budget| self.kept(line, &budget.sum));
            used.map(|kept| kept.map_or("-".to_owned(), |kept| format!("{:.0} %", kept.used * 100.0)))
        };
        let budget = line.budget.as_ref().map(|budget| self.words(line, budget)).unwrap_or_default();
        let (unit, used, stretch) = (line.unit.name().to_owned(), used(&line.budget), used(&line.stretch));
        [
            line.name.clone(),
            number(middle),
            unit,
            share,
            budget,
            used.unwrap_or_default(),
            stretch.unwrap_or_default(),
        ]
    }

    /// A budget, and what it comes to here.
    fn words(&self, line: &Line, budget: &Budget) -> String {
        let relative = budget.sum.iter().any(|(_, key)| !key.is_empty());
        match self.kept(line, &budget.sum).filter(|_| relative) {
            Some(kept) => format!("{} = {}", budget.words, number(kept.most)),
            None => budget.words.clone(),
        }
    }
}

fn row(text: &mut String, wide: usize, [name, median, unit, share, budget, used, stretch]: [String; 7]) {
    let line =
        format!("{name:<wide$} {median:>9} {unit:<4} {share:>16}  {budget:<28} {used:>6} {stretch:>8}");
    text.push_str(line.trim_end());
    text.push('\n');
}

/// A number with three digits that count.
pub(crate) fn number(number: f64) -> String {
    match number.abs() {
        size if size >= 100.0 => format!("{number:.0}"),
        size if size >= 10.0 => format!("{number:.1}"),
        _ => format!("{number:.2}"),
    }
}

/// How many times something is something else.
pub(crate) fn times(ratio: f64) -> String {
    if ratio > 0.0 && ratio < 1.0 {
        format!("1/{}", number(1.0 / ratio))
    } else {
        format!("{} x", number(ratio))
    }
}
