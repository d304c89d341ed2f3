//! Numbers for Prometheus: their names, what they mean, and the page they stand on.

use std::sync::OnceLock;

use anyhow::Context;
use metrics::{Unit, describe_counter, describe_gauge, describe_histogram};
use metrics_exporter_prometheus::{Matcher, PrometheusBuilder, PrometheusHandle};

/// Requests answered; labels `route` (the pattern, never the path), `method`, `status`.
pub const HTTP_REQUESTS: &str = "menfang_http_requests_total";
/// Seconds until a request was answered; label `route`.
pub const HTTP_REQUEST_SECONDS: &str = "menfang_http_request_seconds";
/// Open live connections.
pub const SOCKETS: &str = "menfang_sockets";
/// QR sessions that are watched on this node.
pub const QR_SESSIONS_LIVE: &str = "menfang_qr_sessions_live";
/// QR codes made.
pub const QR_SESSIONS_CREATED: &str = "menfang_qr_sessions_created_total";
/// How attempts ended; label `state`.
pub const QR_SESSION_OUTCOMES: &str = "menfang_qr_session_outcomes_total";
/// Verification codes handed to a provider; labels `provider`, `outcome`.
pub const SMS: &str = "menfang_sms_total";
/// Calls to WeChat; labels `path` (without its query), `outcome`.
pub const WECHAT_CALLS: &str = "menfang_wechat_calls_total";
/// Actors that ended unexpectedly and were built anew; label `actor`.
pub const ACTOR_RESTARTS: &str = "menfang_actor_restarts_total";
/// Messages refused by a full mailbox; label `actor`.
pub const MAILBOX_FULL: &str = "menfang_mailbox_full_total";
/// Requests refused by a limit; label `limit` (its key in the configuration).
pub const LIMIT_HITS: &str = "menfang_limit_hits_total";
/// Messages that were sent; label `outcome`.
pub const SENDS: &str = "menfang_sends_total";
/// Service accounts that stopped sending for a while; label `reason`.
pub const DISPATCH_PAUSES: &str = "menfang_dispatch_pauses_total";
/// Receipts that were looked at, again ones included.
pub const RECEIPTS: &str = "menfang_receipts_total";
/// Streams that watch a notification on this node.
pub const PROGRESS_WATCHERS: &str = "menfang_progress_watchers";
/// Whether Redis answers (1) or is away (0); absent without Redis.
pub const REDIS_UP: &str = "menfang_redis_up";
/// What was done without Redis because it did not answer; label `use`.
pub const REDIS_FALLBACKS: &str = "menfang_redis_fallbacks_total";
/// Nudges that this node told others, a QR session that is named being one.
pub const NUDGES_PUBLISHED: &str = "menfang_nudges_published_total";
/// Nudges that this node heard from others.
pub const NUDGES_HEARD: &str = "menfang_nudges_heard_total";
/// QR sessions that nudges did not name to other nodes, because too many waited for it.
pub const NUDGES_UNNAMED: &str = "menfang_nudges_unnamed_total";
/// Watchers closed because they did not keep up.
pub const WATCHERS_TOO_SLOW: &str = "menfang_watchers_too_slow_total";

/// Upper bounds in seconds: a local answer takes milliseconds, a long poll up to 25 seconds.
const SECONDS: [f64; 13] = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 10.0, 30.0];

static RECORDER: OnceLock<PrometheusHandle> = OnceLock::new();

/// Installs the recorder of this process. A second call changes nothing, so that every test may call it.
///
/// # Errors
/// When somebody else has installed a recorder.
pub fn install() -> anyhow::Result<()> {
    static ONCE: std::sync::Mutex<()> = std::sync::Mutex::new(());
    // Nothing but the installation runs under the lock: a poisoned one protects nothing that could be half done.
    let _turn = ONCE.lock().unwrap_or_else(std::sync::PoisonError::into_inner);
    if RECORDER.get().is_none() {
        let recorder = builder()?.build_recorder();
        let handle = recorder.handle();
        metrics::set_global_recorder(recorder).ok().context("another recorder of metrics is installed")?;
        describe();
        let _ = RECORDER.set(handle);
    }
    Ok(())
}

/// The page for Prometheus (text format 0.0.4); empty before `install`.
pub fn render() -> String {
    RECORDER.get().map(PrometheusHandle::render).unwrap_or_default()
}

/// Moves what was measured out of the recorder's buffers: they grow until this is called, every 5 seconds or so.
pub fn run_upkeep() {
    if let Some(handle) = RECORDER.get() {
        handle.run_upkeep();
    }
}

fn builder() -> anyhow::Result<PrometheusBuilder> {
    // Without buckets a histogram becomes a summary, which cannot be added up over nodes.
    Ok(PrometheusBuilder::new()
        .set_buckets_for_metric(Matcher::Full(HTTP_REQUEST_SECONDS.to_owned()), &SECONDS)?)
}

fn describe() {
    describe_counter!(HTTP_REQUESTS, "Requests answered, by route pattern, method and status");
    describe_histogram!(
        HTTP_REQUEST_SECONDS,
        Unit::Seconds,
        "Seconds until a request was answered, by route pattern"
    );
    describe_gauge!(SOCKETS, "Open live connections");
    describe_gauge!(QR_SESSIONS_LIVE, "QR sessions that are watched on this node");
    describe_counter!(QR_SESSIONS_CREATED, "QR codes made");
    describe_counter!(QR_SESSION_OUTCOMES, "How attempts to sign in ended");
    describe_counter!(SMS, "Verification codes handed to a provider, by outcome");
    describe_counter!(WECHAT_CALLS, "Calls to WeChat, by path and outcome");
    describe_counter!(ACTOR_RESTARTS, "Actors that ended unexpectedly and were built anew");
    describe_counter!(MAILBOX_FULL, "Messages refused by a full mailbox");
    describe_counter!(LIMIT_HITS, "Requests refused by a limit");
    describe_counter!(SENDS, "Messages that were sent, by outcome");
    describe_counter!(DISPATCH_PAUSES, "Service accounts that stopped sending for a while, by reason");
    describe_counter!(RECEIPTS, "Receipts that were looked at, again ones included");
    describe_gauge!(PROGRESS_WATCHERS, "Streams that watch a notification on this node");
    describe_gauge!(REDIS_UP, "Whether Redis answers (1) or is away (0)");
    describe_counter!(REDIS_FALLBACKS, "What was done without Redis because it did not answer");
    describe_counter!(NUDGES_PUBLISHED, "Nudges that this node told others");
    describe_counter!(NUDGES_HEARD, "Nudges that this node heard from others");
    describe_counter!(NUDGES_UNNAMED, "QR sessions that nudges did not name, because too many waited");
    describe_counter!(WATCHERS_TOO_SLOW, "Watchers closed because they did not keep up");
    // A counter that has never counted is absent, and an alarm on it would never be told apart from a broken scrape.
    metrics::counter!(QR_SESSIONS_CREATED).absolute(0);
    metrics::counter!(WATCHERS_TOO_SLOW).absolute(0);
    metrics::gauge!(SOCKETS).set(0.0);
    metrics::gauge!(QR_SESSIONS_LIVE).set(0.0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_holds_what_was_counted_with_its_meaning() {
        install().unwrap();
        install().unwrap();
        metrics::counter!(LIMIT_HITS, "limit" => "codes_per_phone_hour").increment(1);
        metrics::histogram!(HTTP_REQUEST_SECONDS, "route" => "/p/{slug}").record(0.003);
        run_upkeep();
        let page = render();
        assert!(page.contains("# HELP menfang_limit_hits_total Requests refused by a limit"), "{page}");
        assert!(page.contains("menfang_limit_hits_total{limit=\"codes_per_phone_hour\"} 1"), "{page}");
        assert!(
            page.contains("menfang_http_request_seconds_bucket{route=\"/p/{slug}\",le=\"0.005\"} 1"),
            "{page}"
        );
        assert!(page.contains("menfang_watchers_too_slow_total 0"), "{page}");
    }
}
