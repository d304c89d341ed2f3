//! The table as JSON, every round of it.

use serde_json::{Value, json};

use super::line::Budget;
use super::table::{Table, median};

impl Table {
    /// Every line with its rounds, and what they are to each other.
    pub(crate) fn json(&self, about: &Value) -> Value {
        let lines: Vec<Value> = self
            .lines
            .iter()
            .map(|line| {
                let budget = |budget: &Option<Budget>| {
                    budget.as_ref().map(|budget| {
                        let kept = self.kept(line, &budget.sum);
                        json!({"words": budget.words, "most": kept.map(|kept| kept.most), "used": kept.map(|kept| kept.used)})
                    })
                };
                json!({
                    "key": line.key, "name": line.name, "unit": line.unit.name(), "rounds": line.rounds,
                    "median": median(&line.rounds), "against": line.against, "ratio": self.ratio(line),
                    "budget": budget(&line.budget), "stretch": budget(&line.stretch),
                })
            })
            .collect();
        json!({"about": about, "lines": lines, "notes": self.notes})
    }
}
