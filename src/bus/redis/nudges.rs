//! Nudges on their way between nodes. "Look" said twice is "look", so what waits is a flag for each kind: it can neither pile up nor
//! make anybody wait.

use std::sync::atomic::{AtomicU8, Ordering};

use futures_util::StreamExt;
use redis::RedisError;
use redis::aio::PubSubStream;
use tokio::sync::Notify;

use super::Shared;
use super::link::{Connection, gone, within};
use crate::bus::Nudge;

/// The kinds that are told to other nodes: flag, word in the message.
const KINDS: [(u8, &str, Nudge); 3] =
    [(1, "changes", Nudge::Changes), (2, "imports", Nudge::Imports), (4, "outbox", Nudge::Outbox)];

/// Kinds of nudges that other nodes have not been told yet.
#[derive(Default)]
pub(super) struct Pending {
    kinds: AtomicU8,
    news: Notify,
}

impl Pending {
    pub(super) fn note(&self, nudge: &Nudge) {
        let kind = match nudge {
            Nudge::Changes => 1,
            Nudge::Imports => 2,
            Nudge::Outbox => 4,
            // It names a person, and this node sees to it.
            Nudge::Follower { .. } => return,
        };
        self.put(kind);
    }

    fn put(&self, kinds: u8) {
        self.kinds.fetch_or(kinds, Ordering::AcqRel);
        self.news.notify_one();
    }

    async fn take(&self) -> Taken<'_> {
        loop {
            match self.kinds.swap(0, Ordering::AcqRel) {
                0 => self.news.notified().await,
                kinds => return Taken { pending: self, kinds },
            }
        }
    }
}

/// Kinds on their way; those that did not get there wait again.
struct Taken<'a> {
    pending: &'a Pending,
    kinds: u8,
}

impl Taken<'_> {
    fn told(mut self) {
        metrics::counter!("menfang_nudges_published_total").increment(u64::from(self.kinds.count_ones()));
        self.kinds = 0;
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if self.kinds != 0 {
            self.pending.put(self.kinds);
        }
    }
}

/// The message of a node: its name, and the kinds in words.
fn written(node: &str, kinds: u8) -> String {
    let words = KINDS.iter().filter(|(flag, ..)| kinds & flag != 0).map(|(_, word, _)| *word);
    std::iter::once(node).chain(words).collect::<Vec<_>>().join(" ")
}

/// What another node's message says; words that this version does not know are passed over.
fn read(message: &str, own: &str) -> Vec<Nudge> {
    let mut words = message.split(' ');
    if words.next().is_none_or(|node| node == own) {
        return Vec::new();
    }
    words.filter_map(|word| KINDS.iter().find(|kind| kind.1 == word)).map(|kind| kind.2.clone()).collect()
}

impl Shared {
    /// Everybody here looks at everything: what was said while nobody listened is lost.
    pub(super) fn look_at_all(&self) {
        for (.., nudge) in KINDS {
            self.here.nudge(nudge);
        }
    }

    /// Tells other nodes, one message at a time; what is noted meanwhile goes with the next one.
    pub(super) async fn tell(&self, mut connection: Connection) -> RedisError {
        loop {
            let taken = self.pending.take().await;
            let mut publish = redis::cmd("PUBLISH");
            publish.arg(self.names.channel()).arg(written(&self.node, taken.kinds));
            if let Err(error) = within(super::ANSWER, publish.exec_async(&mut connection)).await {
                return error;
            }
            taken.told();
        }
    }

    /// Hears other nodes until the connection is gone.
    pub(super) async fn hear(&self, mut messages: PubSubStream) -> RedisError {
        while let Some(message) = messages.next().await {
            let text = String::from_utf8_lossy(message.get_payload_bytes());
            for nudge in read(&text, &self.node) {
                metrics::counter!("menfang_nudges_heard_total").increment(1);
                self.here.nudge(nudge);
            }
        }
        gone()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::ids::OrgId;

    #[tokio::test]
    async fn what_waits_is_one_message_whatever_was_said_how_often() {
        let pending = Pending::default();
        for _ in 0..3 {
            pending.note(&Nudge::Outbox);
            pending.note(&Nudge::Changes);
        }
        pending.note(&Nudge::Follower { organization: OrgId(uuid::Uuid::nil()), openid: "o".into() });
        let lost = pending.take().await;
        assert_eq!(written("n1", lost.kinds), "n1 changes outbox");
        pending.note(&Nudge::Imports);
        drop(lost);
        let taken = pending.take().await;
        assert_eq!(taken.kinds, 7, "what was lost on its way waits with the rest");
        taken.told();
        assert_eq!(pending.kinds.load(Ordering::Relaxed), 0);
    }

    #[test]
    fn a_message_is_heard_by_others_and_unknown_words_are_passed_over() {
        let heard = read("n1 changes weather outbox", "n2");
        assert!(matches!(heard[..], [Nudge::Changes, Nudge::Outbox]), "{heard:?}");
        assert!(read("n1 changes", "n1").is_empty(), "one's own");
        assert!(read("", "n2").is_empty());
    }
}
