//! All transitions in a table, and sequences of events that nobody thought of.

use std::time::Duration;

use proptest::prelude::*;
use uuid::Uuid;

use super::super::qr_ticket::DeviceMark;
use super::super::user_agent::{Browser, System};
use super::*;

fn lifetimes() -> Lifetimes {
    let s = Duration::from_secs;
    Lifetimes {
        qr: s(120),
        bind: s(600),
        decision: s(120),
        claim: s(60),
        held: s(900),
        browser: s(2_100),
        oauth_state: s(300),
        code: s(300),
        device: s(400 * 86_400),
        idle_pc: s(43_200),
        idle_wechat: s(86_400),
    }
}

fn ticket() -> Ticket {
    let computer = Computer {
        browser: Browser::Edge,
        system: System::Windows,
        network: Network::Unknown,
        device: DeviceMark([0; 14]),
    };
    Ticket { r: QrRef([1; 16]), issued_at: Millis(0), computer }
}

fn scan_by(openid: &str, user: Option<u128>, match_number: Option<u8>) -> Scan {
    Scan {
        organization: OrgId(Uuid::from_u128(1)),
        app: AppId(Uuid::from_u128(2)),
        openid: openid.into(),
        user: user.map(|id| UserId(Uuid::from_u128(id))),
        match_number,
        phone_network: Network::Unknown,
    }
}

fn scanned(user: Option<u128>) -> QrSession {
    QrSession::scan(&ticket(), scan_by("o1", user, None), Millis(1_000), &lifetimes()).unwrap()
}

fn at(state: State) -> QrSession {
    QrSession { state, ..scanned(Some(3)) }
}

/// The name of the state that an event leads to, or of the error.
fn outcome(result: Result<QrSession, TransitionError>) -> String {
    result.map_or_else(|error| format!("{error:?}"), |session| session.state.name().to_owned())
}

#[test]
fn every_state_meets_every_event() {
    use State::{Authorized, Claimed, Denied, Held, Refused, Scanned, Verifying};
    let refused = Refused(Refusal::SeatsFull);
    #[rustfmt::skip]
    let table = [
        //            code_asked   bind         approve       admit         deny       refuse     claim
        (Scanned,    ["verifying", "scanned",   "authorized", "Decided",    "denied",  "refused", "NotAuthorized"]),
        (Verifying,  ["verifying", "verifying", "authorized", "Decided",    "denied",  "refused", "NotAuthorized"]),
        (Held,       ["Decided",   "Decided",   "Decided",    "authorized", "Decided", "refused", "NotAuthorized"]),
        (Authorized, ["Decided",   "Decided",   "Decided",    "Decided",    "Decided", "refused", "claimed"]),
        (Claimed,    ["Decided",   "Decided",   "Decided",    "Decided",    "Decided", "Decided", "AlreadyClaimed"]),
        (Denied,     ["Decided",   "Decided",   "Decided",    "Decided",    "Decided", "Decided", "NotAuthorized"]),
        (refused,    ["Decided",   "Decided",   "Decided",    "Decided",    "Decided", "Decided", "NotAuthorized"]),
    ];
    let (now, life) = (Millis(2_000), lifetimes());
    for (state, expected) in table {
        let s = at(state);
        let approved = s.approve("o1", None, false, now, &life).map(|approval| match approval {
            Approval::Given(next) | Approval::WrongNumber(next) => next,
        });
        let seen = [
            s.code_asked("o1", now),
            s.bind("o1", UserId(Uuid::from_u128(3)), now, &life),
            approved,
            s.admit(now, &life),
            s.deny("o1", now),
            s.refuse(Refusal::PortalClosed, now),
            s.claim(s.r, now),
        ]
        .map(outcome);
        assert_eq!(seen, expected, "{state:?}");
    }
}

#[test]
fn a_code_is_scanned_in_time_or_not_at_all() {
    let life = lifetimes();
    assert!(QrSession::scan(&ticket(), scan_by("o1", None, None), Millis(120_000), &life).is_ok());
    let late = QrSession::scan(&ticket(), scan_by("o1", None, None), Millis(120_001), &life);
    assert_eq!(late, Err(TransitionError::Expired));
}

#[test]
fn each_state_has_its_own_life() {
    let life = lifetimes();
    assert_eq!(scanned(None).expires_at, Millis(601_000), "a new person has ten minutes");
    assert_eq!(scanned(Some(3)).expires_at, Millis(121_000), "a known one decides within two");
    let Ok(Approval::Given(held)) = scanned(Some(3)).approve("o1", None, true, Millis(5_000), &life) else {
        panic!()
    };
    assert_eq!((held.state, held.expires_at), (State::Held, Millis(905_000)));
    let admitted = held.admit(Millis(10_000), &life).unwrap();
    assert_eq!(admitted.expires_at, Millis(70_000));
    assert_eq!(admitted.claim(admitted.r, Millis(70_001)), Err(TransitionError::Expired));
}

#[test]
fn whose_account_changes_begins_anew() {
    let (now, life) = (Millis(2_000), lifetimes());
    for state in State::OPEN {
        let over = at(state).cut_short(now).unwrap();
        assert!(over.is_expired(now) && over.state == state && over.seq == 3);
        assert_eq!(over.cut_short(now), Err(TransitionError::Expired));
        assert_eq!(over.approve("o1", None, false, now, &life), Err(TransitionError::Expired));
        assert_eq!(over.claim(over.r, now), Err(TransitionError::Expired));
    }
    for state in [State::Claimed, State::Denied, State::Refused(Refusal::SeatsFull)] {
        assert_eq!(at(state).cut_short(now), Err(TransitionError::Decided));
    }
}

#[test]
fn a_wrong_number_kills_the_code() {
    let session =
        QrSession::scan(&ticket(), scan_by("o1", Some(3), Some(47)), Millis(0), &lifetimes()).unwrap();
    for typed in [None, Some(48)] {
        let Ok(Approval::WrongNumber(dead)) = session.approve("o1", typed, false, Millis(1), &lifetimes())
        else {
            panic!()
        };
        assert_eq!(dead.state, State::Denied);
    }
    assert!(matches!(
        session.approve("o1", Some(47), false, Millis(1), &lifetimes()),
        Ok(Approval::Given(_))
    ));
}

#[derive(Clone, Debug)]
enum Event {
    CodeAsked(bool),
    Bind(bool, u128),
    Approve(bool, Option<u8>, bool),
    Admit,
    Deny(bool),
    Refuse,
    CutShort,
    Claim(bool),
    Wait(i64),
}

fn events() -> impl Strategy<Value = Vec<Event>> {
    let event = prop_oneof![
        any::<bool>().prop_map(Event::CodeAsked),
        (any::<bool>(), 1..4_u128).prop_map(|(who, user)| Event::Bind(who, user)),
        (any::<bool>(), prop_oneof![Just(None), Just(Some(47)), Just(Some(11))], any::<bool>())
            .prop_map(|(who, typed, pending)| Event::Approve(who, typed, pending)),
        Just(Event::Admit),
        any::<bool>().prop_map(Event::Deny),
        Just(Event::Refuse),
        Just(Event::CutShort),
        any::<bool>().prop_map(Event::Claim),
        (0..200_000_i64).prop_map(Event::Wait),
    ];
    prop::collection::vec(event, 0..40)
}

proptest! {
    /// Whatever happens in whatever order: one approver, who is the one that scanned; one claim, by the browser that
    /// showed the code, after an approval; `seq` grows by one with each change; final states stay.
    #[test]
    fn no_sequence_leads_to_two_approvers_two_claims_or_a_foreign_claim(
        events in events(), bound in any::<bool>(), number in prop_oneof![Just(None), Just(Some(47_u8))],
    ) {
        let life = lifetimes();
        let mut now = Millis(1_000);
        let user = bound.then_some(3);
        let mut session = QrSession::scan(&ticket(), scan_by("o1", user, number), now, &life).unwrap();
        let (mut approvers, mut claims) = (0, 0);
        for event in events {
            let who = |mine: bool| if mine { "o1" } else { "o2" };
            let (mine, next) = match event {
                Event::Wait(span) => { now = Millis(now.0 + span); continue }
                Event::CodeAsked(mine) => (mine, session.code_asked(who(mine), now)),
                Event::Bind(mine, user) => (mine, session.bind(who(mine), UserId(Uuid::from_u128(user)), now, &life)),
                Event::Approve(mine, typed, pending) => (mine, session.approve(who(mine), typed, pending, now, &life).map(|approval| match approval {
                    Approval::Given(next) => { approvers += 1; next }
                    Approval::WrongNumber(next) => next,
                })),
                Event::Admit => (true, session.admit(now, &life)),
                Event::Deny(mine) => (mine, session.deny(who(mine), now)),
                Event::Refuse => (true, session.refuse(Refusal::PortalClosed, now)),
                Event::CutShort => (true, session.cut_short(now)),
                Event::Claim(mine) => {
                    let r = if mine { session.r } else { QrRef([2; 16]) };
                    (mine, session.claim(r, now).inspect(|_| claims += 1))
                }
            };
            prop_assert!(mine || next.is_err(), "a stranger changed it");
            if let Ok(next) = next {
                prop_assert_eq!(next.seq, session.seq + 1);
                prop_assert!(!session.state.is_final(), "a final state changed");
                prop_assert_eq!(&next.openid, &session.openid);
                if next.state == State::Claimed {
                    prop_assert_eq!(session.state, State::Authorized);
                }
                session = next;
            }
        }
        prop_assert!(approvers <= 1 && claims <= 1 && claims <= approvers);
    }
}
