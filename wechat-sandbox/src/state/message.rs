//! Template messages that were taken on: who got which, and which call was the same one again.
//!
//! A fan-out says the same to everybody, so what messages say is kept once and they name it by a number; the journal
//! does so, too. A message of its own takes some 150 bytes beside that.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher, Hash},
};

use serde::{Deserialize, Serialize};

use crate::instant::Millis;

/// Older messages make room for newer ones beyond this. Who got how many is not forgotten with them.
const KEPT: usize = 1_000_000;
/// Numbers of messages have 19 digits, as WeChat's have today.
const FIRST_MSGID: i64 = 3_600_000_000_000_000_000;

/// What a message says.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub(crate) struct Payload {
    /// The account that says it.
    pub(crate) appid: String,
    pub(crate) template_id: String,
    /// The page behind the card; empty without one.
    pub(crate) url: String,
    /// The values, as JSON text: `{"thing1":{"value":"…"}}`.
    pub(crate) data: String,
}

/// A message that WeChat took on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Row", into = "Row")]
pub(crate) struct Message {
    /// The number of what it says.
    pub(crate) payload: u32,
    /// The id of the person.
    pub(crate) person: Box<str>,
    /// WeChat's number.
    pub(crate) msgid: i64,
    /// The sender's name for it; empty without one.
    pub(crate) client_msg_id: Box<str>,
    pub(crate) at: Millis,
    /// Whether it came into the person's inbox. It does not where WeChat's receipt says that it failed.
    pub(crate) arrived: bool,
}

/// A message as the journal writes it, in few bytes.
type Row = (u32, Box<str>, i64, Box<str>, Millis, bool);

impl From<Row> for Message {
    fn from((payload, person, msgid, client_msg_id, at, arrived): Row) -> Self {
        Self { payload, person, msgid, client_msg_id, at, arrived }
    }
}

impl From<Message> for Row {
    fn from(message: Message) -> Self {
        let Message { payload, person, msgid, client_msg_id, at, arrived } = message;
        (payload, person, msgid, client_msg_id, at, arrived)
    }
}

/// A message that is about to be taken on.
pub(crate) struct Sending<'a> {
    pub(crate) person: &'a str,
    pub(crate) client_msg_id: &'a str,
    pub(crate) at: Millis,
    pub(crate) arrived: bool,
}

#[derive(Clone, Serialize, Deserialize)]
struct Said {
    payload: Payload,
    /// How many of the kept messages say it.
    times: u32,
}

/// All messages, oldest first.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Messages {
    kept: VecDeque<Message>,
    /// How many were kept before the first that still is.
    forgotten: u64,
    said: BTreeMap<u32, Said>,
    next_payload: u32,
    /// How many came into each inbox, by account and person.
    counts: BTreeMap<String, HashMap<Box<str>, u32>>,
    /// How many came into an inbox.
    pub(crate) total: u64,
    /// Calls that were the same one again.
    pub(crate) duplicates_dropped: u64,
    last_msgid: i64,
    #[serde(skip)]
    by_client_msg_id: HashMap<u64, u64>,
    #[serde(skip)]
    by_content: HashMap<u64, u32>,
}

impl Messages {
    /// The kept messages with what they say, oldest first.
    pub(crate) fn list(&self) -> impl DoubleEndedIterator<Item = (&Message, &Payload)> {
        self.kept.iter().filter_map(|message| Some((message, self.payload(message)?)))
    }

    fn payload(&self, message: &Message) -> Option<&Payload> {
        self.said.get(&message.payload).map(|said| &said.payload)
    }

    /// How many messages each person got from the account, by their ids; who got none is absent.
    pub(crate) fn counts(&self, appid: &str) -> impl Iterator<Item = (&str, u32)> {
        self.counts.get(appid).into_iter().flatten().map(|(person, &count)| (&**person, count))
    }

    /// How many messages of the account came into the inbox of the person with this id.
    pub(crate) fn count(&self, appid: &str, person: &str) -> u32 {
        self.counts.get(appid).and_then(|of_account| of_account.get(person)).copied().unwrap_or_default()
    }

    /// The message that the account sent to this person under this `client_msg_id`, the latest one.
    pub(crate) fn by_client_msg_id(
        &self,
        appid: &str,
        person: &str,
        client_msg_id: &str,
    ) -> Option<&Message> {
        let number = *self.by_client_msg_id.get(&hash((appid, person, client_msg_id)))?;
        let message = self.kept.get(usize::try_from(number.checked_sub(self.forgotten)?).ok()?)?;
        // Two names may share a hash; only the same one is the same message.
        let same = &*message.person == person && &*message.client_msg_id == client_msg_id;
        (same && self.payload(message)?.appid == appid).then_some(message)
    }

    /// Numbers a message, and gives what it says beside it unless that was said before.
    pub(crate) fn number(&self, payload: Payload, sending: &Sending<'_>) -> (Message, Option<Payload>) {
        let known = self.by_content.get(&hash(&payload)).copied();
        let known = known.filter(|number| self.said.get(number).is_some_and(|said| said.payload == payload));
        let message = Message {
            payload: known.unwrap_or(self.next_payload),
            person: sending.person.into(),
            msgid: self.next_msgid(sending.at),
            client_msg_id: sending.client_msg_id.into(),
            at: sending.at,
            arrived: sending.arrived,
        };
        (message, if known.is_some() { None } else { Some(payload) })
    }

    /// Numbers grow with the clock, and each is greater than the one before.
    fn next_msgid(&self, at: Millis) -> i64 {
        let by_clock = i64::try_from(at).unwrap_or_default().saturating_mul(100_000);
        FIRST_MSGID.saturating_add(by_clock).max(self.last_msgid.saturating_add(1))
    }

    /// Takes a message on, and gives the appid of its account.
    pub(super) fn take_on(&mut self, message: Message, payload: Option<Payload>) -> Option<&str> {
        if let Some(payload) = payload {
            self.by_content.insert(hash(&payload), message.payload);
            self.said.insert(message.payload, Said { payload, times: 0 });
            self.next_payload = message.payload.wrapping_add(1);
        }
        let number = message.payload;
        let said = self.said.get_mut(&number)?;
        said.times += 1;
        self.last_msgid = message.msgid;
        if message.arrived {
            self.total += 1;
            let of_account = match self.counts.get_mut(&said.payload.appid) {
                Some(of_account) => of_account,
                None => self.counts.entry(said.payload.appid.clone()).or_default(),
            };
            if let Some(count) = of_account.get_mut(&message.person) {
                *count += 1;
            } else {
                of_account.insert(message.person.clone(), 1);
            }
        }
        self.kept.push_back(message);
        self.index_last();
        if self.kept.len() > KEPT {
            self.forget_first();
        }
        self.said.get(&number).map(|said| said.payload.appid.as_str())
    }

    /// Makes the indexes, which are not written down.
    pub(super) fn index(&mut self) {
        self.by_content = self.said.iter().map(|(&number, said)| (hash(&said.payload), number)).collect();
        let kept = std::mem::take(&mut self.kept);
        for message in kept {
            self.kept.push_back(message);
            self.index_last();
        }
    }

    fn index_last(&mut self) {
        let Some(message) = self.kept.back().filter(|message| !message.client_msg_id.is_empty()) else {
            return;
        };
        let Some(payload) = self.payload(message) else { return };
        let key = hash((payload.appid.as_str(), &*message.person, &*message.client_msg_id));
        let number = self.forgotten + u64::try_from(self.kept.len()).unwrap_or_default() - 1;
        self.by_client_msg_id.insert(key, number);
    }

    fn forget_first(&mut self) {
        let Some(message) = self.kept.pop_front() else { return };
        let number = self.forgotten;
        self.forgotten += 1;
        let Some(said) = self.said.get_mut(&message.payload) else { return };
        let key = hash((said.payload.appid.as_str(), &*message.person, &*message.client_msg_id));
        if self.by_client_msg_id.get(&key) == Some(&number) {
            self.by_client_msg_id.remove(&key);
        }
        said.times -= 1;
        if said.times == 0 {
            let content = hash(&said.payload);
            self.by_content.remove(&content);
            self.said.remove(&message.payload);
        }
    }
}

/// The same in one process for the same value; it is never written down.
fn hash(value: impl Hash) -> u64 {
    BuildHasherDefault::<DefaultHasher>::default().hash_one(value)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn payload(text: &str) -> Payload {
        Payload {
            appid: "wx1".to_owned(),
            template_id: "t".to_owned(),
            url: String::new(),
            data: format!(r#"{{"thing1":{{"value":"{text}"}}}}"#),
        }
    }

    fn send(messages: &mut Messages, person: &str, client_msg_id: &str, text: &str, at: Millis) -> i64 {
        let sending = Sending { person, client_msg_id, at, arrived: true };
        let (message, payload) = messages.number(payload(text), &sending);
        let msgid = message.msgid;
        messages.take_on(message, payload);
        msgid
    }

    #[test]
    fn numbers_have_19_digits_and_none_comes_twice() {
        let mut messages = Messages::default();
        let mut numbers: Vec<_> =
            (0..100).map(|index| send(&mut messages, "a", "", "x", 1_767_225_600_000 + index / 10)).collect();
        assert!(numbers.iter().all(|number| number.to_string().len() == 19));
        assert!(numbers.is_sorted());
        numbers.dedup();
        assert_eq!(numbers.len(), 100);
    }

    #[test]
    fn what_is_said_to_all_is_kept_once() {
        let mut messages = Messages::default();
        for person in ["a", "b", "c"] {
            send(&mut messages, person, "", "hello", 1);
        }
        send(&mut messages, "a", "", "good-bye", 2);
        assert_eq!(messages.said.len(), 2);
        let said: Vec<_> = messages.list().map(|(message, said)| (&*message.person, &said.data)).collect();
        assert_eq!(said[2], ("c", &payload("hello").data));
        assert_eq!(said[3], ("a", &payload("good-bye").data));
        assert_eq!(messages.counts("wx1").find(|(person, _)| *person == "a"), Some(("a", 2)));
        assert_eq!((messages.total, messages.counts("wx2").count()), (4, 0));
    }

    #[test]
    fn a_message_is_found_by_person_and_client_msg_id_after_a_restart_too() {
        let mut messages = Messages::default();
        send(&mut messages, "a", "1", "x", 1);
        send(&mut messages, "b", "1", "x", 2);
        let latest = send(&mut messages, "a", "1", "x", 3);
        let json = serde_json::to_string(&messages).expect("serializes");
        let mut again: Messages = serde_json::from_str(&json).expect("reads");
        again.index();
        for messages in [&messages, &again] {
            let found = |person, id| messages.by_client_msg_id("wx1", person, id).map(|found| found.msgid);
            assert_eq!(found("a", "1"), Some(latest));
            assert!(found("b", "1").is_some_and(|msgid| msgid < latest));
            assert_eq!((found("c", "1"), found("a", "2")), (None, None));
            assert!(messages.by_client_msg_id("wx2", "a", "1").is_none());
        }
        let sending = Sending { person: "a", client_msg_id: "", at: 4, arrived: true };
        assert_eq!(again.number(payload("x"), &sending).1, None, "it was said before");
    }

    #[test]
    fn what_is_forgotten_leaves_nothing_behind_but_the_counts() {
        let mut messages = Messages::default();
        send(&mut messages, "a", "1", "x", 1);
        send(&mut messages, "a", "2", "y", 2);
        messages.forget_first();
        assert!(messages.by_client_msg_id("wx1", "a", "1").is_none());
        assert!(messages.by_client_msg_id("wx1", "a", "2").is_some());
        assert_eq!(
            (messages.said.len(), messages.by_content.len(), messages.by_client_msg_id.len()),
            (1, 1, 1)
        );
        assert_eq!(messages.counts("wx1").collect::<Vec<_>>(), [("a", 2)]);
    }
}
