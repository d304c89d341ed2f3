//! All pretend people, with the indexes that find them by id, by openid and by account followed.

use std::{
    borrow::Cow,
    collections::{BTreeMap, HashMap},
};

use serde::{Deserialize, Serialize};

use super::{Crowd, Member, Openids, Person, Relation, crowd::Crowds};
use crate::instant::Millis;

#[derive(Clone, Default)]
struct AccountIndex {
    by_openid: HashMap<String, usize>,
    followers: BTreeMap<u64, usize>,
}

/// The people: a list of those who came one by one, and the crowds of those who came many at once.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct People {
    list: Vec<Person>,
    crowds: Crowds,
    last_place: u64,
    #[serde(skip)]
    by_id: HashMap<String, usize>,
    #[serde(skip)]
    accounts: HashMap<String, AccountIndex>,
}

impl People {
    /// Those who came one by one, oldest first, and those who stepped out of a crowd.
    pub(crate) fn list(&self) -> &[Person] {
        &self.list
    }

    /// Everybody: the list, and then the crowds.
    pub(crate) fn everybody(&self) -> impl Iterator<Item = Cow<'_, Person>> {
        self.list.iter().map(Cow::Borrowed).chain(self.crowds.everybody().map(Cow::Owned))
    }

    /// How many there are.
    pub(crate) fn count(&self) -> usize {
        self.list.len() + self.crowds.count()
    }

    /// The number that the next crowd will have.
    pub(crate) fn next_crowd(&self) -> u32 {
        self.crowds.next()
    }

    /// The person with this id.
    pub(crate) fn get(&self, id: &str) -> Option<Cow<'_, Person>> {
        match self.by_id.get(id) {
            Some(&index) => Some(Cow::Borrowed(&self.list[index])),
            None => self.crowds.person(Member::parse(id)?).map(Cow::Owned),
        }
    }

    /// The person whom the account knows by this openid.
    pub(crate) fn by_openid(&self, appid: &str, openid: &str) -> Option<Cow<'_, Person>> {
        match self.accounts.get(appid)?.by_openid.get(openid) {
            Some(&index) => Some(Cow::Borrowed(&self.list[index])),
            None => self.crowds.person(Openids::of(appid).member_of(openid)?).map(Cow::Owned),
        }
    }

    /// Whether the person with this id follows the account; quicker than looking at the whole person.
    pub(crate) fn follows(&self, id: &str, appid: &str) -> bool {
        match self.by_id.get(id) {
            Some(&index) => self.list[index].follows(appid),
            None => Member::parse(id).is_some_and(|member| self.crowds.follows(member, appid)),
        }
    }

    /// How many follow the account.
    pub(crate) fn follower_count(&self, appid: &str) -> usize {
        let listed = self.accounts.get(appid).map_or(0, |account| account.followers.len());
        listed + self.crowds.follower_count(appid)
    }

    /// How many follow each of the accounts, added up.
    pub(crate) fn followers_of_all(&self) -> usize {
        self.accounts.keys().map(|appid| self.follower_count(appid)).sum()
    }

    /// The openids of the account's followers after the given place, in the order of following.
    pub(crate) fn followers_after(&self, appid: &str, place: u64) -> impl Iterator<Item = String> {
        let openids = Openids::of(appid);
        let followers = self.accounts.get(appid).map(|account| account.followers.range(place + 1..));
        let mut listed = followers.into_iter().flatten().peekable();
        let mut crowded = self.crowds.followers_after(appid, place).peekable();
        std::iter::from_fn(move || {
            let crowd_comes_first = match (listed.peek(), crowded.peek()) {
                (Some(&(listed, _)), Some((crowded, _))) => crowded < listed,
                (listed, _) => listed.is_none(),
            };
            if crowd_comes_first {
                return crowded.next().map(|(_, member)| openids.member(member));
            }
            listed.next().map(|(_, &index)| openids.person(&self.list[index].id))
        })
    }

    pub(super) fn index<'a>(&mut self, appids: impl Iterator<Item = &'a String>) {
        self.by_id = self.list.iter().enumerate().map(|(index, one)| (one.id.clone(), index)).collect();
        for member in self.list.iter().filter_map(|person| Member::parse(&person.id)) {
            self.crowds.step_out(member);
        }
        self.accounts.clear();
        for appid in appids {
            self.know_account(appid);
        }
    }

    pub(super) fn know_account(&mut self, appid: &str) {
        let mut account = AccountIndex::default();
        for (index, person) in self.list.iter().enumerate() {
            account.take_in(appid, person, index);
        }
        self.accounts.insert(appid.to_owned(), account);
    }

    pub(super) fn join(&mut self, person: Person) {
        let index = self.list.len();
        for (appid, account) in &mut self.accounts {
            account.take_in(appid, &person, index);
        }
        self.by_id.insert(person.id.clone(), index);
        self.list.push(person);
    }

    pub(super) fn come(&mut self, crowd: Crowd) {
        let first_place = self.last_place + 1;
        if crowd.following {
            self.last_place += u64::from(crowd.count);
        }
        self.crowds.come(crowd, first_place);
    }

    pub(super) fn relation_mut(&mut self, id: &str, appid: &str) -> Option<&mut Relation> {
        let index = self.index_of(id)?;
        Some(self.list[index].relations.entry(appid.to_owned()).or_default())
    }

    pub(super) fn follow(&mut self, id: &str, appid: &str, scene: Option<String>, at: Millis) {
        let Some(index) = self.index_of(id) else { return };
        let place = self.last_place + 1;
        let relation = self.list[index].relations.entry(appid.to_owned()).or_default();
        if relation.following {
            return;
        }
        self.last_place = place;
        (relation.following, relation.since, relation.place, relation.scene) = (true, at, place, scene);
        self.accounts.entry(appid.to_owned()).or_default().followers.insert(place, index);
    }

    pub(super) fn unfollow(&mut self, id: &str, appid: &str) {
        let Some(relation) = self.relation_mut(id, appid) else { return };
        relation.following = false;
        let place = relation.place;
        if let Some(account) = self.accounts.get_mut(appid) {
            account.followers.remove(&place);
        }
    }

    /// Where somebody stands in the list. Something is about to happen to them alone: who is in a crowd steps out of it.
    fn index_of(&mut self, id: &str) -> Option<usize> {
        if let Some(&index) = self.by_id.get(id) {
            return Some(index);
        }
        let member = Member::parse(id)?;
        let person = self.crowds.person(member)?;
        self.crowds.step_out(member);
        self.join(person);
        Some(self.list.len() - 1)
    }
}

impl AccountIndex {
    fn take_in(&mut self, appid: &str, person: &Person, index: usize) {
        self.by_openid.insert(person.openid(appid), index);
        if let Some(relation) = person.relations.get(appid).filter(|relation| relation.following) {
            self.followers.insert(relation.place, index);
        }
    }
}

#[cfg(test)]
#[path = "people_tests.rs"]
mod tests;
