use super::*;

const RULES: SendRules = SendRules {
    backoff: Backoff { first: Duration::from_secs(5), longest: Duration::from_hours(1) },
    tries: 10,
    window: Duration::from_mins(10),
    deadline: Duration::from_secs(8),
};
const MIDDLE: u32 = u32::MAX / 2;
const NOW: Millis = Millis(1_000_000_000);

fn fresh() -> Try {
    Try { before: 0, unknown_since: None, taken_at: NOW.minus(Duration::from_secs(1)) }
}

fn after(tried: Try, answer: &Answer) -> Verdict {
    RULES.after(tried, answer, NOW, MIDDLE)
}

#[test]
fn every_state_reads_back() {
    for state in DeliveryState::ALL {
        assert_eq!(DeliveryState::from_name(state.name()), Some(state));
    }
}

#[test]
fn each_answer_has_its_verdict() {
    assert_eq!(after(fresh(), &Answer::Accepted(Some(7))), Verdict::Sent(Some(7)));
    assert_eq!(
        after(fresh(), &Answer::NotFollowing(43_004)),
        Verdict::Skipped { reason: "not_following", errcode: Some(43_004) }
    );
    assert_eq!(
        after(fresh(), &Answer::TemplateRefused(43_101)),
        Verdict::Failed { reason: "template_refused", errcode: Some(43_101) }
    );
    let untried = after(fresh(), &Answer::Untried);
    assert_eq!(untried, Verdict::Again { due_at: NOW, counts: false, unknown_since: None, errcode: None });
    let Verdict::Again { due_at, counts: true, unknown_since: None, errcode: Some(-1) } =
        after(fresh(), &Answer::Later(Some(-1)))
    else {
        panic!("tried again")
    };
    assert!((4_900..=5_100).contains(&(due_at.0 - NOW.0)), "{due_at:?}");
}

#[test]
fn an_unknown_outcome_is_repeated_only_while_repeats_are_dropped() {
    let first = after(fresh(), &Answer::Unknown);
    let Verdict::Again { unknown_since, .. } = first else { panic!("repeated") };
    assert_eq!(unknown_since, Some(fresh().taken_at), "it counts from before the request");
    let old = Try { unknown_since: Some(NOW.minus(Duration::from_secs(590))), ..fresh() };
    assert_eq!(after(old, &Answer::Unknown), Verdict::Uncertain, "the repeat would come after the window");
    assert_eq!(
        after(old, &Answer::Later(Some(-1))),
        Verdict::Uncertain,
        "this try failed, the first one may not have"
    );
    assert_eq!(after(old, &Answer::Accepted(None)), Verdict::Sent(None));
    assert!(RULES.may_repeat(None, NOW));
    assert!(RULES.may_repeat(Some(NOW), NOW.plus(Duration::from_secs(592))));
    assert!(!RULES.may_repeat(Some(NOW), NOW.plus(Duration::from_secs(593))));
}

#[test]
fn a_refusal_of_a_repeat_says_nothing_of_the_try_before() {
    let maybe = Try { unknown_since: Some(NOW.minus(Duration::from_secs(20))), ..fresh() };
    for answer in [
        Answer::NotFollowing(43_004),
        Answer::TemplateRefused(43_101),
        Answer::Refused { errcode: Some(40_003), reason: "refused" },
    ] {
        assert_eq!(after(maybe, &answer), Verdict::Uncertain, "{answer:?}");
    }
}

#[test]
fn a_clock_that_was_put_back_repeats_nothing() {
    assert!(!RULES.may_repeat(Some(NOW), NOW.minus(Duration::from_mins(1))));
    assert!(RULES.may_repeat(Some(NOW), NOW.minus(Duration::from_secs(1))));
}

#[test]
fn a_window_shorter_than_a_try_is_no_window() {
    let rules = SendRules { window: Duration::from_secs(5), ..RULES };
    assert_eq!(rules.after(fresh(), &Answer::Unknown, NOW, MIDDLE), Verdict::Uncertain);
}

#[test]
fn the_tenth_failure_is_the_last() {
    let ninth = Try { before: 8, ..fresh() };
    let tenth = Try { before: 9, ..fresh() };
    assert!(matches!(after(ninth, &Answer::Later(Some(-1))), Verdict::Again { .. }));
    assert_eq!(
        after(tenth, &Answer::Later(Some(-1))),
        Verdict::Failed { reason: "gave_up", errcode: Some(-1) }
    );
    assert_eq!(after(tenth, &Answer::Unknown), Verdict::Uncertain);
    let maybe = Try { unknown_since: Some(NOW.minus(Duration::from_mins(1))), ..tenth };
    assert_eq!(after(maybe, &Answer::Later(None)), Verdict::Uncertain, "an earlier try may have been sent");
}

#[test]
fn the_same_words_just_now_are_ours_only_if_a_try_may_have_been_sent() {
    let maybe = Try { unknown_since: Some(NOW.minus(Duration::from_secs(20))), ..fresh() };
    assert_eq!(after(maybe, &Answer::Duplicate(40_241)), Verdict::Sent(None));
    assert_eq!(
        after(fresh(), &Answer::Duplicate(40_241)),
        Verdict::Failed { reason: "refused", errcode: Some(40_241) }
    );
}

#[test]
fn somebody_who_is_sent_too_much_is_left_alone_for_hours() {
    for (before, hours) in [(0, 1), (1, 2), (2, 4)] {
        let Verdict::Again { due_at, .. } = after(Try { before, ..fresh() }, &Answer::TooFrequent(43_117))
        else {
            panic!("later")
        };
        assert_eq!(due_at, NOW.plus(Duration::from_hours(hours)));
    }
}
