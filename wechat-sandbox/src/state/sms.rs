//! The SMS inbox of all pretend phones.

use std::collections::{HashSet, VecDeque};

use serde::{Deserialize, Serialize};

use crate::instant::Millis;

/// Older messages make room for newer ones beyond this.
const KEPT: usize = 10_000;

/// One accepted SMS.
#[derive(Clone, Serialize, Deserialize)]
pub(crate) struct Sms {
    /// The sender's id; the same one again is the same SMS.
    pub(crate) id: String,
    pub(crate) phone: String,
    pub(crate) code: Option<String>,
    pub(crate) text: String,
    pub(crate) at: Millis,
}

/// What the gateway accepted, oldest first.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Inbox {
    kept: VecDeque<Sms>,
    /// All that were ever accepted, repeats not counted.
    pub(crate) accepted: u64,
    ids: HashSet<String>,
}

impl Inbox {
    /// Whether an SMS with this id came before.
    pub(crate) fn knows(&self, id: &str) -> bool {
        self.ids.contains(id)
    }

    /// The kept messages, oldest first, of one phone or of all.
    pub(crate) fn messages<'a>(&'a self, phone: Option<&'a str>) -> impl DoubleEndedIterator<Item = &'a Sms> {
        self.kept.iter().filter(move |sms| phone.is_none_or(|phone| same_phone(&sms.phone, phone)))
    }

    pub(super) fn accept(&mut self, sms: Sms) {
        if !self.ids.insert(sms.id.clone()) {
            return;
        }
        self.accepted += 1;
        self.kept.push_back(sms);
        if self.kept.len() > KEPT
            && let Some(oldest) = self.kept.pop_front()
        {
            self.ids.remove(&oldest.id);
        }
    }
}

/// Whether two ways of writing a number mean one phone: `+86` or `0086` before a Chinese mobile number says nothing new.
fn same_phone(one: &str, other: &str) -> bool {
    significant(one) == significant(other)
}

fn significant(phone: &str) -> String {
    let digits: String = phone.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.strip_prefix("00").unwrap_or(&digits);
    match digits.strip_prefix("86") {
        Some(mobile) if mobile.len() == 11 && mobile.starts_with('1') => mobile.to_owned(),
        _ => digits.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sms(id: &str, phone: &str) -> Sms {
        Sms { id: id.to_owned(), phone: phone.to_owned(), code: None, text: "hello".to_owned(), at: 1 }
    }

    #[test]
    fn all_ways_of_writing_a_chinese_number_are_one() {
        for written in
            ["13800138000", "+8613800138000", " 8613800138000", "008613800138000", "+86 138-0013-8000"]
        {
            assert!(same_phone("+8613800138000", written), "{written}");
        }
        assert!(!same_phone("+8613800138000", "+8613800138001"));
        assert!(!same_phone("+18613800138000", "13800138000"));
    }

    #[test]
    fn the_same_id_is_kept_once() {
        let mut inbox = Inbox::default();
        inbox.accept(sms("a", "+8613800138000"));
        inbox.accept(sms("a", "+8613800138000"));
        inbox.accept(sms("b", "+8613800138001"));
        assert_eq!(inbox.accepted, 2);
        assert_eq!(inbox.messages(Some("13800138000")).count(), 1);
        assert_eq!(inbox.messages(None).count(), 2);
    }
}
