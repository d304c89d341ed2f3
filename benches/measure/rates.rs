//! Medians of rates.

use std::io::Write;
use std::time::Instant;

/// One line of the table.
pub(crate) struct Rate {
    pub(crate) name: &'static str,
    /// The line it is compared with.
    pub(crate) reference: Option<usize>,
    rounds: Vec<f64>,
}

impl Rate {
    pub(crate) fn new(name: &'static str, reference: Option<usize>) -> Self {
        Self { name, reference, rounds: Vec::new() }
    }

    pub(crate) fn add(&mut self, per_second: f64) {
        self.rounds.push(per_second);
    }

    pub(crate) fn median(&self) -> f64 {
        let mut sorted = self.rounds.clone();
        sorted.sort_by(f64::total_cmp);
        sorted.get(sorted.len() / 2).copied().unwrap_or_default()
    }
}

/// Prints rates, each beside its reference; one that was not measured is a line without numbers.
pub(crate) fn print(out: &mut impl Write, rounds: usize, rates: &[Rate]) -> std::io::Result<()> {
    let head = format!("median of {rounds} rounds");
    writeln!(out, "{head:<52} {:>12} {:>18}", "a second", "of its reference")?;
    for rate in rates {
        let median = rate.median();
        if rate.rounds.is_empty() {
            writeln!(out, "{:<52} {:>12}", rate.name, "-")?;
            continue;
        }
        let reference = rate.reference.map(|index| rates[index].median()).filter(|&median| median > 0.0);
        let share = match reference {
            None => String::new(),
            Some(reference) if median < reference => format!("1/{:.1}", reference / median),
            Some(reference) => format!("{:.1} x", median / reference),
        };
        writeln!(out, "{:<52} {median:>12.0} {share:>18}", rate.name)?;
    }
    Ok(())
}

/// How many a second, when `work` does `amount` of them.
pub(crate) async fn measure(
    amount: usize,
    work: impl Future<Output = anyhow::Result<()>>,
) -> anyhow::Result<f64> {
    let begun = Instant::now();
    work.await?;
    Ok(f64::from(u32::try_from(amount)?) / begun.elapsed().as_secs_f64())
}

/// A number from the environment.
pub(crate) fn setting(name: &str, usual: usize) -> usize {
    #[expect(
        clippy::disallowed_methods,
        reason = "a benchmark is no part of the server and has no configuration"
    )]
    let value = std::env::var(name);
    value.ok().and_then(|text| text.parse().ok()).filter(|&number| number > 0).unwrap_or(usual)
}
