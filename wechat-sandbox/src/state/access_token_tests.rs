//! Overlap, expiry and rotation, with a clock that the tests hold.

use super::*;
use crate::instant::{DAY, HOUR};

const START: Millis = 1_767_225_600_000;

fn issued(family: FamilyName, token: &str) -> AccountTokens {
    let mut tokens = AccountTokens::default();
    tokens.issue(family, token.to_owned(), false, START);
    tokens
}

fn kept(answer: StableAnswer) -> (String, u64) {
    match answer {
        StableAnswer::Keep { token, expires_in } => (token, expires_in),
        other => panic!("expected the token at hand, got {other:?}"),
    }
}

#[test]
fn a_token_expires_after_two_hours() {
    let tokens = issued(FamilyName::Token, "a");
    let at = |now| tokens.standing("a", now, TOKEN_LIFE);
    assert_eq!(at(START), Some(Standing::Valid));
    assert_eq!(at(START + 2 * HOUR - 1), Some(Standing::Valid));
    assert_eq!(at(START + 2 * HOUR), Some(Standing::Expired));
    assert_eq!(tokens.standing("never issued", START, TOKEN_LIFE), None);
}

#[test]
fn a_replaced_token_lives_five_minutes_more() {
    let mut tokens = issued(FamilyName::Token, "a");
    tokens.issue(FamilyName::Token, "b".to_owned(), false, START + HOUR);
    let at = |now| tokens.standing("a", now, TOKEN_LIFE);
    assert_eq!(at(START + HOUR + 5 * MINUTE - 1), Some(Standing::Valid));
    assert_eq!(at(START + HOUR + 5 * MINUTE), Some(Standing::NotLatest));
    assert_eq!(tokens.standing("b", START + HOUR, TOKEN_LIFE), Some(Standing::Valid));
}

#[test]
fn tokens_that_are_ended_die_at_once_and_the_next_one_lives() {
    for (forgotten, expected) in [(false, Some(Standing::Expired)), (true, None)] {
        let mut tokens = issued(FamilyName::Stable, "a");
        tokens.end(forgotten);
        assert_eq!(tokens.standing("a", START + 1, TOKEN_LIFE), expected);
        assert_eq!(tokens.stable_answer(false, START + 1, TOKEN_LIFE), StableAnswer::Mint);
        tokens.issue(FamilyName::Stable, "b".to_owned(), false, START + 1);
        assert_eq!(tokens.standing("b", START + 1, TOKEN_LIFE), Some(Standing::Valid));
        assert_eq!(tokens.standing("a", START + 1, TOKEN_LIFE), expected, "the overlap does not revive it");
    }
}

#[test]
fn the_overlap_does_not_prolong_a_life() {
    let mut tokens = issued(FamilyName::Token, "a");
    tokens.issue(FamilyName::Token, "b".to_owned(), false, START + 2 * HOUR - MINUTE);
    assert_eq!(tokens.standing("a", START + 2 * HOUR, TOKEN_LIFE), Some(Standing::Expired));
}

#[test]
fn two_replacements_kill_at_once() {
    let mut tokens = issued(FamilyName::Token, "leaked");
    tokens.issue(FamilyName::Token, "b".to_owned(), true, START + SECOND);
    tokens.issue(FamilyName::Token, "c".to_owned(), true, START + 2 * SECOND);
    assert_eq!(tokens.standing("leaked", START + 2 * SECOND, TOKEN_LIFE), None);
}

#[test]
fn the_two_families_do_not_touch_each_other() {
    let mut tokens = issued(FamilyName::Stable, "stable");
    for name in ["a", "b", "c"] {
        tokens.issue(FamilyName::Token, name.to_owned(), false, START + MINUTE);
    }
    assert_eq!(tokens.standing("stable", START + HOUR, TOKEN_LIFE), Some(Standing::Valid));
    assert_eq!(kept(tokens.stable_answer(false, START + HOUR, TOKEN_LIFE)), ("stable".to_owned(), 3600));
}

#[test]
fn a_stable_token_is_given_again_until_five_minutes_remain() {
    assert_eq!(AccountTokens::default().stable_answer(false, START, TOKEN_LIFE), StableAnswer::Mint);
    let tokens = issued(FamilyName::Stable, "a");
    assert_eq!(kept(tokens.stable_answer(false, START, TOKEN_LIFE)).1, 7200);
    assert_eq!(kept(tokens.stable_answer(false, START + 6899 * SECOND, TOKEN_LIFE)).1, 301);
    assert_eq!(tokens.stable_answer(false, START + 6900 * SECOND, TOKEN_LIFE), StableAnswer::Mint);
}

#[test]
fn a_forced_refresh_needs_half_a_minute_between() {
    let mut tokens = issued(FamilyName::Stable, "a");
    assert_eq!(tokens.stable_answer(true, START, TOKEN_LIFE), StableAnswer::Mint);
    tokens.issue(FamilyName::Stable, "b".to_owned(), true, START);
    assert_eq!(kept(tokens.stable_answer(true, START + 29 * SECOND, TOKEN_LIFE)).0, "b");
    assert_eq!(tokens.stable_answer(true, START + 30 * SECOND, TOKEN_LIFE), StableAnswer::Mint);
}

#[test]
fn forced_refreshes_are_twenty_a_day() {
    let mut tokens = AccountTokens::default();
    for n in 0..20 {
        let now = START + n * MINUTE;
        assert_eq!(tokens.stable_answer(true, now, TOKEN_LIFE), StableAnswer::Mint);
        tokens.issue(FamilyName::Stable, format!("t{n}"), true, now);
    }
    assert_eq!(tokens.stable_answer(true, START + 20 * MINUTE, TOKEN_LIFE), StableAnswer::TooManyForced);
    assert_eq!(tokens.stable_answer(true, START + DAY, TOKEN_LIFE), StableAnswer::Mint);
}

#[test]
fn a_shortened_life_counts_for_tokens_that_are_out() {
    let tokens = issued(FamilyName::Stable, "a");
    let short = TokenLife { seconds: 10 };
    assert_eq!(tokens.standing("a", START + 10 * SECOND, short), Some(Standing::Expired));
    assert_eq!(kept(tokens.stable_answer(false, START + 9 * SECOND, short)).1, 1);
    assert_eq!(tokens.standing("a", START, TokenLife { seconds: 0 }), Some(Standing::Expired));
}
