//! Finding people, and the order of followers, with crowds and without.

use super::*;
use crate::state::{Change, State, account::example};

fn joined(state: &mut State, id: &str) {
    state.apply(Change::PersonJoined { id: id.to_owned(), nickname: id.to_owned(), at: 1 });
}

fn follow(state: &mut State, id: &str, at: Millis) {
    state.apply(Change::Followed { person: id.to_owned(), appid: "wx1".to_owned(), scene: None, at });
}

fn unfollow(state: &mut State, id: &str) {
    state.apply(Change::Unfollowed { person: id.to_owned(), appid: "wx1".to_owned() });
}

fn crowd(state: &mut State, count: u32) {
    state.apply(Change::CrowdCame(Crowd { appid: "wx1".to_owned(), count, following: true, at: 1 }));
}

fn follower_ids(state: &State, after: u64) -> Vec<String> {
    let id = |openid: String| state.people.by_openid("wx1", &openid).expect("somebody").id.clone();
    state.people.followers_after("wx1", after).map(id).collect()
}

fn place(state: &State, id: &str) -> u64 {
    state.people.get(id).expect("somebody").relations["wx1"].place
}

/// As after a restart.
fn written_and_read(state: &State) -> State {
    let json = serde_json::to_string(state).expect("serializes");
    let mut again = State::default();
    again.apply(Change::Snapshot(serde_json::from_str(&json).expect("reads")));
    again
}

#[test]
fn people_are_found_by_openid_whoever_came_first() {
    let mut state = State::default();
    joined(&mut state, "early");
    state.apply(Change::AccountRegistered(example("wx1")));
    joined(&mut state, "late");
    for id in ["early", "late"] {
        let openid = state.people.get(id).expect("joined").openid("wx1");
        assert_eq!(state.people.by_openid("wx1", &openid).expect("somebody").id, id);
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
    unfollow(&mut state, "b");
    follow(&mut state, "b", 5);
    assert_eq!(follower_ids(&state, 0), ["a", "c", "b"], "who comes back stands at the end");
    assert_eq!(follower_ids(&state, place(&state, "c")), ["b"]);
}

#[test]
fn a_snapshot_and_a_new_registration_keep_everything() {
    let mut state = State::default();
    state.apply(Change::AccountRegistered(example("wx1")));
    joined(&mut state, "a");
    follow(&mut state, "a", 1);
    let mut again = written_and_read(&state);
    again.apply(Change::AccountRegistered(example("wx1")));
    assert_eq!(follower_ids(&again, 0), ["a"]);
    assert_eq!(again.people.follower_count("wx1"), 1);
    let openid = again.people.list()[0].openid("wx1");
    assert!(again.people.by_openid("wx1", &openid).is_some());
}

#[test]
fn a_crowd_stands_between_those_who_followed_before_and_after() {
    let mut state = State::default();
    state.apply(Change::AccountRegistered(example("wx1")));
    joined(&mut state, "early");
    joined(&mut state, "late");
    follow(&mut state, "early", 1);
    assert_eq!(state.people.next_crowd(), 1);
    crowd(&mut state, 3);
    follow(&mut state, "late", 2);
    crowd(&mut state, 1);
    assert_eq!(follower_ids(&state, 0), ["early", "per_1_1", "per_1_2", "per_1_3", "late", "per_2_1"]);
    assert_eq!(follower_ids(&state, place(&state, "per_1_2")), ["per_1_3", "late", "per_2_1"]);
    assert_eq!((state.people.follower_count("wx1"), state.people.count()), (6, 6));
    assert_eq!(state.people.everybody().count(), 6);
}

#[test]
fn who_steps_out_of_a_crowd_keeps_id_openid_and_place() {
    let mut state = State::default();
    state.apply(Change::AccountRegistered(example("wx1")));
    crowd(&mut state, 4);
    let openid = state.people.get("per_1_2").expect("there").openid("wx1");
    let block = |person: &str| Change::Blocked {
        person: person.to_owned(),
        appid: "wx1".to_owned(),
        template_id: None,
    };
    state.apply(block("per_1_2"));
    unfollow(&mut state, "per_1_3");
    unfollow(&mut state, "per_1_1");
    follow(&mut state, "per_1_1", 9);
    for state in [&state, &written_and_read(&state)] {
        assert_eq!(follower_ids(state, 0), ["per_1_2", "per_1_4", "per_1_1"]);
        assert_eq!((state.people.follower_count("wx1"), state.people.count()), (3, 4));
        let blocker = state.people.by_openid("wx1", &openid).expect("there");
        assert!(blocker.id == "per_1_2" && blocker.relations["wx1"].blocks_account);
        assert!(!state.people.get("per_1_3").expect("still a person").follows("wx1"));
    }
}
