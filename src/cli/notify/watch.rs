//! Watching one notification to its end: by its stream of events, or by asking again where that does not come through.

use std::process::ExitCode;
use std::time::Duration;

use reqwest::Response;
use serde_json::Value;
use tokio::time::{sleep, timeout};

use super::api::{Api, Failure};
use super::progress::{Shown, is_over};
use super::report;

/// A stream that says nothing for so long is broken: the server comments every 15 s.
const SILENCE: Duration = Duration::from_secs(40);
/// How often it is asked where there is no stream.
const POLL: Duration = Duration::from_secs(1);
/// The longest frame that is waited for.
const LONGEST_FRAME: usize = 64 * 1024;

/// Watches it to its end, and says what came of it; `whole` is how many people it goes to, if that is known.
pub(super) async fn follow(api: &Api, id: &str, whole: Option<u64>) -> anyhow::Result<ExitCode> {
    let mut shown = Shown::new(whole);
    let end = tokio::select! {
        end = to_the_end(api, id, &mut shown) => end,
        _ = tokio::signal::ctrl_c() => {
            shown.end();
            report::left_running(api, &[id.to_owned()]);
            return Ok(ExitCode::FAILURE);
        }
    };
    shown.end();
    if let Err(Failure::Away { .. }) = &end {
        report::left_running(api, &[id.to_owned()]);
    }
    report::one(api, &end?).await
}

/// The notification as it is at its end.
async fn to_the_end(api: &Api, id: &str, shown: &mut Shown) -> Result<Value, Failure> {
    let (place, events) = (format!("/notifications/{id}"), format!("/notifications/{id}/events"));
    let mut streams = true;
    loop {
        if streams {
            match api.stream(&events).await {
                Ok(answer) if is_stream(&answer) => read(answer, shown).await,
                // Something in between does not let streams through.
                Ok(_) => streams = false,
                Err(Failure::Refused { status, .. }) if status != 404 && status != 401 && status != 403 => {
                    streams = false;
                }
                Err(failure) => return Err(failure),
            }
        }
        // The stream has ended: because all has, or because the server restarts.
        let now = api.get(&place).await?;
        shown.notification(&now);
        if is_over(&now) {
            return Ok(now);
        }
        sleep(POLL).await;
    }
}

fn is_stream(answer: &Response) -> bool {
    let kind = answer.headers().get(reqwest::header::CONTENT_TYPE).and_then(|kind| kind.to_str().ok());
    kind.is_some_and(|kind| kind.starts_with("text/event-stream"))
}

/// Shows what a stream says until it ends or breaks.
async fn read(mut answer: Response, shown: &mut Shown) {
    let mut frames = Frames::default();
    while let Ok(Ok(Some(bytes))) = timeout(SILENCE, answer.chunk()).await {
        frames.bytes.extend_from_slice(&bytes);
        while let Some(progress) = frames.next() {
            shown.notification(&progress);
        }
        if frames.bytes.len() > LONGEST_FRAME {
            return;
        }
    }
}

/// What has come of a stream and is not read yet.
#[derive(Default)]
struct Frames {
    bytes: Vec<u8>,
}

impl Frames {
    /// The data of the next whole frame; comments are passed over.
    fn next(&mut self) -> Option<Value> {
        loop {
            let end = self.bytes.windows(2).position(|pair| pair == b"\n\n")?;
            let block: Vec<u8> = self.bytes.drain(..end + 2).collect();
            let text = String::from_utf8_lossy(&block);
            let data = text.lines().find_map(|line| line.strip_prefix("data:"));
            if let Some(value) = data.and_then(|data| serde_json::from_str(data.trim_start()).ok()) {
                return Some(value);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn frames_come_in_pieces_and_comments_between_them() {
        let mut frames = Frames::default();
        let whole = ":\n\nid: 1\ndata: {\"state\":\"排队\"}\n\n:\n\nid: 2\ndata: {\"state\":\"done\"}\n\n";
        let mut read = Vec::new();
        for byte in whole.bytes() {
            frames.bytes.push(byte);
            read.extend(std::iter::from_fn(|| frames.next()));
        }
        assert_eq!(read, [json!({"state": "排队"}), json!({"state": "done"})]);
        assert!(frames.bytes.is_empty());
    }
}
