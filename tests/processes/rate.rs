//! The configured rate, as WeChat would count it.

use serde_json::json;

use super::process::Stage;

const RATE: u32 = 200;
const FOLLOWERS: u32 = 2_400;

#[actix_web::test]
async fn the_configured_rate_is_kept() {
    let stage = Stage::alone(&[("wechat.sends_per_second", "200"), ("wechat.send_burst", "20")]).await;
    let server = stage.start().await;
    stage.with_followers(&server, FOLLOWERS).await;
    let notification = server.notify_all().await;
    server.until(&notification, |one| one["state"] == "done").await;
    let stats = stage.sandbox("GET", "/sandbox/stats", json!({})).await;
    let peak = stats["peak_sends_per_second"].as_u64().unwrap();
    assert!(peak <= u64::from(RATE) + 20, "{peak} in one second");
    let at = |name: &str| {
        let text = stats["sends"][name].as_str().unwrap();
        menfang::domain::clock::Millis::from_rfc3339(text).unwrap()
    };
    // The burst at the beginning comes on top of what the rate gives.
    let seconds = at("last_at").since(at("first_at")).as_secs_f64();
    let rate = f64::from(FOLLOWERS - 20) / seconds;
    let share = rate / f64::from(RATE);
    assert!((0.98..=1.02).contains(&share), "{rate:.1} a second instead of {RATE}");
}
