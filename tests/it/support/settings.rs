//! What a test's server is set up with, and the client that talks to it.

use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use menfang::config::Config;

/// A client that closes an idle connection before the server does, which is after five seconds.
pub(super) fn patient_client() -> reqwest::Client {
    reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .pool_idle_timeout(Duration::from_secs(2))
        .timeout(Duration::from_secs(30))
        .build()
        .unwrap()
}

pub(super) fn config_for(
    database_url: &str,
    sandbox_url: &str,
    listen: &str,
    settings: &[(&'static str, String)],
) -> Config {
    let key = |byte: u8| STANDARD.encode([byte; 32]);
    let overrides = [
        ("http.listen", listen.to_owned()),
        ("http.trusted_proxies", "127.0.0.1".to_owned()),
        ("http.workers", "1".to_owned()),
        ("http.shutdown_seconds", "3".to_owned()),
        ("ops.listen", "127.0.0.1:0".to_owned()),
        ("database.connections", "4".to_owned()),
        ("database.background_connections", "3".to_owned()),
        ("database.answer_milliseconds", "5000".to_owned()),
        ("database.url", database_url.to_owned()),
        ("wechat.api_url", sandbox_url.to_owned()),
        ("wechat.open_url", sandbox_url.to_owned()),
        ("wechat.sends_per_second", "5000".to_owned()),
        ("sms.provider", "http".to_owned()),
        ("sms.http.url", format!("{sandbox_url}/sms")),
        ("sms.http.secret", key(1)),
        ("secrets.encryption_keys", format!("test:{}", key(2))),
        ("secrets.index_key", key(3)),
        ("secrets.signing_key", key(4)),
    ];
    let kept = overrides.into_iter().filter(|(key, _)| settings.iter().all(|(other, _)| other != key));
    let all: Vec<_> = kept.chain(settings.iter().cloned()).collect();
    Config::load_from(None, [], &all).unwrap()
}
