//! The table in plain text, which is good Markdown inside a fence.

use std::fmt::Write;

use super::line::Line;
use super::table::{Table, median};

impl Table {
    /// The table, its notes below.
    pub(crate) fn text(&self) -> String {
        let mut text = String::new();
        let head = ["", "median", "", "of its reference", "budget", "used"];
        row(&mut text, head.map(ToOwned::to_owned));
        let mut section = "";
        for line in &self.lines {
            let own = line.key.split('.').next().unwrap_or_default();
            if own != section {
                section = own;
                text.push('\n');
            }
            row(&mut text, self.cells(line));
        }
        for note in &self.notes {
            let _ = write!(text, "\nnote: {note}");
        }
        text
    }

    fn cells(&self, line: &Line) -> [String; 6] {
        let Some(middle) = median(&line.rounds) else {
            return [line.name.clone(), "-".into(), String::new(), String::new(), String::new(), String::new()];
        };
        let share = self.ratio(line).map(times).unwrap_or_default();
        let budget = line.budget.as_ref().map(|budget| (&budget.words, self.kept(line, &budget.sum)));
        let (words, used) = match budget {
            None => (String::new(), String::new()),
            Some((words, None)) => (words.clone(), "-".to_owned()),
            Some((words, Some(kept))) => {
                (format!("{words} = {}", number(kept.most)), format!("{:.0} %", kept.used * 100.0))
            }
        };
        [line.name.clone(), number(middle), line.unit.name().to_owned(), share, words, used]
    }
}

fn row(text: &mut String, [name, median, unit, share, budget, used]: [String; 6]) {
    let line = format!("{name:<58} {median:>9} {unit:<4} {share:>16}  {budget:<30} {used:>6}");
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
    if ratio < 1.0 { format!("1/{}", number(1.0 / ratio)) } else { format!("{} x", number(ratio)) }
}
