//! The table, written a second time as the rules of external portals have it.

use std::collections::BTreeSet;

use super::*;

const NOT_REACHABLE: &str = "no: external_user_not_reachable";

/// Capability, then member, external collaborator, external user: the value, and the rule where there is one.
const WANTED: [[&str; 4]; 12] = [
    ["collaboration", "yes", "yes", "no: no_collaboration"],
    ["contacts", "yes", "yes", "no: no_contacts"],
    ["chat", "yes", "yes", "no: no_chat"],
    ["station_messages", "yes", "yes", NOT_REACHABLE],
    ["approval", "yes", "yes", NOT_REACHABLE],
    ["fill_in", "yes", "yes", NOT_REACHABLE],
    ["reporting_relationship", "yes", "no: no_reporting_relationship", "yes"],
    ["department", "yes", "no: no_department", "yes"],
    ["roles", "many", "as_invited", "one: one_role"],
    ["clients", "web_and_app", "web_and_app", "web_only: web_only"],
    ["visible_apps", "all_joined", "all_joined", "current_app: current_app_only"],
    ["seat", "member_seat", "none: no_seat", "external_user_seat"],
];

fn wanted(kind: Kind, capability: Capability) -> (&'static str, Option<&'static str>) {
    let line = WANTED.iter().find(|line| line[0] == capability.name()).unwrap();
    let column = 1 + Kind::ALL.iter().position(|other| *other == kind).unwrap();
    line[column].split_once(": ").map_or((line[column], None), |(value, rule)| (value, Some(rule)))
}

#[test]
fn every_cell_is_what_the_rules_say() {
    let mut seen = 0;
    for cell in cells() {
        let (value, rule) = wanted(cell.kind, cell.capability);
        assert_eq!((cell.value.name(), cell.rule.map(Rule::code)), (value, rule), "{cell:?}");
        seen += 1;
    }
    assert_eq!(seen, WANTED.len() * Kind::ALL.len());
}

#[test]
fn every_operation_gets_the_tables_answer_and_the_rule_behind_it() {
    for kind in Kind::ALL {
        for capability in Capability::ALL {
            let refusal = allows(kind, capability).err();
            assert_eq!(refusal.map(NotAllowed::code), wanted(kind, capability).1, "{kind:?} {capability:?}");
            if let Some(refusal) = refusal {
                assert_eq!((refusal.kind, refusal.capability), (kind, capability));
                let who = format!("an {} ", kind.name().replace('_', " "));
                assert!(refusal.to_string().starts_with(&who), "{refusal}");
            }
        }
    }
}

#[test]
fn a_member_has_everything() {
    assert!(Capability::ALL.into_iter().all(|capability| allows(Kind::Member, capability).is_ok()));
}

#[test]
fn an_external_user_has_exactly_one_role_and_the_others_any_number() {
    for (count, external_user) in [(0, false), (1, true), (2, false), (9, false)] {
        assert_eq!(allows_roles(Kind::ExternalUser, count).is_ok(), external_user, "{count}");
        assert!(allows_roles(Kind::Member, count).is_ok());
        assert!(allows_roles(Kind::ExternalCollaborator, count).is_ok());
    }
}

#[test]
fn only_external_users_are_kept_to_the_web_and_to_one_app() {
    for kind in Kind::ALL {
        assert_eq!(allows_client(kind, Client::Web), Ok(()));
        assert_eq!(allows_client(kind, Client::App).is_ok(), kind != Kind::ExternalUser);
        assert_eq!(allows_other_apps(kind).is_ok(), kind != Kind::ExternalUser);
    }
    let refusal = allows_client(Kind::ExternalUser, Client::App).unwrap_err();
    assert_eq!(refusal.code(), "web_only");
}

#[test]
fn a_refusal_explains_itself() {
    let refusal = allows(Kind::ExternalCollaborator, Capability::Department).unwrap_err();
    assert_eq!(
        refusal.to_string(),
        "an external collaborator has no department: departments are for members and external users"
    );
}

#[test]
fn words_are_different_and_read_back() {
    assert!(Kind::ALL.into_iter().all(|kind| Kind::from_name(kind.name()) == Some(kind)));
    assert!(Capability::ALL.into_iter().all(|each| Capability::from_name(each.name()) == Some(each)));
    assert_eq!((Kind::from_name("admin"), Capability::from_name("")), (None, None));
    let rules: BTreeSet<_> = cells().filter_map(|cell| cell.rule).map(Rule::code).collect();
    let sentences: BTreeSet<_> = cells().filter_map(|cell| cell.rule).map(Rule::sentence).collect();
    assert_eq!((rules.len(), sentences.len()), (10, 10));
}
