//! Counts what was logged as an error, so that a test fails on an error it did not expect.

use std::sync::atomic::{AtomicU64, Ordering};

use tracing::{Event, Level, Subscriber};
use tracing_subscriber::layer::{Context, Layer};

static LOGGED: AtomicU64 = AtomicU64::new(0);

/// The layer that counts; `logs::init` puts it under the lines, whatever the level of the log.
#[derive(Debug, Clone, Copy, Default)]
pub struct CountErrors;

impl<S: Subscriber> Layer<S> for CountErrors {
    fn on_event(&self, event: &Event<'_>, _: Context<'_, S>) {
        if *event.metadata().level() == Level::ERROR {
            LOGGED.fetch_add(1, Ordering::Relaxed);
        }
    }
}

/// Remembers how many errors the process had logged at one moment. The count is the process's: tests that run side by side see
/// each other's errors.
#[derive(Debug, Clone, Copy)]
pub struct ErrorCounter {
    since: u64,
}

impl ErrorCounter {
    /// Starts counting now.
    pub fn start() -> Self {
        Self { since: LOGGED.load(Ordering::Relaxed) }
    }

    /// Errors logged since the start.
    pub fn logged(&self) -> u64 {
        LOGGED.load(Ordering::Relaxed) - self.since
    }
}
