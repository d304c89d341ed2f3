//! How far it is, shown: a bar on a terminal, a line every two seconds elsewhere.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{HumanCount, ProgressBar, ProgressState, ProgressStyle};
use serde_json::Value;
use tokio::time::Instant;

use super::super::out;

/// How often a line is written where there is no terminal.
const LINE: Duration = Duration::from_secs(2);
/// How often the bar is drawn while nothing changes, so that its clock goes on.
const TICK: Duration = Duration::from_millis(250);

/// How many deliveries are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) pending: u64,
    pub(super) sending: u64,
    pub(super) sent: u64,
    pub(super) delivered: u64,
    pub(super) rejected: u64,
    pub(super) skipped: u64,
    pub(super) failed: u64,
    pub(super) uncertain: u64,
}

impl Counts {
    /// The counts of a notification as the API tells them.
    pub(super) fn read(notification: &Value) -> Self {
        let of = |name: &str| notification["counts"][name].as_u64().unwrap_or(0);
        Self {
            pending: of("pending"),
            sending: of("sending"),
            sent: of("sent"),
            delivered: of("delivered"),
            rejected: of("rejected"),
            skipped: of("skipped"),
            failed: of("failed"),
            uncertain: of("uncertain"),
        }
    }

    pub(super) fn add(&mut self, other: Self) {
        self.pending += other.pending;
        self.sending += other.sending;
        self.sent += other.sent;
        self.delivered += other.delivered;
        self.rejected += other.rejected;
        self.skipped += other.skipped;
        self.failed += other.failed;
        self.uncertain += other.uncertain;
    }

    /// Every state with its count, in the order in which they are shown.
    pub(super) fn all(&self) -> [(&'static str, u64); 8] {
        [
            ("pending", self.pending),
            ("sending", self.sending),
            ("sent", self.sent),
            ("delivered", self.delivered),
            ("rejected", self.rejected),
            ("skipped", self.skipped),
            ("failed", self.failed),
            ("uncertain", self.uncertain),
        ]
    }

    pub(super) fn total(&self) -> u64 {
        self.all().iter().map(|(_, count)| count).sum()
    }

    /// How many have an outcome.
    pub(super) fn through(&self) -> u64 {
        self.total() - self.pending - self.sending
    }

    /// Whether somebody was not told who should have been.
    pub(super) fn some_failed(&self) -> bool {
        self.rejected + self.failed + self.uncertain > 0
    }

    /// What does not go as it should, in a few words.
    fn troubles(&self) -> String {
        let named = [
            ("skipped", self.skipped),
            ("failed", self.failed),
            ("rejected", self.rejected),
            ("uncertain", self.uncertain),
        ];
        let some = named.iter().filter(|(_, count)| *count > 0);
        let words: Vec<_> = some.map(|(name, count)| format!(", {} {name}", HumanCount(*count))).collect();
        words.concat()
    }
}

/// Whether nothing more follows, but receipts.
pub(super) fn is_over(notification: &Value) -> bool {
    let counts = Counts::read(notification);
    let ended = matches!(notification["state"].as_str(), Some("done" | "cancelled"));
    ended && counts.pending == 0 && counts.sending == 0
}

/// Its state in words: `paused until 2026-11-22T16:00:00.000Z (daily_quota)`.
pub(super) fn state(notification: &Value) -> String {
    let text = |name: &str| notification[name].as_str();
    let state = text("state").unwrap_or("unknown");
    let until = text("resumes_at").map(|at| format!(" until {at}")).unwrap_or_default();
    let why = text("reason").map(|reason| format!(" ({reason})")).unwrap_or_default();
    format!("{state}{until}{why}")
}

/// What shows it.
pub(super) struct Shown {
    bar: Option<ProgressBar>,
    whole: u64,
    spoke: Option<Instant>,
}

impl Shown {
    /// Something of which there will be `whole`, if that is known.
    pub(super) fn new(whole: Option<u64>) -> Self {
        let bar = std::io::stderr().is_terminal().then(|| {
            let bar = ProgressBar::new(whole.unwrap_or(0));
            let style = ProgressStyle::with_template(
                "{bar:30.green} {human_pos}/{human_len}  {rate}  {elapsed_precise}  {msg}",
            );
            let style = style.unwrap_or_else(|_| ProgressStyle::default_bar());
            bar.set_style(style.with_key("rate", |state: &ProgressState, text: &mut dyn std::fmt::Write| {
                // Text in memory takes everything.
                let _ = write!(text, "{:.0}/s", state.per_sec());
            }));
            bar.enable_steady_tick(TICK);
            bar
        });
        Self { bar, whole: whole.unwrap_or(0), spoke: None }
    }

    /// Shows how far it is.
    pub(super) fn show(&mut self, through: u64, total: u64, words: &str) {
        self.whole = self.whole.max(total);
        match &self.bar {
            Some(bar) => {
                bar.set_length(self.whole);
                bar.set_position(through);
                bar.set_message(words.to_owned());
            }
            None if self.spoke.is_none_or(|at| at.elapsed() >= LINE) => {
                self.spoke = Some(Instant::now());
                out::note(&format!("{} of {}: {words}", HumanCount(through), HumanCount(self.whole)));
            }
            None => {}
        }
    }

    /// Shows a notification.
    pub(super) fn notification(&mut self, notification: &Value) {
        let counts = Counts::read(notification);
        self.show(counts.through(), counts.total(), &format!("{}{}", state(notification), counts.troubles()));
    }

    /// Says something beside it.
    pub(super) fn note(&self, text: &str) {
        match &self.bar {
            Some(bar) => bar.suspend(|| out::note(text)),
            None => out::note(text),
        }
    }

    /// Leaves it as it stands.
    pub(super) fn end(&self) {
        if let Some(bar) = &self.bar {
            bar.abandon();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn it_is_over_when_nothing_waits() {
        let with =
            |state: &str, pending: u64| is_over(&json!({"state": state, "counts": {"pending": pending}}));
        assert!(with("done", 0) && with("cancelled", 0));
        assert!(!with("cancelled", 1) && !with("paused", 0) && !with("queued", 0));
    }

    #[test]
    fn states_and_troubles_are_told_in_a_few_words() {
        let paused =
            json!({"state": "paused", "reason": "daily_quota", "resumes_at": "2026-11-22T16:00:00.000Z"});
        assert_eq!(state(&paused), "paused until 2026-11-22T16:00:00.000Z (daily_quota)");
        let counts =
            Counts::read(&json!({"counts": {"pending": 5, "sent": 7, "skipped": 1200, "uncertain": 1}}));
        assert_eq!(counts.troubles(), ", 1,200 skipped, 1 uncertain");
        assert_eq!((counts.total(), counts.through(), counts.some_failed()), (1213, 1208, true));
        assert!(!Counts { skipped: 3, sent: 1, ..Counts::default() }.some_failed());
    }
}
