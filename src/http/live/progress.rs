//! The progress of a notification as server-sent events (WHATWG HTML, 9.2): a whole snapshot with every change.

use std::time::Duration;

use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{Error, HttpResponse, web};
use futures_util::stream;
use tokio::time::{Instant, sleep_until, timeout_at};

use crate::actors::progress::ProgressWatch;
use crate::domain::ids::{ApiKeyId, NotificationId};
use crate::domain::progress::Progress;
use crate::domain::scope::OrgScope;
use crate::http::answers::store_failed;
use crate::http::extract::Visitor;
use crate::http::problem::{Code, Problem};
use crate::http::site::{Site, SocketPlace};
use crate::store::StoreError;

/// How often a comment keeps proxies from closing an idle stream.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How often the row is read when nobody says that it changed.
const NET: Duration = Duration::from_secs(30);
/// How often it is asked whether the key of whoever reads still counts.
const KEY: Duration = Duration::from_mins(1);
/// The shortest time between two frames.
const PACE: Duration = Duration::from_millis(200);

/// A stream that somebody reads.
struct Stream<W> {
    site: web::Data<Site>,
    watch: ProgressWatch,
    which: (OrgScope, NotificationId),
    key: ApiKeyId,
    write: W,
    last: Progress,
    seq: u64,
    times: Times,
    _place: SocketPlace,
}

/// When the stream did what it does again after a while.
struct Times {
    /// Sent something.
    spoke: Instant,
    /// Read the row.
    read: Instant,
    /// Asked for the key.
    asked: Instant,
    /// When the pause of which the row says is over: it ends without a word.
    resumes: Option<Instant>,
}

/// The stream of a notification; a key has only so many at once, and `write` makes a frame's text.
///
/// # Errors
/// There is no such notification, or the key reads too many streams, or the server is going down.
pub async fn events<W: Fn(&Progress) -> String + 'static>(
    site: web::Data<Site>,
    visitor: &Visitor,
    which: (OrgScope, NotificationId),
    key: ApiKeyId,
    write: W,
) -> Result<HttpResponse, Problem> {
    let place = site
        .take_socket(format!("key:{key}"))
        .ok_or_else(|| visitor.problem(Code::TooManyRequests).retry_after(Duration::from_secs(5)))?;
    // Watched before it is read: nothing is missed in between.
    let watch = site.progress.watch(which.1).map_err(|_| visitor.problem(Code::Unavailable))?;
    let first = read(&site, which).await.map_err(|error| store_failed(visitor, &error))?;
    let first = first.ok_or_else(|| visitor.problem(Code::NotFound))?;
    let text = frame(1, &write(&first));
    let times = Times::begin(Instant::now(), resumes(&site, &first));
    let stream = Stream { site, watch, which, key, write, last: first, seq: 1, times, _place: place };
    let rest = stream::unfold(stream, |mut stream| async move {
        let text = stream.next().await?;
        Some((Ok::<Bytes, Error>(Bytes::from(text)), stream))
    });
    let first = stream::once(async move { Ok::<Bytes, Error>(Bytes::from(text)) });
    Ok(HttpResponse::Ok()
        .insert_header((header::CONTENT_TYPE, "text/event-stream"))
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header(("x-accel-buffering", "no"))
        .streaming(futures_util::StreamExt::chain(first, rest)))
}

impl<W: Fn(&Progress) -> String> Stream<W> {
    /// The next piece of text; none at the end.
    async fn next(&mut self) -> Option<String> {
        if self.last.over {
            return None;
        }
        loop {
            let told = match timeout_at(self.times.next(), self.watch.look()).await {
                Ok(false) => return None,
                Ok(true) => true,
                Err(_) => false,
            };
            if self.times.key_is_due(Instant::now()) && !self.may_go_on().await {
                return None;
            }
            if told || self.times.row_is_due(Instant::now()) {
                sleep_until(self.times.spoke + PACE).await;
                match self.read().await {
                    Ok(None) => return None,
                    Ok(Some(progress)) if progress != self.last => return Some(self.tell(progress)),
                    Ok(Some(_)) => {}
                    Err(error) => {
                        tracing::warn!(error = %error, "a notification could not be read; its watchers wait for the next look");
                    }
                }
            }
            if self.times.comment_is_due(Instant::now()) {
                self.times.spoke = Instant::now();
                return Some(":\n\n".to_owned());
            }
        }
    }

    async fn read(&mut self) -> Result<Option<Progress>, StoreError> {
        let found = read(&self.site, self.which).await;
        self.times.read = Instant::now();
        let progress = found.as_ref().ok().and_then(Option::as_ref);
        self.times.resumes = progress.and_then(|progress| resumes(&self.site, progress));
        found
    }

    fn tell(&mut self, progress: Progress) -> String {
        self.seq += 1;
        self.times.spoke = Instant::now();
        let text = frame(self.seq, &(self.write)(&progress));
        self.last = progress;
        text
    }

    /// Whether the key still counts; also while that cannot be known.
    async fn may_go_on(&mut self) -> bool {
        self.times.asked = Instant::now();
        self.site.admin.still_counts(self.key).await.unwrap_or_else(|error| {
            tracing::warn!(api_key.id = %self.key, error = %error, "whether a key still counts could not be read");
            true
        })
    }
}

impl Times {
    fn begin(now: Instant, resumes: Option<Instant>) -> Self {
        Self { spoke: now, read: now, asked: now, resumes }
    }

    fn row(&self) -> Instant {
        let net = self.read + NET;
        self.resumes.map_or(net, |resumes| resumes.min(net))
    }

    /// When there is something to do, if nobody says anything before.
    fn next(&self) -> Instant {
        self.row().min(self.asked + KEY).min(self.spoke + KEEP_ALIVE)
    }

    fn row_is_due(&self, now: Instant) -> bool {
        self.row() <= now
    }

    fn key_is_due(&self, now: Instant) -> bool {
        self.asked + KEY <= now
    }

    fn comment_is_due(&self, now: Instant) -> bool {
        self.spoke + KEEP_ALIVE <= now
    }
}

/// When the pause is over that holds it up.
fn resumes(site: &Site, progress: &Progress) -> Option<Instant> {
    let at = progress.resumes_at?;
    // A pause may be long; what is beyond the net comes with a later read.
    Some(Instant::now() + at.since(site.admin.now()).min(NET))
}

fn frame(seq: u64, data: &str) -> String {
    format!("id: {seq}\ndata: {data}\n\n")
}

async fn read(site: &Site, (scope, id): (OrgScope, NotificationId)) -> Result<Option<Progress>, StoreError> {
    let store = site.admin.store();
    let Some(notification) = store.notification(scope, id).await? else { return Ok(None) };
    let pause = if notification.state.is_over() { None } else { store.pause_of(notification.outbox).await? };
    Ok(Some(Progress::of(&notification, pause.as_ref(), site.admin.now())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_quiet_stream_is_kept_alive_looks_at_its_row_and_asks_for_its_key() {
        let begun = Instant::now();
        let mut times = Times::begin(begun, None);
        let (mut comments, mut rows, mut keys) = (Vec::new(), Vec::new(), Vec::new());
        for _ in 0..6 {
            let now = times.next();
            let second = (now - begun).as_secs();
            if times.key_is_due(now) {
                (times.asked, keys) = (now, [keys, vec![second]].concat());
            }
            if times.row_is_due(now) {
                (times.read, rows) = (now, [rows, vec![second]].concat());
            }
            if times.comment_is_due(now) {
                (times.spoke, comments) = (now, [comments, vec![second]].concat());
            }
        }
        assert_eq!((keys, rows, comments), (vec![60], vec![30, 60, 90], vec![15, 30, 45, 60, 75, 90]));
    }

    #[test]
    fn the_end_of_a_pause_is_looked_for_when_it_comes() {
        let begun = Instant::now();
        let end = begun + Duration::from_secs(4);
        let times = Times::begin(begun, Some(end));
        assert_eq!(times.next(), end);
        assert!(times.row_is_due(end) && !times.comment_is_due(end) && !times.key_is_due(end));
    }
}
