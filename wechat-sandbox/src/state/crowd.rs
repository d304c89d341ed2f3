//! People who came many at once. None of them is stored: who they are follows from their numbers, until something
//! happens to one of them alone; then that one steps out of the crowd and is kept like anybody else.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use super::{Person, Relation};
use crate::instant::Millis;

/// One of a crowd, by the number of the crowd and the number within it; both begin with 1.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    pub(crate) crowd: u32,
    pub(crate) number: u32,
}

impl Member {
    /// `per_1_42`: no single person's id has a second underscore.
    pub(crate) fn id(self) -> String {
        format!("per_{}_{}", self.crowd, self.number)
    }

    /// Reads an id; `None` if it is no crowd's, or written in another way.
    pub(super) fn parse(id: &str) -> Option<Self> {
        let (crowd, number) = id.strip_prefix("per_")?.split_once('_')?;
        let member = Self { crowd: crowd.parse().ok()?, number: number.parse().ok()? };
        (member.id() == id).then_some(member)
    }
}

/// How a crowd came.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Crowd {
    /// The account that they came for.
    pub(crate) appid: String,
    /// How many they were.
    pub(crate) count: u32,
    /// Whether all of them follow the account.
    pub(crate) following: bool,
    pub(crate) at: Millis,
}

#[derive(Clone, Serialize, Deserialize)]
struct Standing {
    crowd: Crowd,
    /// The place of number 1 in the account's list of followers; the others stand behind it in a row.
    first_place: u64,
    /// Those who stepped out.
    #[serde(skip)]
    out: BTreeSet<u32>,
}

impl Standing {
    fn place(&self, number: u32) -> u64 {
        self.first_place + u64::from(number) - 1
    }

    fn is_in(&self, number: u32) -> bool {
        (1..=self.crowd.count).contains(&number) && !self.out.contains(&number)
    }

    fn remaining(&self) -> usize {
        usize::try_from(self.crowd.count).unwrap_or(usize::MAX) - self.out.len()
    }

    /// The numbers of those who are still in, from this one on.
    fn numbers(&self, from: u32) -> impl Iterator<Item = u32> {
        (from.max(1)..=self.crowd.count).filter(|number| !self.out.contains(number))
    }

    fn person(&self, member: Member) -> Person {
        let Crowd { appid, following, at, .. } = &self.crowd;
        let mut person = Person::new(member.id(), format!("Follower {}", member.number), *at);
        if *following {
            let place = self.place(member.number);
            let relation = Relation { following: true, since: *at, place, ..Relation::default() };
            person.relations = BTreeMap::from([(appid.clone(), relation)]);
        }
        person
    }
}

/// All crowds, in the order in which they came.
#[derive(Clone, Default, Serialize, Deserialize)]
#[serde(transparent)]
pub(super) struct Crowds(Vec<Standing>);

impl Crowds {
    /// The number that the next crowd will have.
    pub(super) fn next(&self) -> u32 {
        u32::try_from(self.0.len() + 1).unwrap_or(u32::MAX)
    }

    /// Takes in a crowd whose first follower gets this place.
    pub(super) fn come(&mut self, crowd: Crowd, first_place: u64) {
        self.0.push(Standing { crowd, first_place, out: BTreeSet::new() });
    }

    /// Somebody who is still in a crowd.
    pub(super) fn person(&self, member: Member) -> Option<Person> {
        let standing = self.standing(member.crowd).filter(|standing| standing.is_in(member.number))?;
        Some(standing.person(member))
    }

    /// Whether somebody who is still in a crowd follows the account.
    pub(super) fn follows(&self, member: Member, appid: &str) -> bool {
        self.standing(member.crowd).is_some_and(|standing| {
            standing.is_in(member.number) && standing.crowd.following && standing.crowd.appid == appid
        })
    }

    /// From now on this one is no longer part of their crowd.
    pub(super) fn step_out(&mut self, member: Member) {
        let index = usize::try_from(member.crowd).unwrap_or(usize::MAX).checked_sub(1);
        if let Some(standing) = index.and_then(|index| self.0.get_mut(index)) {
            standing.out.insert(member.number);
        }
    }

    /// Everybody who is still in a crowd.
    pub(super) fn everybody(&self) -> impl Iterator<Item = Person> {
        let numbered = (1..).zip(&self.0);
        numbered.flat_map(|(crowd, standing)| {
            standing.numbers(1).map(move |number| standing.person(Member { crowd, number }))
        })
    }

    /// How many are still in a crowd.
    pub(super) fn count(&self) -> usize {
        self.0.iter().map(Standing::remaining).sum()
    }

    /// How many of them follow the account.
    pub(super) fn follower_count(&self, appid: &str) -> usize {
        self.following(appid).map(|(_, standing)| standing.remaining()).sum()
    }

    /// Those who follow the account, after the given place, with their places.
    pub(super) fn followers_after(&self, appid: &str, place: u64) -> impl Iterator<Item = (u64, Member)> {
        self.following(appid).flat_map(move |(crowd, standing)| {
            let from = (place + 1).saturating_sub(standing.first_place).saturating_add(1);
            let numbers = standing.numbers(u32::try_from(from).unwrap_or(u32::MAX));
            numbers.map(move |number| (standing.place(number), Member { crowd, number }))
        })
    }

    fn following(&self, appid: &str) -> impl Iterator<Item = (u32, &Standing)> {
        (1..)
            .zip(&self.0)
            .filter(move |(_, standing)| standing.crowd.following && standing.crowd.appid == appid)
    }

    fn standing(&self, crowd: u32) -> Option<&Standing> {
        self.0.get(usize::try_from(crowd).ok()?.checked_sub(1)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn crowd(appid: &str, count: u32, following: bool) -> Crowd {
        Crowd { appid: appid.to_owned(), count, following, at: 7 }
    }

    fn places(crowds: &Crowds, after: u64) -> Vec<u64> {
        crowds.followers_after("wx1", after).map(|(place, _)| place).collect()
    }

    #[test]
    fn ids_are_written_in_one_way_only() {
        let member = Member { crowd: 1, number: 42 };
        assert_eq!(Member::parse(&member.id()), Some(member));
        for id in ["per_", "per_1", "per_0123456789ab", "per_01_42", "per_1_+2", "per_1_2_3", "1_2", "per_1_"]
        {
            assert_eq!(Member::parse(id), None, "{id}");
        }
    }

    #[test]
    fn a_crowd_has_nobody_but_its_numbers() {
        let mut crowds = Crowds::default();
        crowds.come(crowd("wx1", 2, true), 1);
        for (crowd, number, there) in
            [(1, 1, true), (1, 2, true), (1, 3, false), (1, 0, false), (0, 1, false), (2, 1, false)]
        {
            assert_eq!(crowds.person(Member { crowd, number }).is_some(), there, "{crowd} {number}");
        }
        let second = crowds.person(Member { crowd: 1, number: 2 }).expect("there");
        assert_eq!((second.relations["wx1"].place, second.relations["wx1"].since), (2, 7));
    }

    #[test]
    fn followers_stand_in_a_row_without_those_who_stepped_out() {
        let mut crowds = Crowds::default();
        crowds.come(crowd("wx1", 3, true), 10);
        crowds.come(crowd("wx1", 3, false), 0);
        crowds.come(crowd("wx2", 3, true), 13);
        crowds.come(crowd("wx1", 2, true), 16);
        crowds.step_out(Member { crowd: 1, number: 2 });
        crowds.step_out(Member { crowd: 9, number: 2 });
        assert_eq!(places(&crowds, 0), [10, 12, 16, 17]);
        assert_eq!(places(&crowds, 10), [12, 16, 17]);
        assert_eq!(places(&crowds, 11), [12, 16, 17]);
        assert_eq!(places(&crowds, 16), [17]);
        assert_eq!(places(&crowds, 17), [0; 0]);
        assert_eq!((crowds.follower_count("wx1"), crowds.count(), crowds.everybody().count()), (4, 10, 10));
    }
}
