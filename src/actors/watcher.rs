//! Watchers: the bounded channels by which an actor's frames leave it, whatever the transport.
//!
//! There is one for every browser that waits, and most of them carry nothing for minutes: so they hold nothing then,
//! where a channel of tokio's keeps room for 32 messages.

use std::collections::VecDeque;
use std::future::poll_fn;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use super::frame::close;

/// Updates a watcher may be behind; a QR session has at most about ten in its life, and of an inbox only the last counts.
pub const WATCHER_QUEUE: usize = 8;

/// What a watcher gets.
#[derive(Debug)]
pub enum Update<F> {
    /// A new snapshot.
    Frame(Arc<F>),
    /// The end, with its code.
    Close(u16),
}

/// An actor's end. Dropping it is the end of the updates.
#[derive(Debug)]
pub struct Watcher<F>(Arc<Shared<F>>);

/// A transport's end. Dropping it is leaving.
#[derive(Debug)]
pub struct Updates<F>(Arc<Shared<F>>);

#[derive(Debug)]
struct Shared<F>(Mutex<Queue<F>>);

#[derive(Debug)]
struct Queue<F> {
    waiting: VecDeque<Update<F>>,
    /// Whoever waits for the next update.
    reader: Option<Waker>,
    /// Whether one of the ends is gone.
    ended: bool,
}

/// A watcher and its updates.
pub fn channel<F>() -> (Watcher<F>, Updates<F>) {
    let queue = Queue { waiting: VecDeque::new(), reader: None, ended: false };
    let shared = Arc::new(Shared(Mutex::new(queue)));
    (Watcher(Arc::clone(&shared)), Updates(shared))
}

impl<F> Shared<F> {
    fn queue(&self) -> MutexGuard<'_, Queue<F>> {
        // Every step under the lock leaves the queue whole.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Ends it from either side.
    fn end(&self) {
        let reader = {
            let mut queue = self.queue();
            queue.ended = true;
            queue.reader.take()
        };
        if let Some(reader) = reader {
            reader.wake();
        }
    }
}

impl<F> Watcher<F> {
    /// Hands an update on without waiting; false when nothing more can be. The last place in the queue is kept for the
    /// goodbye, which whoever does not keep up gets instead.
    pub fn push(&self, update: Update<F>) -> bool {
        let mut queue = self.0.queue();
        if queue.ended || queue.waiting.len() >= WATCHER_QUEUE {
            return false;
        }
        let too_slow = queue.waiting.len() + 1 == WATCHER_QUEUE && matches!(update, Update::Frame(_));
        let update = if too_slow { Update::Close(close::TOO_SLOW) } else { update };
        queue.waiting.push_back(update);
        let reader = queue.reader.take();
        drop(queue);
        if let Some(reader) = reader {
            reader.wake();
        }
        if too_slow {
            metrics::counter!("menfang_watchers_too_slow_total").increment(1);
        }
        !too_slow
    }

    /// Whether nobody watches any more.
    pub fn is_closed(&self) -> bool {
        self.0.queue().ended
    }
}

impl<F> Drop for Watcher<F> {
    fn drop(&mut self) {
        self.0.end();
    }
}

impl<F> Updates<F> {
    /// The next update; none when the actor is gone and all is read.
    pub async fn recv(&mut self) -> Option<Update<F>> {
        poll_fn(|cx| self.poll_recv(cx)).await
    }

    /// Leaves, as dropping does.
    pub fn leave(&self) {
        self.0.end();
    }

    /// The same as [`Self::recv`], for whoever waits for other things too.
    pub fn poll_recv(&mut self, cx: &mut Context<'_>) -> Poll<Option<Update<F>>> {
        let mut queue = self.0.queue();
        let Some(update) = queue.waiting.pop_front() else {
            if queue.ended {
                return Poll::Ready(None);
            }
            queue.reader = Some(cx.waker().clone());
            return Poll::Pending;
        };
        if queue.waiting.is_empty() {
            queue.waiting = VecDeque::new();
        }
        Poll::Ready(Some(update))
    }
}

impl<F> Drop for Updates<F> {
    fn drop(&mut self) {
        self.0.end();
    }
}

#[cfg(test)]
mod tests {
    use std::task::Waker;

    use super::*;

    fn read(updates: &mut Updates<u8>) -> Poll<Option<Update<u8>>> {
        updates.poll_recv(&mut Context::from_waker(Waker::noop()))
    }

    #[test]
    fn whoever_does_not_keep_up_is_told_so_last() {
        let (watcher, mut updates) = channel();
        for number in 0..7 {
            assert!(watcher.push(Update::Frame(Arc::new(number))));
        }
        assert!(!watcher.push(Update::Frame(Arc::new(7))));
        assert!(!watcher.push(Update::Close(close::FINISHED)));
        for number in 0..7 {
            assert!(
                matches!(read(&mut updates), Poll::Ready(Some(Update::Frame(frame))) if *frame == number)
            );
        }
        assert!(matches!(read(&mut updates), Poll::Ready(Some(Update::Close(close::TOO_SLOW)))));
        assert!(read(&mut updates).is_pending());
    }

    #[test]
    fn a_goodbye_finds_the_last_place() {
        let (watcher, mut updates) = channel();
        for number in 0..7 {
            assert!(watcher.push(Update::Frame(Arc::new(number))));
        }
        assert!(watcher.push(Update::Close(close::RESTARTING)));
        drop(watcher);
        for _ in 0..7 {
            assert!(matches!(read(&mut updates), Poll::Ready(Some(Update::Frame(_)))));
        }
        assert!(matches!(read(&mut updates), Poll::Ready(Some(Update::Close(close::RESTARTING)))));
        assert!(matches!(read(&mut updates), Poll::Ready(None)));
    }

    #[tokio::test]
    async fn each_end_hears_of_the_other() {
        let (watcher, mut updates) = channel::<u8>();
        let reading = tokio::spawn(async move {
            let first = updates.recv().await;
            (first.is_some(), updates.recv().await.is_none())
        });
        tokio::task::yield_now().await;
        assert!(watcher.push(Update::Frame(Arc::new(1))));
        tokio::task::yield_now().await;
        drop(watcher);
        assert_eq!(reading.await.unwrap(), (true, true));

        let (watcher, updates) = channel::<u8>();
        assert!(!watcher.is_closed());
        drop(updates);
        assert!(watcher.is_closed());
        assert!(!watcher.push(Update::Close(close::FINISHED)));
    }
}
