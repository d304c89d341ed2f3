//! Each rule at its limit and just beyond, and portals there and back.

use proptest::prelude::*;

use super::*;

fn acts(name: &str, action: MenuAction) -> MenuEntry {
    MenuEntry { name: name.into(), action: Some(action), entries: Vec::new() }
}

fn holds(name: &str, entries: Vec<MenuEntry>) -> MenuEntry {
    MenuEntry { name: name.into(), action: None, entries }
}

fn link(name: &str) -> MenuEntry {
    acts(name, MenuAction::view("https://m.example.org/p/shop"))
}

fn action(kind: &str, fields: &[(&str, &str)]) -> MenuAction {
    let fields = fields.iter().map(|(name, text)| ((*name).to_owned(), (*text).to_owned()));
    MenuAction { kind: kind.into(), fields: fields.collect() }
}

fn broken(entries: Vec<MenuEntry>) -> MenuError {
    Menu { entries }.check().unwrap_err()
}

fn rule_of(entry: MenuEntry) -> Option<MenuRule> {
    Menu { entries: vec![entry] }.check().err().map(|error| error.rule)
}

#[test]
fn three_entries_of_five_each_are_the_most() {
    let five = || holds("更多", vec![link("a"), link("b"), link("c"), link("d"), link("e")]);
    let full = Menu { entries: vec![five(), five(), five()] };
    assert_eq!(full.check(), Ok(()));

    let error = broken(vec![link("a"), link("b"), link("c"), link("d")]);
    assert_eq!((error.place.as_str(), error.name.as_str()), ("button", ""));
    assert_eq!(error.rule, MenuRule::TooManyEntries { count: 4, limit: 3 });
    assert_eq!(error.to_string(), "the menu has 4 entries and may have 3; leave some out");

    let mut six = five();
    six.entries.push(link("f"));
    let error = broken(vec![link("a"), six]);
    assert_eq!((error.place.as_str(), error.name.as_str()), ("button[1]", "更多"));
    assert_eq!(
        error.to_string(),
        "the entry \"更多\" (button[1]) has 6 entries and may have 5; leave some out"
    );
    assert_eq!(broken(Vec::new()).to_string(), "the menu has no entries; give it 1 to 3, or delete the menu");
}

#[test]
fn two_levels_are_the_most() {
    let error = broken(vec![link("a"), holds("b", vec![link("c"), holds("d", vec![link("e")])])]);
    assert_eq!((error.place.as_str(), error.name.as_str()), ("button[1].sub_button[1]", "d"));
    assert_eq!(error.rule, MenuRule::TooDeep);
}

#[test]
fn an_entry_acts_or_holds_entries() {
    let both = MenuEntry { entries: vec![link("c")], ..link("a") };
    assert_eq!(rule_of(both), Some(MenuRule::ActsAndHolds));
    assert_eq!(rule_of(holds("a", Vec::new())), Some(MenuRule::DoesNothing));
    let inner = broken(vec![holds("a", vec![holds("b", Vec::new())])]);
    assert_eq!((inner.place.as_str(), inner.rule), ("button[0].sub_button[0]", MenuRule::DoesNothing));
}

#[test]
fn names_have_a_length_in_bytes_on_each_level() {
    // Five Chinese characters and a letter are sixteen bytes.
    assert_eq!(rule_of(link("一二三四五a")), None);
    assert_eq!(rule_of(link("一二三四五ab")), Some(MenuRule::NameTooLong { bytes: 17, limit: 16 }));
    let inner = |name: &str| rule_of(holds("a", vec![link(name)]));
    assert_eq!(inner(&"一".repeat(20)), None);
    assert_eq!(inner(&format!("{}a", "一".repeat(20))), Some(MenuRule::NameTooLong { bytes: 61, limit: 60 }));
    for nothing in ["", " ", "\u{3000}", "\t"] {
        assert_eq!(rule_of(link(nothing)), Some(MenuRule::NameMissing { limit: 16 }));
        assert_eq!(inner(nothing), Some(MenuRule::NameMissing { limit: 60 }));
    }
    let error = broken(vec![link("a"), link(" ")]);
    assert_eq!(error.to_string(), "the entry button[1] has no name; give it one of at most 16 bytes");
}

#[test]
fn every_type_that_wechat_knows_passes_with_what_it_needs() {
    for (kind, needed) in TYPES {
        let fields: Vec<_> = needed.iter().map(|field| (*field, "https://a.example")).collect();
        assert_eq!(rule_of(acts("a", action(kind, &fields))), None, "{kind}");
        for (left_out, &field) in needed.iter().enumerate() {
            let missing = Some(MenuRule::FieldMissing { kind: (*kind).into(), field });
            let mut fewer = fields.clone();
            fewer[left_out].1 = "";
            assert_eq!(rule_of(acts("a", action(kind, &fewer))), missing, "{kind}");
            fewer.remove(left_out);
            assert_eq!(rule_of(acts("a", action(kind, &fewer))), missing, "{kind}");
        }
    }
    let unknown = rule_of(acts("a", action("veiw", &[("url", "https://a.example")])));
    assert_eq!(unknown, Some(MenuRule::TypeUnknown { kind: "veiw".into() }));
    let sentence = broken(vec![acts("商城", action("", &[("url", "https://a.example")]))]).to_string();
    assert!(sentence.starts_with("the entry \"商城\" (button[0]) says no type; say one of view, click, "));
}

#[test]
fn keys_and_addresses_have_a_length() {
    let key = |length: usize| rule_of(acts("a", MenuAction::click("k".repeat(length))));
    assert_eq!(key(128), None);
    assert_eq!(key(129), Some(MenuRule::FieldTooLong { field: "key", bytes: 129, limit: 128 }));
    let url = |length: usize| {
        let url = format!("https://a.example/{}", "u".repeat(length - 18));
        rule_of(acts("a", MenuAction::view(url)))
    };
    assert_eq!(url(1024), None);
    assert_eq!(url(1025), Some(MenuRule::FieldTooLong { field: "url", bytes: 1025, limit: 1024 }));
}

#[test]
fn an_address_is_one_of_the_web() {
    for good in ["https://a.example", "HTTP://a.example:8080/p/shop?x=1#y", "http://例子.example/登"] {
        assert_eq!(rule_of(acts("a", MenuAction::view(good))), None, "{good}");
    }
    for bad in
        ["a.example/p", "javascript:alert(1)", "https://", "https:///p", "ftp://a.example", "https://a b"]
    {
        assert_eq!(rule_of(acts("a", MenuAction::view(bad))), Some(MenuRule::NotAnAddress), "{bad}");
    }
    let program = |url| action("miniprogram", &[("url", url), ("appid", "wx1"), ("pagepath", "pages/a")]);
    assert_eq!(rule_of(acts("a", program("https://a.example"))), None);
    assert_eq!(rule_of(acts("a", program("pages/a"))), Some(MenuRule::NotAnAddress));
}

#[test]
fn control_characters_would_be_escaped_and_refused() {
    let in_field = |field: &str| Some(MenuRule::ControlCharacter { field: field.into() });
    assert_eq!(rule_of(link("a\nb")), in_field("name"));
    assert_eq!(rule_of(acts("a", MenuAction::click("a\u{7}"))), in_field("key"));
    let sentence = broken(vec![link("a\nb")]).to_string();
    assert!(sentence.starts_with("the entry \"a\\nb\" (button[0]) has a line break"), "{sentence}");
}

fn links(slug: &str) -> Option<String> {
    ["shop", "customers"].contains(&slug).then(|| format!("https://m.example.org/p/{slug}"))
}

fn slugs(url: &str) -> Option<String> {
    url.strip_prefix("https://m.example.org/p/").filter(|slug| links(slug).is_some()).map(str::to_owned)
}

fn portal(name: &str, slug: &str) -> WantedEntry {
    WantedEntry { name: name.into(), portal: Some(slug.into()), ..WantedEntry::default() }
}

#[test]
fn a_portal_becomes_its_link_and_the_link_its_portal() {
    let help = WantedEntry {
        name: "帮助".into(),
        action: Some(MenuAction::click("HELP")),
        ..WantedEntry::default()
    };
    let more = WantedEntry {
        name: "更多".into(),
        entries: vec![portal("客户", "customers"), help],
        ..Default::default()
    };
    let wanted = WantedMenu { entries: vec![portal("商城", "shop"), more] };
    let menu = wanted.resolve(links).unwrap();
    assert_eq!(menu.entries[0], acts("商城", MenuAction::view("https://m.example.org/p/shop")));
    assert_eq!(
        menu.entries[1].entries[0].action,
        Some(MenuAction::view("https://m.example.org/p/customers"))
    );
    assert_eq!(menu.wanted(slugs), wanted);
}

#[test]
fn only_an_entry_that_does_no_more_than_open_the_link_reads_back_as_its_portal() {
    let elsewhere = acts("a", MenuAction::view("https://m.example.org/p/unknown"));
    let with_key = acts("b", action("view", &[("url", "https://m.example.org/p/shop"), ("key", "k")]));
    let program = acts("c", action("miniprogram", &[("url", "https://m.example.org/p/shop")]));
    let menu = Menu { entries: vec![elsewhere, with_key, program] };
    let wanted = menu.wanted(slugs);
    for (wanted, entry) in wanted.entries.iter().zip(&menu.entries) {
        assert_eq!((&wanted.portal, &wanted.action), (&None, &entry.action));
    }
}

#[test]
fn an_entry_with_an_unknown_portal_or_more_than_a_portal_is_named() {
    let inner = WantedEntry {
        name: "更多".into(),
        entries: vec![portal("客户", "customer")],
        ..WantedEntry::default()
    };
    let error = WantedMenu { entries: vec![portal("商城", "shop"), inner] }.resolve(links).unwrap_err();
    assert_eq!((error.place.as_str(), error.name.as_str()), ("button[1].sub_button[0]", "客户"));
    assert_eq!(
        error.to_string(),
        "the entry \"客户\" (button[1].sub_button[0]) names the portal \"customer\", \
         which the organization does not have; check its slug"
    );
    let acting = WantedEntry { action: Some(MenuAction::click("K")), ..portal("a", "shop") };
    let holding = WantedEntry { entries: vec![portal("b", "shop")], ..portal("a", "shop") };
    for entry in [acting, holding] {
        let error = WantedMenu { entries: vec![entry] }.resolve(links).unwrap_err();
        assert_eq!(error.rule, MenuRule::PortalAndMore);
    }
}

#[test]
fn what_wechat_would_refuse_is_refused_of_a_wanted_menu_too() {
    assert_eq!(WantedMenu::default().resolve(links).unwrap_err().rule, MenuRule::Empty);
    let long = WantedMenu { entries: vec![portal("一二三四五六", "shop")] };
    assert_eq!(long.resolve(links).unwrap_err().rule, MenuRule::NameTooLong { bytes: 18, limit: 16 });
}

#[test]
fn an_action_is_read_from_what_was_written() {
    assert_eq!(MenuAction::of(None, BTreeMap::new()), None);
    let url = || BTreeMap::from([("url".to_owned(), "https://a.example".to_owned())]);
    assert_eq!(MenuAction::of(Some("view".into()), url()), Some(MenuAction::view("https://a.example")));
    assert_eq!(MenuAction::of(None, url()), Some(action("", &[("url", "https://a.example")])));
}

proptest! {
    #[test]
    fn a_sentence_is_one_short_line_whatever_was_written(name in "\\PC{0,3}.{0,80}", kind in ".{0,80}") {
        let error = Menu { entries: vec![acts(&name, action(&kind, &[]))] }.check().unwrap_err();
        let sentence = error.to_string();
        prop_assert!(!sentence.contains(char::is_control));
        prop_assert!(sentence.chars().count() < 1_200, "{}", sentence);
    }
}
