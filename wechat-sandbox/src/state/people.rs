//! All pretend people, with the indexes that find them by id, by openid and by account followed.

use std::collections::{BTreeMap, HashMap};

use serde::{Deserialize, Serialize};

use super::{Person, Relation};
use crate::instant::Millis;

#[derive(Clone, Default)]
struct AccountIndex {
    by_openid: HashMap<String, usize>,
    followers: BTreeMap<u64, usize>,
}

/// The people, in the order in which they came.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct People {
    list: Vec<Person>,
    last_place: u64,
    #[serde(skip)]
    by_id: HashMap<String, usize>,
    #[serde(skip)]
    accounts: HashMap<String, AccountIndex>,
}

impl People {
    /// Everybody, oldest first.
    pub(crate) fn all(&self) -> &[Person] {
        &self.list
    }

    /// The person with this id.
    pub(crate) fn get(&self, id: &str) -> Option<&Person> {
        self.by_id.get(id).map(|&place| &self.list[place])
    }

    /// The person whom the account knows by this openid.
    pub(crate) fn by_openid(&self, appid: &str, openid: &str) -> Option<&Person> {
        self.accounts.get(appid)?.by_openid.get(openid).map(|&place| &self.list[place])
    }

    /// How many follow the account.
    pub(crate) fn follower_count(&self, appid: &str) -> usize {
        self.accounts.get(appid).map_or(0, |account| account.followers.len())
    }

    /// How many follow each of the accounts, added up.
    pub(crate) fn followers_of_all(&self) -> usize {
        self.accounts.values().map(|account| account.followers.len()).sum()
    }

    /// The account's followers after the given place, in the order of following.
    pub(crate) fn followers_after(&self, appid: &str, place: u64) -> impl Iterator<Item = &Person> {
        let followers = self.accounts.get(appid).map(|account| account.followers.range(place + 1..));
        followers.into_iter().flatten().map(|(_, &place)| &self.list[place])
    }

    pub(super) fn index<'a>(&mut self, appids: impl Iterator<Item = &'a String>) {
        self.by_id = self.list.iter().enumerate().map(|(place, one)| (one.id.clone(), place)).collect();
        self.accounts.clear();
        for appid in appids {
            self.know_account(appid);
        }
    }

    pub(super) fn know_account(&mut self, appid: &str) {
        let mut account = AccountIndex::default();
        for (place, person) in self.list.iter().enumerate() {
            account.by_openid.insert(person.openid(appid), place);
            if let Some(relation) = person.relations.get(appid).filter(|relation| relation.following) {
                account.followers.insert(relation.place, place);
            }
        }
        self.accounts.insert(appid.to_owned(), account);
    }

    pub(super) fn join<'a>(&mut self, person: Person, appids: impl Iterator<Item = &'a String>) {
        let place = self.list.len();
        for appid in appids {
            let account = self.accounts.entry(appid.clone()).or_default();
            account.by_openid.insert(person.openid(appid), place);
        }
        self.by_id.insert(person.id.clone(), place);
        self.list.push(person);
    }

    pub(super) fn relation_mut(&mut self, id: &str, appid: &str) -> Option<&mut Relation> {
        let &place = self.by_id.get(id)?;
        Some(self.list[place].relations.entry(appid.to_owned()).or_default())
    }

    pub(super) fn follow(&mut self, id: &str, appid: &str, scene: Option<String>, at: Millis) {
        let Some(&index) = self.by_id.get(id) else { return };
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
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::state::{Change, State, account::example};

    fn joined(state: &mut State, id: &str) {
        state.apply(Change::PersonJoined { id: id.to_owned(), nickname: id.to_owned(), at: 1 });
    }

    fn follow(state: &mut State, id: &str, at: Millis) {
        state.apply(Change::Followed { person: id.to_owned(), appid: "wx1".to_owned(), scene: None, at });
    }

    fn follower_ids(state: &State, after: u64) -> Vec<&str> {
        state.people.followers_after("wx1", after).map(|person| person.id.as_str()).collect()
    }

    #[test]
    fn people_are_found_by_openid_whoever_came_first() {
        let mut state = State::default();
        joined(&mut state, "early");
        state.apply(Change::AccountRegistered(example("wx1")));
        joined(&mut state, "late");
        for id in ["early", "late"] {
            let openid = state.people.get(id).expect("joined").openid("wx1");
            assert_eq!(state.people.by_openid("wx1", &openid).map(|person| person.id.as_str()), Some(id));
            assert!(state.people.by_openid("wx2", &openid).is_none());
        }
    }

    #[test]
    fn followers_are_listed_in_the_order_of_following() {
        let mut state = State::default();
        state.apply(Change::AccountRegistered(example("wx1")));
        for id in ["a", "b", "c"] {
            joined(&mut state, id);
        }
        for (at, id) in [(1, "b"), (2, "a"), (3, "c"), (4, "a")] {
            follow(&mut state, id, at);
        }
        assert_eq!(follower_ids(&state, 0), ["b", "a", "c"], "following twice changes nothing");
        state.apply(Change::Unfollowed { person: "b".to_owned(), appid: "wx1".to_owned() });
        follow(&mut state, "b", 5);
        assert_eq!(follower_ids(&state, 0), ["a", "c", "b"], "who comes back stands at the end");
        assert_eq!(follower_ids(&state, state.people.get("c").expect("c").relations["wx1"].place), ["b"]);
    }

    #[test]
    fn a_snapshot_and_a_new_registration_keep_everything() {
        let mut state = State::default();
        state.apply(Change::AccountRegistered(example("wx1")));
        joined(&mut state, "a");
        follow(&mut state, "a", 1);
        let json = serde_json::to_string(&state).expect("serializes");
        let mut again = State::default();
        again.apply(Change::Snapshot(serde_json::from_str(&json).expect("reads")));
        again.apply(Change::AccountRegistered(example("wx1")));
        assert_eq!(follower_ids(&again, 0), ["a"]);
        assert_eq!(again.people.follower_count("wx1"), 1);
        let openid = again.people.all()[0].openid("wx1");
        assert!(again.people.by_openid("wx1", &openid).is_some());
    }
}
