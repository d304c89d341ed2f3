use super::super::*;
use super::{BOTH, NASTY, html, order};
use crate::domain::affiliation::Belonging;
use crate::domain::inbox::InboxKind;
use crate::domain::module::ModuleKind;

fn join(lang: Lang, step: JoinStep, error: Option<&str>) -> String {
    let page = JoinPage {
        lang,
        host: "portal.example.com".to_owned(),
        token: "the-token".to_owned(),
        organization: NASTY.to_owned(),
        belonging: Belonging::Member,
        phone_masked: "138****1234".to_owned(),
        error: error.map(str::to_owned),
        step,
    };
    html(lang, &page)
}

#[test]
fn an_invitation_is_taken_up_without_script() {
    for lang in BOTH {
        let form = RegisterForm {
            phone: NASTY.to_owned(),
            name: NASTY.to_owned(),
            password_least: 8,
            ..RegisterForm::default()
        };
        let html = join(lang, JoinStep::Register(form.clone()), Some(NASTY));
        let parts = [
            "138****1234",
            "role=\"alert\"",
            "name=\"phone\"",
            "name=\"code\"",
            "name=\"name\"",
            "name=\"password\"",
        ];
        order(&html, &parts);
        for kind in ["tel", "one-time-code", "name", "new-password"] {
            assert!(html.contains(&format!("autocomplete=\"{kind}\"")), "{kind}");
        }
        // Enter presses the first button: it must register, not send another code.
        let first = html.split("<button").nth(1).unwrap().split('>').next().unwrap();
        assert!(first.contains("value=\"register\""));
        // Every field has a label.
        for input in html.split("<input ").skip(1).filter(|input| !input.starts_with("type=\"hidden\"")) {
            let id = input.split("id=\"").nth(1).unwrap().split('"').next().unwrap();
            assert!(html.contains(&format!("<label for=\"{id}\">")), "{id}");
        }
        let registered = RegisterForm { registered: true, ..form };
        let html = join(lang, JoinStep::Register(registered), None);
        assert!(!html.contains("<form") && html.contains("/account/sign-in?invitation=the-token"));
        let html = join(lang, JoinStep::Accept { name: NASTY.to_owned() }, None);
        order(
            &html,
            &["value=\"accept\"", "action=\"/account/sign-out\"", "name=\"invitation\" value=\"the-token\""],
        );
        let other = JoinStep::OtherPhone { name: NASTY.to_owned(), phone_masked: "139****9876".to_owned() };
        let html = join(lang, other, None);
        assert!(html.contains("139****9876") && !html.contains("value=\"accept\""));
    }
}

#[test]
fn signing_in_asks_for_a_code_only_once_one_was_sent() {
    for lang in BOTH {
        let page = AccountSignInPage {
            lang,
            host: "portal.example.com".to_owned(),
            invitation: None,
            phone: NASTY.to_owned(),
            by_code: false,
            code_sent_to: None,
            error: Some(NASTY.to_owned()),
        };
        let plain = html(lang, &page);
        assert!(plain.contains("name=\"password\"") && !plain.contains("value=\"code\""));
        let invited = AccountSignInPage { invitation: Some("the-token".to_owned()), ..page };
        assert!(html(lang, &invited).contains("name=\"do\" value=\"code\" formnovalidate"));
        let sent =
            AccountSignInPage { by_code: true, code_sent_to: Some("138****1234".to_owned()), ..invited };
        let html = html(lang, &sent);
        order(&html, &["value=\"sign-in\"", "138****1234", "name=\"code\"", "value=\"code\""]);
        assert!(!html.contains("name=\"password\""));
    }
}

#[test]
fn what_was_joined_stands_below_the_way_out() {
    for lang in BOTH {
        let page = AccountPage {
            lang,
            host: "portal.example.com".to_owned(),
            name: NASTY.to_owned(),
            phone_masked: "138****1234".to_owned(),
            inbox: Vec::new(),
            unread: 0,
            organizations: vec![
                JoinedOrganization {
                    name: NASTY.to_owned(),
                    kind: belonging_text(lang, Belonging::Collaborator),
                    apps: vec![(NASTY.to_owned(), "shop".to_owned())],
                    modules: vec![(module_text(lang, ModuleKind::Group), NASTY.to_owned())],
                },
                JoinedOrganization {
                    name: "Empty".to_owned(),
                    kind: belonging_text(lang, Belonging::Member),
                    apps: Vec::new(),
                    modules: Vec::new(),
                },
            ],
        };
        let (empty, kinds) =
            (lang.t("account.nothing_joined"), ["account.kinds.collaborator", "account.kinds.member"]);
        let parts = [
            "action=\"/account/sign-out\"",
            lang.t(kinds[0]),
            "href=\"/p/shop\"",
            lang.t("account.modules.group"),
            lang.t(kinds[1]),
            empty,
        ];
        order(&html(lang, &page), &parts);
        let none = AccountPage { organizations: Vec::new(), ..page };
        assert!(html(lang, &none).contains(lang.t("account.no_organization")));
    }
}

#[test]
fn the_inbox_marks_what_was_not_read_and_nothing_else() {
    let item = |kind, unread: bool| InboxLine {
        id: format!("dlv_{unread}"),
        kind,
        from: NASTY.to_owned(),
        fields: vec![("order".to_owned(), NASTY.to_owned())],
        url: unread.then(|| "https://example.com/orders/42".to_owned()),
        instant: "2026-11-22T10:00:00.000Z".to_owned(),
        when: "2026-11-22 10:00 UTC".to_owned(),
        unread,
    };
    for lang in BOTH {
        let kinds = [InboxKind::Approval, InboxKind::FillIn].map(|kind| inbox_text(lang, kind));
        let page = AccountPage {
            lang,
            host: "portal.example.com".to_owned(),
            name: NASTY.to_owned(),
            phone_masked: "138****1234".to_owned(),
            inbox: vec![item(kinds[0], true), item(kinds[1], false)],
            unread: 7,
            organizations: Vec::new(),
        };
        let drawn = html(lang, &page);
        let count = lang.tf("account.inbox.unread", &[("count", "7")]);
        order(
            &drawn,
            &[
                &count,
                kinds[0],
                "href=\"https://example.com/orders/42\"",
                "value=\"dlv_true\"",
                kinds[1],
                "name=\"all\"",
            ],
        );
        assert!(!drawn.contains("dlv_false"));
        let read = html(lang, &AccountPage { inbox: vec![item(kinds[1], false)], unread: 0, ..page });
        assert!(read.contains(kinds[1]) && !read.contains("/account/inbox/read"));
    }
}
