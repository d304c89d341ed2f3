mod account;

use super::*;
use crate::domain::phone_visit::VisitKind;

const NASTY: &str = "<script>alert('x')</script>\"";

const BOTH: [Lang; 2] = [Lang::ZhCn, Lang::En];

/// Renders, and checks what holds for every page.
fn html(lang: Lang, page: &impl Template) -> String {
    let html = page.render().unwrap();
    assert!(html.contains(&format!("<html lang=\"{}\">", lang.tag())));
    assert!(html.contains("portal.example.com</p></footer>"));
    assert!(!html.contains("alert('x')"), "text of users must be escaped");
    // The content security policy allows neither.
    assert!(!html.contains(" style=") && !html.contains("<style") && !html.contains(" onclick="));
    assert!(
        html.match_indices("<script")
            .all(|(at, _)| html[at..].starts_with("<script type=\"module\" src=\"/assets/"))
    );
    html
}

fn phone(lang: Lang, step: PhoneStep) -> String {
    let page = PhonePage {
        lang,
        slug: "shop".to_owned(),
        organization: NASTY.to_owned(),
        app: "Repairs".to_owned(),
        logo_url: Some("/logos/shop.png".to_owned()),
        host: "portal.example.com".to_owned(),
        csrf: "csrf-value".to_owned(),
        step,
        nudge: None,
    };
    html(lang, &page)
}

fn facts(opened_seconds_ago: i64) -> BrowserFacts {
    BrowserFacts {
        name: "Firefox".to_owned(),
        system: NASTY.to_owned(),
        ip_masked: "203.0.113.*".to_owned(),
        same_network: false,
        opened_seconds_ago,
    }
}

fn approve(match_required: bool, nickname: Option<&str>) -> PhoneStep {
    PhoneStep::Approve(ApproveStep {
        nickname: nickname.map(str::to_owned),
        avatar_url: nickname.map(|_| "https://thirdwx.qlogo.cn/a/132".to_owned()),
        phone_masked: "138****1234".to_owned(),
        browser: facts(12),
        match_required,
        number: String::new(),
        error: None,
        terms: None,
    })
}

fn tick(missing: bool) -> TermsTick {
    TermsTick {
        url: "https://example.com/terms?a=1&b=\"2\"".to_owned(),
        version: NASTY.to_owned(),
        error: missing.then(|| "missing".to_owned()),
    }
}

fn bind(code_sent_to: Option<&str>, error: Option<&str>, kind: VisitKind) -> PhoneStep {
    PhoneStep::Bind(BindStep {
        phone: NASTY.to_owned(),
        code_sent_to: code_sent_to.map(str::to_owned),
        error: error.map(str::to_owned),
        kind,
        browser: (kind == VisitKind::Qr).then(|| facts(90)),
        code: String::new(),
        terms: None,
    })
}

fn order(html: &str, parts: &[&str]) {
    let places: Vec<_> =
        parts.iter().map(|part| html.find(part).unwrap_or_else(|| panic!("no {part}"))).collect();
    assert!(places.is_sorted(), "{parts:?} stand at {places:?}");
}

#[test]
fn the_entrance_holds_a_panel_for_every_state_and_a_way_without_script() {
    for lang in BOTH {
        let page = EntrancePage {
            lang,
            organization: NASTY.to_owned(),
            app: NASTY.to_owned(),
            title: EntrancePage::default_title(lang, NASTY),
            logo_url: None,
            slug: "shop".to_owned(),
            link: "https://portal.example.com/p/shop".to_owned(),
            host: "portal.example.com".to_owned(),
            pretend_phone: None,
        };
        let html = html(lang, &page);
        for state in ["waiting", "scanned", "verifying", "held", "authorized", "denied", "expired"] {
            assert!(html.contains(&format!("data-panel=\"{state}\"")), "{state}");
        }
        for reason in REFUSAL_REASONS {
            assert!(html.contains(&format!("data-panel=\"refused:{reason}\"")), "{reason}");
            assert!(html.contains(refusal(lang, reason).1), "{reason}");
        }
        order(
            &html,
            &[
                "data-slug=\"shop\"",
                "<noscript>",
                "src=\"/p/shop/code.svg\"",
                "https://portal.example.com/p/shop",
            ],
        );
    }
}

#[test]
fn the_scripts_know_every_panel_and_note_they_show() {
    let script = include_str!("../../assets/entrance.js");
    let page = include_str!("../entrance.html");
    for panel in ["loading", "waiting", "limited", "busy", "offline", "problem", "expired", "authorized"] {
        assert!(page.contains(&format!("data-panel=\"{panel}\"")), "{panel}");
    }
    for note in ["claim_lost", "claim_late", "not_here", "timed_out"] {
        assert!(
            script.contains(&format!("\"{note}\"")) && page.contains(&format!("data-note=\"{note}\"")),
            "{note}"
        );
    }
}

#[test]
fn the_confirm_page_shows_what_the_decision_needs() {
    for lang in BOTH {
        let html = phone(lang, approve(false, Some(NASTY)));
        for fact in ["Firefox", "203.0.113.*", "138****1234", "Repairs", "/logos/shop.png", "qlogo.cn"] {
            assert!(html.contains(fact), "{fact}");
        }
        assert!(html.contains(&lang.tf("phone.approve.warning", &[("host", "portal.example.com")])));
        assert!(html.contains(lang.t("phone.facts.other_network")));
        assert!(html.contains(&lang.tf("phone.facts.opened_seconds", &[("n", "12")])));
        // Decline comes before Sign in, for fingers, keyboards and screen readers alike.
        order(
            &html,
            &[
                "<button class=\"button quiet\" type=\"submit\" form=\"deny\"",
                "form=\"approve\" data-sign-in",
            ],
        );
        for post in ["approve", "deny", "report"] {
            let form =
                html.split("<form").find(|form| form.contains(&format!("/p/shop/phone/{post}\""))).unwrap();
            assert!(
                form.contains("method=\"post\"") && form.contains("name=\"csrf\" value=\"csrf-value\""),
                "{post}"
            );
        }
        assert!(!html.contains("name=\"match\"") && !html.contains("/phone/profile"));
    }
}

#[test]
fn the_number_and_the_profile_are_asked_for_when_needed() {
    let html = phone(Lang::En, approve(true, None));
    order(&html, &["id=\"approve\"", "name=\"match\"", "/p/shop/phone/profile"]);
    let form = html.split("<form").find(|form| form.contains("name=\"match\"")).unwrap();
    assert!(!form.split('>').next().unwrap().contains("hidden"), "a hidden form would hide its field");
}

#[test]
fn binding_works_without_script() {
    for lang in BOTH {
        let html = phone(lang, bind(None, None, VisitKind::Qr));
        for part in
            ["autocomplete=\"tel\"", "autocomplete=\"one-time-code\"", "action=\"/p/shop/phone/bind\""]
        {
            assert!(html.contains(part), "{part}");
        }
        assert!(html.contains("formaction=\"/p/shop/phone/code\" formnovalidate"));
        assert!(html.contains(lang.t("phone.facts.opened_minute")));
        // Enter presses the first button: it must bind, not send another code.
        let first = html.split("<button").nth(1).unwrap().split('>').next().unwrap();
        assert!(!first.contains("formaction"));

        let html = phone(lang, bind(Some("138****1234"), Some(NASTY), VisitKind::Menu));
        assert!(html.contains(&lang.tf("phone.bind.sent", &[("phone", "138****1234")])));
        assert!(!html.contains("Firefox") && html.contains("role=\"alert\" data-error>"));
        for code in PHONE_ERROR_CODES {
            assert!(
                html.contains(&format!("<span data-code=\"{code}\">{}</span>", phone_error(lang, code))),
                "{code}"
            );
        }
    }
}

#[test]
fn the_other_steps_say_how_it_ended() {
    for lang in BOTH {
        for (step, key) in [
            (PhoneStep::Held { kind: VisitKind::Qr }, "phone.held.title"),
            (PhoneStep::Held { kind: VisitKind::Menu }, "phone.held.title"),
            (PhoneStep::Done { redirect_to: None }, "phone.done.title"),
            (PhoneStep::Denied { error: None, kind: VisitKind::Qr }, "phone.denied.title"),
            (PhoneStep::Denied { error: None, kind: VisitKind::Menu }, "phone.denied.title"),
            (PhoneStep::Refused { reason: "seats_full".to_owned() }, "refused.seats_full.title"),
            (PhoneStep::Refused { reason: "what?".to_owned() }, "refused.other.title"),
            (PhoneStep::Expired, "phone.expired.title"),
            (PhoneStep::Moment, "phone.moment.title"),
        ] {
            assert!(phone(lang, step).contains(&format!("<h1>{}</h1>", lang.t(key))), "{key}");
        }
        let done = phone(lang, PhoneStep::Done { redirect_to: Some("/p/shop/home".to_owned()) });
        order(
            &done,
            &["action=\"/p/shop/phone/approve\" data-go-on", "value=\"csrf-value\"", "type=\"submit\""],
        );
        assert!(phone(lang, PhoneStep::Moment).contains("http-equiv=\"refresh\" content=\"1\""));
        assert!(
            phone(lang, PhoneStep::Held { kind: VisitKind::Menu })
                .contains("<noscript><meta http-equiv=\"refresh\" content=\"3\"></noscript>")
        );
    }
}

#[test]
fn what_is_said_on_the_phone_is_of_the_phone() {
    for lang in BOTH {
        for (kind, held, denied) in [
            (VisitKind::Qr, "phone.held.text", "phone.denied.text"),
            (VisitKind::Menu, "phone.held.here_text", "phone.denied.here_text"),
        ] {
            let held = lang.tf(held, &[("organization", "Acme")]);
            let (before, after) = held.split_once("Acme").unwrap();
            let html = phone(lang, PhoneStep::Held { kind });
            assert!(html.contains(before) && html.contains(after), "{held}");
            assert!(phone(lang, PhoneStep::Denied { error: None, kind }).contains(lang.t(denied)));
        }
    }
}

#[test]
fn the_terms_stand_before_the_button_with_a_box_that_nobody_has_ticked() {
    for lang in BOTH {
        for missing in [false, true] {
            let with = |step: PhoneStep| match step {
                PhoneStep::Bind(bind) => PhoneStep::Bind(BindStep { terms: Some(tick(missing)), ..bind }),
                PhoneStep::Approve(approve) => {
                    PhoneStep::Approve(ApproveStep { terms: Some(tick(missing)), ..approve })
                }
                other => other,
            };
            let accept = PhoneStep::Accept(AcceptStep {
                nickname: Some(NASTY.to_owned()),
                avatar_url: None,
                phone_masked: "138****1234".to_owned(),
                terms: tick(missing),
            });
            for (step, button) in [
                (with(bind(None, None, VisitKind::Qr)), "data-submit"),
                (with(approve(false, None)), "data-sign-in"),
                (accept, "data-sign-in"),
            ] {
                let html = phone(lang, step);
                let link = "href=\"https://example.com/terms?a=1&#38;b=&#34;2&#34;\" target=\"_blank\" rel=\"noopener noreferrer\"";
                order(
                    &html,
                    &["<form", "<label class=\"tick\"><input type=\"checkbox\" name=\"terms\"", link, button],
                );
                assert!(!html.contains(" checked"), "never ticked beforehand");
                let form = html.split("<form").find(|form| form.contains("type=\"checkbox\"")).unwrap();
                assert!(
                    !form.split('>').next().unwrap().contains("hidden"),
                    "a hidden form would hide its box"
                );
                let error = form.split("data-terms-error").nth(1).unwrap();
                assert_eq!(error.starts_with(" hidden>"), !missing);
                assert!(error.contains(phone_error(lang, "terms_required")));
            }
        }
    }
}

#[test]
fn home_offers_the_way_out_before_anything_else() {
    for lang in BOTH {
        let page = HomePage {
            lang,
            slug: "shop".to_owned(),
            organization: "Acme".to_owned(),
            app: "Repairs".to_owned(),
            logo_url: None,
            nickname: Some(NASTY.to_owned()),
            avatar_url: None,
            phone_masked: "138****1234".to_owned(),
            follows: true,
            nudge: None,
            in_wechat: false,
            host: "portal.example.com".to_owned(),
        };
        let scope = lang.tf("home.scope", &[("organization", "Acme"), ("app", "Repairs")]);
        let out = "<form method=\"post\" action=\"/p/shop/logout\">";
        order(
            &html(lang, &page),
            &["138****1234", out, lang.t("home.sign_out"), &scope, lang.t("home.follows")],
        );
        let other = html(lang, &HomePage { follows: false, ..page.clone() });
        let told = lang.tf("home.follow_phone", &[("organization", "Acme")]);
        assert!(other.contains(&told));
        let svg = "<svg aria-hidden=\"true\"></svg>".to_owned();
        let nudge = Some(FollowNudge::Scan { svg: svg.clone() });
        let nudged = html(lang, &HomePage { follows: false, nudge, ..page });
        let [alt, scan] = ["follow.alt", "follow.scan"].map(|key| lang.tf(key, &[("organization", "Acme")]));
        let drawn = format!("role=\"img\" aria-label=\"{alt}\">{svg}</div>");
        order(&nudged, &[out, &drawn, lang.t("follow.title"), &scan, lang.t("follow.why")]);
        assert!(!nudged.contains(&told), "it is said once");
    }
}

#[test]
fn on_the_phone_a_picture_is_pressed_to_follow() {
    for lang in BOTH {
        let page = |nudge| PhonePage {
            lang,
            slug: "shop".to_owned(),
            organization: NASTY.to_owned(),
            app: "Repairs".to_owned(),
            logo_url: None,
            host: "portal.example.com".to_owned(),
            csrf: "csrf-value".to_owned(),
            step: PhoneStep::Done { redirect_to: Some("/p/shop/home".to_owned()) },
            nudge,
        };
        let image = "/p/shop/follow.png".to_owned();
        let nudged = html(lang, &page(Some(FollowNudge::Press { image })));
        order(
            &nudged,
            &["data-go-on", "<img src=\"/p/shop/follow.png\"", lang.t("follow.title"), lang.t("follow.why")],
        );
        assert!(!html(lang, &page(None)).contains("follow.png"));
    }
}

#[test]
fn outside_wechat_the_link_can_be_copied() {
    for (lang, kind, key) in
        [(Lang::ZhCn, LinkKind::Entrance, "open.entrance"), (Lang::En, LinkKind::QrLink, "open.qr_link")]
    {
        let page = OpenInWeChatPage {
            lang,
            organization: NASTY.to_owned(),
            app: NASTY.to_owned(),
            logo_url: None,
            link: "https://portal.example.com/p/shop".to_owned(),
            kind,
            host: "portal.example.com".to_owned(),
        };
        let html = html(lang, &page);
        assert!(html.contains(">https://portal.example.com/p/shop</p>"));
        assert!(html.contains(lang.t(key)));
    }
}

#[test]
fn messages_say_what_to_do_and_which_request_it_was() {
    for lang in BOTH {
        for message in Message::ALL {
            let page = MessagePage {
                action: Some((NASTY.to_owned(), "/p/shop".to_owned())),
                request_id: Some("req-1".to_owned()),
                ..MessagePage::new(lang, "portal.example.com", message)
            };
            order(&html(lang, &page), &["<h1>", "href=\"/p/shop\"", "<code>req-1</code>"]);
        }
    }
    assert_eq!(MessagePage::new(Lang::En, "h", Message::Snapshot).tone, Tone::Info);
}

#[test]
fn opening_times_are_told_in_the_largest_unit() {
    for (seconds, text) in [
        (-3, "opened just now"),
        (4, "opened just now"),
        (5, "opened 5 seconds ago"),
        (60, "opened 1 minute ago"),
        (600, "opened 10 minutes ago"),
    ] {
        assert_eq!(facts(seconds).opened(Lang::En), text);
    }
}
