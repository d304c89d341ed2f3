//! The progress of a notification as server-sent events (WHATWG HTML, 9.2): a whole snapshot with every change.

use std::time::Duration;

use actix_web::http::header;
use actix_web::web::Bytes;
use actix_web::{Error, HttpResponse, web};
use futures_util::stream;
use tokio::time::{Instant, sleep_until, timeout};

use crate::actors::progress::ProgressWatch;
use crate::domain::ids::NotificationId;
use crate::domain::progress::Progress;
use crate::domain::scope::OrgScope;
use crate::http::answers::store_failed;
use crate::http::extract::Visitor;
use crate::http::problem::{Code, Problem};
use crate::http::site::{Site, SocketPlace};
use crate::store::StoreError;

/// How often a comment keeps proxies from closing an idle stream.
const KEEP_ALIVE: Duration = Duration::from_secs(15);
/// How often the row is read when nobody says that it changed: a pause begins and ends without a change of the row.
const NET: Duration = Duration::from_secs(2);
/// The shortest time between two frames.
const PACE: Duration = Duration::from_millis(200);

/// A stream that somebody reads.
struct Stream<W> {
    site: web::Data<Site>,
    watch: ProgressWatch,
    which: (OrgScope, NotificationId),
    write: W,
    last: Progress,
    seq: u64,
    /// When something was sent last.
    spoke: Instant,
    _place: SocketPlace,
}

/// The stream of a notification; `who` has only so many at once, and `write` makes a frame's text.
///
/// # Errors
/// There is no such notification, or `who` reads too many streams, or the server is going down.
pub async fn events<W: Fn(&Progress) -> String + 'static>(
    site: web::Data<Site>,
    visitor: &Visitor,
    which: (OrgScope, NotificationId),
    who: String,
    write: W,
) -> Result<HttpResponse, Problem> {
    let place = site
        .take_socket(who)
        .ok_or_else(|| visitor.problem(Code::TooManyRequests).retry_after(Duration::from_secs(5)))?;
    // Watched before it is read: nothing is missed in between.
    let watch = site.progress.watch(which.1).map_err(|_| visitor.problem(Code::Unavailable))?;
    let first = read(&site, which).await.map_err(|error| store_failed(visitor, &error))?;
    let first = first.ok_or_else(|| visitor.problem(Code::NotFound))?;
    let text = frame(1, &write(&first));
    let stream =
        Stream { site, watch, which, write, last: first, seq: 1, spoke: Instant::now(), _place: place };
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
            // No answer in time is as good as a look.
            if let Ok(false) = timeout(NET, self.watch.look()).await {
                return None;
            }
            sleep_until(self.spoke + PACE).await;
            match read(&self.site, self.which).await {
                Ok(Some(progress)) if progress != self.last => {
                    self.seq += 1;
                    self.spoke = Instant::now();
                    let text = frame(self.seq, &(self.write)(&progress));
                    self.last = progress;
                    return Some(text);
                }
                Ok(Some(_)) => {}
                Ok(None) => return None,
                Err(error) => {
                    tracing::warn!(error = %error, "a notification could not be read; its watchers wait for the next look");
                }
            }
            if self.spoke.elapsed() >= KEEP_ALIVE {
                self.spoke = Instant::now();
                return Some(":\n\n".to_owned());
            }
        }
    }
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
