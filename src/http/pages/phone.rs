//! The phone's page, `/p/{slug}/phone`, and the posts of its forms; they work without script.

use actix_web::cookie::SameSite;
use actix_web::dev::Payload;
use actix_web::error::InternalError;
use actix_web::http::{StatusCode, header};
use actix_web::{Error, FromRequest, HttpRequest, HttpResponse, web};
use futures_util::future::LocalBoxFuture;

use crate::http::answers::{page, problem, refusal, see_other, store_failed};
use crate::http::extract::body::Fields;
use crate::http::extract::{Visitor, fields};
use crate::http::problem::{Code, Problem};
use crate::http::site::Site;
use crate::usecases::decide::{Approved, DecideError, No, Yes};
use crate::usecases::join::{BindError, Typed};
use crate::usecases::logins::Granted;
use crate::usecases::phone_steps::{NoStep, PhoneView, Step};
use crate::usecases::send_code::SendCodeError;

use super::entrance::to_wechat;
use super::follow::{self, Screen};
use super::phone_page::{Wrong, draw, json_body};
use super::views::FollowNudge;

type Path = web::Path<String>;

/// `GET /p/{slug}/phone`.
pub async fn show(request: HttpRequest, site: web::Data<Site>, visitor: Visitor, slug: Path) -> HttpResponse {
    match site.sign_in.phone_view(&slug, cookie(&request, &site).as_deref()).await {
        Ok(view) if visitor.wants_json => json_body(&site, StatusCode::OK, &view),
        Ok(view) => {
            let mut drawn = draw(&site, &visitor, &view, None);
            drawn.nudge = nudge(&site, &view).await;
            page(&site, StatusCode::OK, &drawn)
        }
        Err(error) => problem(&site, &visitor, &no_step(&visitor, error)),
    }
}

/// How to follow, for somebody who came in on the phone itself.
async fn nudge(site: &Site, view: &PhoneView) -> Option<FollowNudge> {
    view.redirect_to()?;
    let openid = view.visit.openid.as_deref()?;
    match site.sign_in.follows(&view.portal, openid).await {
        Ok(follows) => follow::nudge(site, &view.portal, follows, Screen::Phone).await,
        Err(error) => {
            tracing::warn!(error = %error, "whether a person follows could not be read");
            None
        }
    }
}

/// `POST /p/{slug}/phone/code`.
pub async fn code(post: Posted) -> HttpResponse {
    let (phone, caller) = (post.form.get("phone"), post.visitor.caller());
    let sent = post.site.sign_in.send_code(&post.slug, post.cookie(), post.csrf(), phone, &caller).await;
    let sent = sent.map(|view| (view, None)).map_err(|error| match error {
        SendCodeError::NoStep(error) => no_step(&post.visitor, error),
        SendCodeError::PhoneInvalid => post.visitor.problem(Code::PhoneInvalid),
        SendCodeError::Limited(limited) => {
            post.visitor.problem(Code::TooManyRequests).retry_after(limited.retry_after)
        }
        SendCodeError::Refused(reason) => post.visitor.problem(refusal(reason)),
        SendCodeError::Sms(_) => post.visitor.problem(Code::SmsUnavailable),
        SendCodeError::Store(error) => store_failed(&post.visitor, &error),
    });
    post.answer(sent, StatusCode::ACCEPTED).await
}

/// `POST /p/{slug}/phone/bind`.
pub async fn bind(post: Posted) -> HttpResponse {
    let typed =
        Typed { phone: post.form.get("phone"), code: post.form.get("code"), terms: post.form.get("terms") };
    let caller = post.visitor.caller();
    let bound = post.site.sign_in.bind(&post.slug, post.cookie(), post.csrf(), typed, &caller).await;
    let bound = bound.map(|bound| (bound.view, bound.granted)).map_err(|error| match error {
        BindError::NoStep(error) => no_step(&post.visitor, error),
        BindError::PhoneInvalid => post.visitor.problem(Code::PhoneInvalid),
        BindError::TermsRequired => post.visitor.problem(Code::TermsRequired),
        BindError::CodeWrong => post.visitor.problem(Code::CodeWrong),
        BindError::Limited(limited) => {
            post.visitor.problem(Code::TooManyRequests).retry_after(limited.retry_after)
        }
        BindError::Refused(reason) => post.visitor.problem(refusal(reason)),
        BindError::Store(error) => store_failed(&post.visitor, &error),
    });
    post.answer(bound, StatusCode::OK).await
}

/// `POST /p/{slug}/phone/approve`.
pub async fn approve(post: Posted) -> HttpResponse {
    let (yes, caller) =
        (Yes { number: post.form.some("match"), terms: post.form.get("terms") }, post.visitor.caller());
    let done = post.site.sign_in.approve(&post.slug, post.cookie(), post.csrf(), yes, &caller).await;
    post.decided(done).await
}

/// `POST /p/{slug}/phone/deny`.
pub async fn deny(post: Posted) -> HttpResponse {
    say_no(&post, No::Declined).await
}

/// `POST /p/{slug}/phone/report`.
pub async fn report(post: Posted) -> HttpResponse {
    say_no(&post, No::Reported).await
}

async fn say_no(post: &Posted, no: No) -> HttpResponse {
    let caller = post.visitor.caller();
    let done = post.site.sign_in.refuse_sign_in(&post.slug, post.cookie(), post.csrf(), no, &caller).await;
    post.decided(done.map(|view| Approved { view, granted: None })).await
}

/// `POST /p/{slug}/phone/profile`: on to WeChat's consent page for name and picture.
pub async fn profile(post: Posted) -> HttpResponse {
    match post.site.sign_in.ask_profile(&post.slug, post.cookie(), post.csrf()).await {
        Ok(departure) => to_wechat(&post.site, &departure),
        Err(error) => problem(&post.site, &post.visitor, &no_step(&post.visitor, error)),
    }
}

/// A post from the phone's page, and how it is answered.
pub struct Posted {
    site: web::Data<Site>,
    visitor: Visitor,
    slug: String,
    cookie: Option<String>,
    form: Fields,
}

impl FromRequest for Posted {
    type Error = Error;
    type Future = LocalBoxFuture<'static, Result<Self, Error>>;

    fn from_request(request: &HttpRequest, payload: &mut Payload) -> Self::Future {
        let (request, mut payload) = (request.clone(), payload.take());
        Box::pin(async move {
            let site = web::Data::<Site>::extract(&request).await?;
            let visitor = Visitor::of(&request, &site);
            let slug = Path::extract(&request).await?.into_inner();
            let cookie = cookie(&request, &site);
            match fields(web::Payload::from_request(&request, &mut payload).await?, &visitor, &site).await {
                Ok(form) => Ok(Self { site, visitor, slug, cookie, form }),
                Err(error) => {
                    let answer = problem(&site, &visitor, &error);
                    Err(InternalError::from_response(error, answer).into())
                }
            }
        })
    }
}

impl Posted {
    fn cookie(&self) -> Option<&str> {
        self.cookie.as_deref()
    }

    fn csrf(&self) -> &str {
        self.form.get("csrf")
    }

    async fn decided(&self, outcome: Result<Approved, DecideError>) -> HttpResponse {
        let outcome = outcome
            .map(|approved| (approved.view, approved.granted))
            .map_err(|error| decide_problem(&self.visitor, error));
        self.answer(outcome, StatusCode::OK).await
    }

    async fn answer(
        &self,
        outcome: Result<(PhoneView, Option<Granted>), Problem>,
        status: StatusCode,
    ) -> HttpResponse {
        match outcome {
            Ok((view, granted)) => {
                let mut answer = if self.visitor.wants_json {
                    json_body(&self.site, status, &view)
                } else {
                    see_other(&view.redirect_to().unwrap_or_else(|| format!("/p/{}/phone", self.slug)))
                };
                if let Some(granted) = granted {
                    add_login(&self.site, &mut answer, &granted);
                }
                answer
            }
            Err(error) if self.visitor.wants_json => problem(&self.site, &self.visitor, &error),
            Err(error) => self.page_with_error(&error).await,
        }
    }

    /// The page of the step at hand, with what was wrong beside the form, and what was typed still in it.
    async fn page_with_error(&self, error: &Problem) -> HttpResponse {
        let beside_the_form = matches!(
            error.code,
            Code::PhoneInvalid
                | Code::CodeWrong
                | Code::TooManyRequests
                | Code::SmsUnavailable
                | Code::MatchWrong
                | Code::TermsRequired
        );
        let refused = matches!(error.code.status(), StatusCode::CONFLICT);
        let view = self.site.sign_in.phone_view(&self.slug, self.cookie()).await;
        match view {
            Ok(view) if beside_the_form || refused || matches!(view.step, Step::Refused(_)) => {
                let wrong = Wrong { code: error.code, form: &self.form };
                let drawn = draw(&self.site, &self.visitor, &view, Some(&wrong));
                let mut answer = page(&self.site, error.code.status(), &drawn);
                if let Some(seconds) = error.retry_seconds() {
                    answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
                }
                answer
            }
            _ => problem(&self.site, &self.visitor, error),
        }
    }
}

/// Sets the login cookie that was just granted; it ends with the browser.
pub(crate) fn add_login(site: &Site, answer: &mut HttpResponse, granted: &Granted) {
    let name = format!("menfang_login_{}", granted.slug);
    let cookie = site.cookie(&name, granted.token.clone(), SameSite::Lax, None);
    if let Err(error) = answer.add_cookie(&cookie) {
        tracing::error!(error = %error, "a login cookie could not be set");
    }
}

pub(crate) fn cookie(request: &HttpRequest, site: &Site) -> Option<String> {
    request.cookie(&site.cookie_name("menfang_phone")).map(|cookie| cookie.value().to_owned())
}

fn no_step(visitor: &Visitor, error: NoStep) -> Problem {
    match error {
        NoStep::NoTransaction => visitor.problem(Code::NoTransaction),
        NoStep::Csrf => visitor.problem(Code::CsrfInvalid),
        NoStep::Store(error) => store_failed(visitor, &error),
    }
}

fn decide_problem(visitor: &Visitor, error: DecideError) -> Problem {
    match error {
        DecideError::NoStep(error) => no_step(visitor, error),
        DecideError::TermsRequired => visitor.problem(Code::TermsRequired),
        DecideError::MatchWrong => visitor.problem(Code::MatchWrong),
        DecideError::Refused(reason) => visitor.problem(refusal(reason)),
        DecideError::Store(error) => store_failed(visitor, &error),
    }
}
