//! Codes and user tokens against a clock that the tests hold.

use super::*;

const START: Millis = 1_767_225_600_000;

fn with_code(at: Millis) -> Authorizations {
    let mut all = Authorizations::default();
    let record = Code {
        appid: "wx1".to_owned(),
        person: "per_1".to_owned(),
        openid: "o1".to_owned(),
        scope: Scope::Base,
        snapshot: false,
        at,
        used: false,
    };
    all.issue_code("code".to_owned(), record);
    all
}

#[test]
fn a_code_is_good_for_five_minutes_and_one_account() {
    let all = with_code(START);
    assert!(matches!(all.code("code", "wx1", START + CODE_LIFE - 1), CodeStanding::Good(_)));
    assert!(matches!(all.code("code", "wx1", START + CODE_LIFE), CodeStanding::Invalid));
    assert!(matches!(all.code("code", "wx2", START), CodeStanding::Invalid));
    assert!(matches!(all.code("garbage", "wx1", START), CodeStanding::Invalid));
}

#[test]
fn a_code_is_good_once() {
    let mut all = with_code(START);
    all.exchange("code", "access".to_owned(), "refresh".to_owned(), START + 1);
    assert!(matches!(all.code("code", "wx1", START + 2), CodeStanding::Used));
    assert!(matches!(all.code("code", "wx2", START + 2), CodeStanding::Invalid), "not told to a stranger");
    assert_eq!(all.user_token("access").map(|token| token.openid.as_str()), Some("o1"));
}

#[test]
fn user_tokens_expire_and_refresh_tokens_rotate() {
    let mut all = with_code(START);
    all.exchange("code", "access".to_owned(), "refresh".to_owned(), START);
    assert!(!all.user_token("access").expect("known").is_expired(START + 2 * HOUR - 1));
    assert!(all.user_token("access").expect("known").is_expired(START + 2 * HOUR));
    let standing = |all: &Authorizations, token: &str, now| match all.refresh_token(token, "wx1", now) {
        RefreshStanding::Good(_) => "good",
        RefreshStanding::Expired => "expired",
        RefreshStanding::Invalid => "invalid",
    };
    assert_eq!(standing(&all, "refresh", START + 30 * DAY - 1), "good");
    assert_eq!(standing(&all, "refresh", START + 30 * DAY), "expired");
    all.refresh("refresh", "access2".to_owned(), "refresh2".to_owned(), START + DAY);
    assert_eq!(standing(&all, "refresh", START + DAY), "invalid");
    assert_eq!(standing(&all, "refresh2", START + DAY), "good");
    assert!(matches!(all.refresh_token("refresh2", "wx2", START + DAY), RefreshStanding::Invalid));
    assert!(!all.user_token("access2").expect("known").is_expired(START + DAY));
}

#[test]
fn what_is_long_dead_is_swept_out() {
    let mut all = with_code(START);
    let record = all.codes["code"].clone();
    for n in 1..SWEEP_EVERY {
        all.issue_code(format!("code{n}"), Code { at: START + 2 * HOUR, ..record.clone() });
    }
    assert!(!all.codes.contains_key("code"));
    assert_eq!(all.codes.len() as u64, SWEEP_EVERY - 1);
}
