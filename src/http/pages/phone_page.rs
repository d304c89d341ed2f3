//! The phone's step as its page and as JSON.

use actix_web::HttpResponse;
use actix_web::http::{StatusCode, header};
use serde_json::{Map, Value, json};

use crate::domain::external_user::ExternalUser;
use crate::domain::phone_number::PhoneNumber;
use crate::http::extract::Visitor;
use crate::http::extract::body::Fields;
use crate::http::problem::Code;
use crate::http::site::Site;
use crate::usecases::phone_steps::{PhoneView, Step};

use super::views::{
    AcceptStep, ApproveStep, BindStep, BrowserFacts, PhonePage, PhoneStep, TermsTick, phone_error,
};

/// A post that was not taken: what was wrong, and what stood in its form.
pub(super) struct Wrong<'a> {
    pub(super) code: Code,
    pub(super) form: &'a Fields,
}

impl Wrong<'_> {
    /// A field of a form that was right but for its tick box: nothing of it was used up, so it is shown again.
    fn unused(&self, field: &str) -> Option<&str> {
        self.form.some(field).filter(|_| self.code == Code::TermsRequired)
    }
}

/// The JSON answer that every request of the phone gets.
pub(super) fn json_body(site: &Site, status: StatusCode, view: &PhoneView) -> HttpResponse {
    HttpResponse::build(status)
        .insert_header((header::CACHE_CONTROL, "no-store"))
        .insert_header((header::VARY, "Accept, Cookie"))
        .json(body(site, view))
}

fn body(site: &Site, view: &PhoneView) -> Value {
    let mut body = Map::new();
    body.insert("step".into(), json!(view.step.name()));
    body.insert("app".into(), json!(view.portal.app_name));
    body.insert("organization".into(), json!(view.portal.organization_name));
    let browser = facts(site, view).map(|facts| {
        json!({
            "name": facts.name,
            "system": facts.system,
            "ip_masked": facts.ip_masked,
            "same_network": facts.same_network,
            "opened_seconds_ago": facts.opened_seconds_ago,
        })
    });
    body.insert("browser".into(), json!(browser));
    body.insert("csrf".into(), json!(site.sign_in.csrf(view)));
    body.insert("match_required".into(), json!(view.match_required()));
    if let Some(terms) = &view.terms {
        body.insert("terms".into(), json!({"url": terms.url, "version": terms.version}));
    }
    match &view.step {
        Step::Refused(reason) => body.insert("reason".into(), json!(reason.code())),
        Step::Held => body.insert("reason".into(), json!("approval_pending")),
        _ => None,
    };
    if let Some(place) = view.redirect_to() {
        body.insert("redirect_to".into(), json!(place));
    }
    Value::Object(body)
}

/// The page of the step at hand, with what was wrong with the last post beside its form.
pub(super) fn draw(site: &Site, visitor: &Visitor, view: &PhoneView, wrong: Option<&Wrong<'_>>) -> PhonePage {
    PhonePage {
        lang: visitor.lang,
        slug: view.portal.slug.clone(),
        organization: view.portal.organization_name.clone(),
        app: view.portal.app_name.clone(),
        logo_url: view.portal.logo_url.clone(),
        host: site.front.authority.clone(),
        csrf: site.sign_in.csrf(view),
        step: step(site, visitor, view, wrong),
        nudge: None,
    }
}

fn step(site: &Site, visitor: &Visitor, view: &PhoneView, wrong: Option<&Wrong<'_>>) -> PhoneStep {
    let text = wrong.map(|wrong| phone_error(visitor.lang, wrong.code.word()).to_owned());
    let (of_terms, error) = match wrong {
        Some(wrong) if wrong.code == Code::TermsRequired => (text, None),
        _ => (None, text),
    };
    let terms = view.terms.as_ref().map(|terms| TermsTick {
        url: terms.url.clone(),
        version: terms.version.clone(),
        error: of_terms,
    });
    let unused = |field| wrong.and_then(|wrong| wrong.unused(field)).unwrap_or_default().to_owned();
    let browser = facts(site, view);
    let user = view.user.as_ref();
    let shown = |field: fn(&ExternalUser) -> Option<String>| user.and_then(field);
    let (nickname, avatar_url) = (shown(|user| user.nickname.clone()), shown(|user| user.avatar_url.clone()));
    let phone_masked = shown(ExternalUser::phone_masked).unwrap_or_default();
    let kind = view.visit.kind;
    match (&view.step, browser, terms) {
        (Step::Moment, ..) => PhoneStep::Moment,
        (Step::Bind, browser, terms) => {
            let typed = wrong.and_then(|wrong| wrong.form.some("phone"));
            let asked = || view.asked.as_ref().map_or("", |phone| phone.as_str().trim_start_matches("+86"));
            PhoneStep::Bind(BindStep {
                phone: typed.unwrap_or_else(asked).to_owned(),
                code: unused("code"),
                code_sent_to: view.asked.as_ref().map(PhoneNumber::masked),
                error,
                kind,
                browser,
                terms,
            })
        }
        (Step::Approve, Some(browser), terms) => PhoneStep::Approve(ApproveStep {
            nickname,
            avatar_url,
            phone_masked,
            browser,
            match_required: view.match_required(),
            number: unused("match"),
            error,
            terms,
        }),
        (Step::Approve, None, Some(terms)) => {
            PhoneStep::Accept(AcceptStep { nickname, avatar_url, phone_masked, terms })
        }
        (Step::Held, ..) => PhoneStep::Held { kind },
        (Step::Done, ..) => PhoneStep::Done { redirect_to: view.redirect_to() },
        (Step::Denied, ..) => PhoneStep::Denied { error, kind },
        (Step::Refused(reason), ..) => PhoneStep::Refused { reason: reason.code().into() },
        (Step::Expired | Step::Approve, ..) => PhoneStep::Expired,
    }
}

fn facts(site: &Site, view: &PhoneView) -> Option<BrowserFacts> {
    let session = view.session.as_ref()?;
    let opened = site.sign_in.now().since(session.issued_at).as_secs();
    Some(BrowserFacts {
        name: session.computer.browser.name().into(),
        system: session.computer.system.name().into(),
        ip_masked: session.computer.network.masked(),
        same_network: session.computer.network.same_as(session.phone_network),
        opened_seconds_ago: i64::try_from(opened).unwrap_or(i64::MAX),
    })
}
