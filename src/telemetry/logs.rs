//! Log lines on stderr; what may stand in them is written in `docs/logging.md`.

use std::io;

use anyhow::Context;
use tracing::Subscriber;
use tracing::subscriber::set_global_default;
use tracing_subscriber::filter::EnvFilter;
use tracing_subscriber::fmt::MakeWriter;
use tracing_subscriber::layer::{Layer, SubscriberExt};
use tracing_subscriber::registry::Registry;

use super::errors::CountErrors;
use super::one_line::OneLine;
use crate::config::{LogFormat, Telemetry};

/// Starts the log of this process. A second call changes nothing, so that every test may call it.
///
/// # Errors
/// When `telemetry.log_level` cannot be read, which the configuration has ruled out.
pub fn init(telemetry: &Telemetry) -> anyhow::Result<()> {
    let subscriber = subscriber(telemetry, io::stderr)?;
    // The only way to fail is that there is a log already.
    let _ = set_global_default(subscriber);
    Ok(())
}

/// The log of `init` with its lines written to `writer`.
fn subscriber<W>(telemetry: &Telemetry, writer: W) -> anyhow::Result<impl Subscriber + Send + Sync>
where
    W: for<'w> MakeWriter<'w> + Send + Sync + 'static,
{
    let filter = EnvFilter::builder().parse(&telemetry.log_level).context("telemetry.log_level")?;
    // Colours are escape sequences, and those are what `OneLine` takes out.
    let lines = tracing_subscriber::fmt::layer().with_writer(OneLine(writer)).with_ansi(false);
    let lines = lines.log_internal_errors(false);
    let lines = match telemetry.log_format {
        // Flat, so that a field is found by its own name: `qr_session.id`, not `fields.qr_session.id`.
        LogFormat::Json => {
            lines.json().flatten_event(true).with_current_span(false).with_span_list(true).boxed()
        }
        LogFormat::Text => lines.boxed(),
    };
    Ok(Registry::default().with(CountErrors).with(lines.with_filter(filter)))
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::super::errors::ErrorCounter;
    use super::*;

    /// A writer that keeps what it is given.
    #[derive(Clone, Default)]
    struct Kept(Arc<Mutex<Vec<u8>>>);

    impl io::Write for Kept {
        fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
            self.0.lock().unwrap().write(bytes)
        }

        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }

    fn lines(log_format: LogFormat, log_level: &str, write: impl FnOnce()) -> String {
        let kept = Kept::default();
        let writer = kept.clone();
        let telemetry = Telemetry { log_format, log_level: log_level.to_owned() };
        tracing::subscriber::with_default(subscriber(&telemetry, move || writer.clone()).unwrap(), write);
        String::from_utf8(kept.0.lock().unwrap().clone()).unwrap()
    }

    #[test]
    fn json_lines_are_flat_and_carry_their_spans() {
        let line = lines(LogFormat::Json, "info", || {
            let _span = tracing::info_span!("approve", request_id = "r1").entered();
            tracing::info!(qr_session.id = "q1", "approved");
        });
        let line: serde_json::Value = serde_json::from_str(&line).unwrap();
        assert_eq!(line["message"], "approved");
        assert_eq!(line["level"], "INFO");
        assert_eq!(line["qr_session.id"], "q1");
        assert_eq!(line["spans"][0]["request_id"], "r1");
        assert!(line["timestamp"].as_str().unwrap().ends_with('Z'));
    }

    #[test]
    fn nobody_forges_a_line_or_moves_the_cursor() {
        let evil = "a\nERROR forged\r\u{1b}[2J\u{7}\u{9b}\u{2028}";
        for format in [LogFormat::Json, LogFormat::Text] {
            let line = lines(format, "info", || tracing::info!(agent = evil, shown = %evil, "seen {evil}"));
            assert_eq!(line.matches('\n').count(), 1, "{line:?}");
            assert!(!line.trim_end().chars().any(|c| c.is_control() || c == '\u{2028}'), "{line:?}");
            assert!(
                format == LogFormat::Text || serde_json::from_str::<serde_json::Value>(&line).is_ok(),
                "{line:?}"
            );
        }
    }

    #[test]
    fn the_level_decides_and_errors_are_counted_below_it() {
        let counter = ErrorCounter::start();
        let text = lines(LogFormat::Text, "error,menfang=off", || {
            tracing::info!("quiet");
            tracing::error!("counted");
        });
        assert_eq!(text, "");
        assert!(counter.logged() >= 1);
    }

    #[test]
    fn init_may_be_called_again() {
        let telemetry = Telemetry { log_format: LogFormat::Text, log_level: "error".to_owned() };
        init(&telemetry).unwrap();
        init(&telemetry).unwrap();
    }
}
