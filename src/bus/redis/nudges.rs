//! Nudges on their way between nodes. "Look" said twice is "look", so what waits is a flag for each kind, and the names of some QR
//! sessions: it can neither pile up nor make anybody wait.

use std::collections::HashMap;
use std::fmt::Write;
use std::sync::{Mutex, MutexGuard, PoisonError};

use futures_util::StreamExt;
use redis::RedisError;
use redis::aio::PubSubStream;
use tokio::sync::Notify;

use super::Shared;
use super::link::{Connection, gone, within};
use crate::bus::{Nudge, SessionNews};
use crate::domain::qr_ticket::QrRef;

/// The kinds that are told to other nodes: flag, word in the message.
const KINDS: [(u8, &str, Nudge); 3] =
    [(CHANGES, "changes", Nudge::Changes), (2, "imports", Nudge::Imports), (4, "outbox", Nudge::Outbox)];
const CHANGES: u8 = 1;
/// Before the name and the step of a QR session.
const SESSION: &str = "session:";
/// QR sessions that wait to be named, at most: for more, the change feed is asked.
const SESSIONS: usize = 64;

/// What other nodes have not been told yet.
#[derive(Default)]
pub(super) struct Pending {
    news: Mutex<News>,
    noted: Notify,
}

/// What is told by one message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct News {
    kinds: u8,
    /// QR sessions that were written, and the newest step of each.
    sessions: HashMap<QrRef, u32>,
}

impl News {
    fn is_empty(&self) -> bool {
        self.kinds == 0 && self.sessions.is_empty()
    }

    fn count(&self) -> u64 {
        u64::from(self.kinds.count_ones()) + self.sessions.len() as u64
    }
}

impl Pending {
    pub(super) fn note(&self, nudge: &Nudge) {
        let kind = match nudge {
            Nudge::Changes => CHANGES,
            Nudge::Imports => 2,
            Nudge::Outbox => 4,
            // It names a person, and this node sees to it.
            Nudge::Follower { .. } => return,
        };
        self.put(kind);
    }

    /// A QR session was written, to this step.
    pub(super) fn note_session(&self, r: QrRef, seq: u32) {
        let mut news = self.news();
        let known = news.sessions.get(&r).copied();
        if known.is_none() && news.sessions.len() >= SESSIONS {
            metrics::counter!("menfang_nudges_unnamed_total").increment(1);
            news.kinds |= CHANGES;
        } else {
            news.sessions.insert(r, known.map_or(seq, |known| known.max(seq)));
        }
        drop(news);
        self.noted.notify_one();
    }

    fn news(&self) -> MutexGuard<'_, News> {
        self.news.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn put(&self, kinds: u8) {
        self.news().kinds |= kinds;
        self.noted.notify_one();
    }

    async fn take(&self) -> Taken<'_> {
        loop {
            let news = std::mem::take(&mut *self.news());
            if !news.is_empty() {
                return Taken { pending: self, news };
            }
            self.noted.notified().await;
        }
    }
}

/// News on their way; those that did not get there wait again.
struct Taken<'a> {
    pending: &'a Pending,
    news: News,
}

impl Taken<'_> {
    fn told(mut self) {
        metrics::counter!("menfang_nudges_published_total").increment(self.news.count());
        self.news = News::default();
    }
}

impl Drop for Taken<'_> {
    fn drop(&mut self) {
        if self.news.is_empty() {
            return;
        }
        // The change feed names the sessions, too.
        let changes = if self.news.sessions.is_empty() { 0 } else { CHANGES };
        self.pending.put(self.news.kinds | changes);
    }
}

/// The message of a node: its name, and the news in words.
fn written(node: &str, news: &News) -> String {
    let mut message = node.to_owned();
    for (_, word, _) in KINDS.iter().filter(|(flag, ..)| news.kinds & flag != 0) {
        message.push(' ');
        message.push_str(word);
    }
    for (r, seq) in &news.sessions {
        let _ = write!(message, " {SESSION}{}:{seq}", r.to_hex());
    }
    message
}

/// What another node's message says; words that this version does not know are passed over.
fn read(message: &str, own: &str) -> (Vec<Nudge>, Vec<(QrRef, u32)>) {
    let (mut nudges, mut sessions) = (Vec::new(), Vec::new());
    let mut words = message.split(' ');
    if words.next().is_none_or(|node| node == own) {
        return (nudges, sessions);
    }
    for word in words {
        if let Some(session) = word.strip_prefix(SESSION) {
            sessions.extend(read_session(session));
        } else if let Some((.., nudge)) = KINDS.iter().find(|kind| kind.1 == word) {
            nudges.push(nudge.clone());
        }
    }
    (nudges, sessions)
}

fn read_session(word: &str) -> Option<(QrRef, u32)> {
    let (r, seq) = word.split_once(':')?;
    Some((QrRef::from_hex(r)?, seq.parse().ok()?))
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
            publish.arg(self.names.channel()).arg(written(&self.node, &taken.news));
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
            let (nudges, sessions) = read(&text, &self.node);
            metrics::counter!("menfang_nudges_heard_total").increment((nudges.len() + sessions.len()) as u64);
            for nudge in nudges {
                self.here.nudge(nudge);
            }
            for (r, seq) in sessions {
                self.here.show_session(SessionNews::Elsewhere { r, seq });
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
        assert_eq!(written("n1", &lost.news), "n1 changes outbox");
        pending.note(&Nudge::Imports);
        drop(lost);
        let taken = pending.take().await;
        assert_eq!(taken.news.kinds, 7, "what was lost on its way waits with the rest");
        taken.told();
        assert_eq!(*pending.news(), News::default());
    }

    #[tokio::test]
    async fn sessions_are_named_with_their_newest_step_up_to_a_bound() {
        let (pending, session) = (Pending::default(), |number: u8| QrRef([number; 16]));
        for seq in [2, 4, 3] {
            pending.note_session(session(1), seq);
        }
        let lost = pending.take().await;
        assert_eq!(written("n1", &lost.news), "n1 session:01010101010101010101010101010101:4");
        drop(lost);
        let taken = pending.take().await;
        assert_eq!(written("n1", &taken.news), "n1 changes", "the feed names what was lost on its way");
        taken.told();
        for number in 0..=u8::try_from(SESSIONS).unwrap() {
            pending.note_session(session(number), 2);
        }
        let taken = pending.take().await;
        assert_eq!(
            (taken.news.sessions.len(), taken.news.kinds),
            (SESSIONS, CHANGES),
            "and what is too much"
        );
        taken.told();
    }

    #[test]
    fn a_message_is_heard_by_others_and_unknown_words_are_passed_over() {
        let (heard, _) = read("n1 changes weather outbox", "n2");
        assert!(matches!(heard[..], [Nudge::Changes, Nudge::Outbox]), "{heard:?}");
        let own = read("n1 changes session:01010101010101010101010101010101:4", "n1");
        assert!(own.0.is_empty() && own.1.is_empty(), "one's own");
        assert!(read("", "n2").0.is_empty());
    }

    #[test]
    fn sessions_are_heard_as_they_were_named_and_what_makes_no_sense_is_passed_over() {
        let news = News { kinds: CHANGES, sessions: HashMap::from([(QrRef([255; 16]), 7)]) };
        let (nudges, sessions) = read(&written("n1", &news), "n2");
        assert!(matches!(nudges[..], [Nudge::Changes]), "{nudges:?}");
        assert_eq!(sessions, [(QrRef([255; 16]), 7)]);
        let wrong = ["session:", "session:01:2", "session:01010101010101010101010101010101", "session:é:1"];
        for word in wrong {
            assert_eq!(read(&format!("n1 {word}"), "n2").1, [], "{word}");
        }
        assert_eq!(read("n1 session:01010101010101010101010101010101:-1", "n2").1, []);
    }
}
