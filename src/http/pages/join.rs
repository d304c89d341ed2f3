//! Taking up an invitation, `/join/{token}`: who invites, as what, and the form to register or accept with.

use actix_web::http::{StatusCode, header};
use actix_web::{HttpRequest, HttpResponse, web};

use crate::domain::account::Client;
use crate::http::answers::{page, problem, see_other, store_failed};
use crate::http::api::v1::accounts::{add_login, code_problem, register_problem};
use crate::http::extract::account::signed_in;
use crate::http::extract::body::Fields;
use crate::http::extract::{Visitor, fields};
use crate::http::i18n::Lang;
use crate::http::problem::{Code, Problem};
use crate::http::site::Site;
use crate::store::invitations::Invited;
use crate::usecases::account_codes::AccountCodeError;
use crate::usecases::account_logins::SignedInAccount;
use crate::usecases::registration::{AcceptError, RegisterError, Registering};

use super::account::{carry, typed_text};
use super::views::{JoinPage, JoinStep, Message, MessagePage, RegisterForm};

/// `GET /join/{token}`.
pub async fn show(
    request: HttpRequest,
    site: web::Data<Site>,
    visitor: Visitor,
    token: web::Path<String>,
) -> HttpResponse {
    let shown = async {
        let invited = open(&site, &visitor, &token).await?;
        let who = signed_in(&request, &site, &visitor).await?;
        let drawn = draw(&site, &visitor, (&token, &invited), who.as_ref(), form(&site));
        Ok(page(&site, StatusCode::OK, &drawn))
    };
    shown.await.unwrap_or_else(|error: Problem| refused(&site, &visitor, &error))
}

/// `POST /join/{token}`: a code, registering, or accepting, by the field `do`.
pub async fn post(
    request: HttpRequest,
    site: web::Data<Site>,
    visitor: Visitor,
    token: web::Path<String>,
    payload: web::Payload,
) -> HttpResponse {
    let done = async {
        let typed = fields(payload, &visitor, &site).await?;
        let invited = open(&site, &visitor, &token).await?;
        let who = signed_in(&request, &site, &visitor).await?;
        let post = Post { site: &site, visitor: &visitor, token: &token, invited: &invited, typed: &typed };
        match (typed.get("do"), who) {
            ("accept", Some(who)) => post.accept(&who).await,
            ("accept", None) => Ok(see_other(&format!("/account/sign-in?{}", carry(&token)))),
            ("code", _) => post.send_code().await,
            _ => post.register().await,
        }
    };
    done.await.unwrap_or_else(|error: Problem| refused(&site, &visitor, &error))
}

/// A post of the form.
struct Post<'a> {
    site: &'a Site,
    visitor: &'a Visitor,
    token: &'a str,
    invited: &'a Invited,
    typed: &'a Fields,
}

impl Post<'_> {
    async fn send_code(&self) -> Result<HttpResponse, Problem> {
        let (phone, caller) = (self.typed.get("phone"), self.visitor.caller());
        match self.site.accounts.send_code(phone, self.token, &caller).await {
            Ok(phone) => {
                let form =
                    RegisterForm { code_sent_to: Some(phone.masked()), code: String::new(), ..self.form() };
                let drawn = draw(self.site, self.visitor, (self.token, self.invited), None, form);
                Ok(page(self.site, StatusCode::OK, &drawn))
            }
            Err(AccountCodeError::Store(error)) => Err(store_failed(self.visitor, &error)),
            Err(error) => {
                let text = code_error(self.visitor.lang, &error);
                Ok(self.again(&code_problem(self.visitor, error), text, self.form()))
            }
        }
    }

    async fn register(&self) -> Result<HttpResponse, Problem> {
        let (typed, caller) = (self.typed, self.visitor.caller());
        let with = Registering {
            invitation: self.token,
            phone: typed.get("phone"),
            code: typed.get("code"),
            password: typed.get("password"),
            name: typed.get("name"),
        };
        match self.site.accounts.register(&with, &caller).await {
            Ok((account, _)) => {
                let token = self.site.accounts.log_in(account.id, Client::Web, &caller).await;
                let token = token.map_err(|error| store_failed(self.visitor, &error))?;
                let mut answer = see_other("/account");
                add_login(self.site, &mut answer, &token);
                Ok(answer)
            }
            Err(RegisterError::Store(error)) => Err(store_failed(self.visitor, &error)),
            Err(error) => {
                let text = register_error(self.visitor.lang, &error);
                let registered = matches!(error, RegisterError::AlreadyRegistered);
                let form = RegisterForm { registered, ..self.form() };
                Ok(self.again(&register_problem(self.visitor, error), text, form))
            }
        }
    }

    async fn accept(&self, who: &SignedInAccount) -> Result<HttpResponse, Problem> {
        let error = match self.site.accounts.accept(&who.account, self.token, &self.visitor.caller()).await {
            Ok(_) => return Ok(see_other("/account")),
            Err(AcceptError::Store(error)) => return Err(store_failed(self.visitor, &error)),
            Err(AcceptError::Invitation(_)) => self.visitor.problem(Code::InvitationInvalid),
            Err(AcceptError::SeatsFull) => self.visitor.problem(Code::SeatsFull),
        };
        if self.visitor.wants_json {
            return Err(error);
        }
        let place = (self.token, self.invited);
        let mut drawn = draw(self.site, self.visitor, place, Some(who), form(self.site));
        drawn.error = Some(typed_text(self.visitor.lang, error.code).to_owned());
        Ok(page(self.site, error.code.status(), &drawn))
    }

    /// What was typed, but the password.
    fn form(&self) -> RegisterForm {
        let field = |name| self.typed.get(name).chars().take(64).collect();
        RegisterForm { phone: field("phone"), code: field("code"), name: field("name"), ..form(self.site) }
    }

    /// The page again, with what was wrong beside what was typed.
    fn again(&self, error: &Problem, text: String, form: RegisterForm) -> HttpResponse {
        if self.visitor.wants_json {
            return problem(self.site, self.visitor, error);
        }
        let mut drawn = draw(self.site, self.visitor, (self.token, self.invited), None, form);
        drawn.error = Some(text);
        let mut answer = page(self.site, error.code.status(), &drawn);
        if let Some(seconds) = error.retry_seconds() {
            answer.headers_mut().insert(header::RETRY_AFTER, seconds.into());
        }
        answer
    }
}

/// The invitation of the address, if it can still be taken up.
async fn open(site: &Site, visitor: &Visitor, token: &str) -> Result<Invited, Problem> {
    let found = site.accounts.open_invitation(token).await.map_err(|error| store_failed(visitor, &error))?;
    found.ok_or_else(|| visitor.problem(Code::InvitationInvalid))
}

/// A problem; whoever has taken the invitation up already is shown where to sign in.
fn refused(site: &Site, visitor: &Visitor, error: &Problem) -> HttpResponse {
    if visitor.wants_json || error.code != Code::InvitationInvalid {
        return problem(site, visitor, error);
    }
    let mut view = MessagePage::new(visitor.lang, &site.front.authority, Message::InvitationInvalid);
    view.action = Some((visitor.lang.t("account.sign_in.title").to_owned(), "/account/sign-in".to_owned()));
    page(site, error.code.status(), &view)
}

fn form(site: &Site) -> RegisterForm {
    RegisterForm { password_least: site.accounts.password_length().least, ..RegisterForm::default() }
}

fn draw(
    site: &Site,
    visitor: &Visitor,
    (token, invited): (&str, &Invited),
    who: Option<&SignedInAccount>,
    form: RegisterForm,
) -> JoinPage {
    let phone = &invited.affiliation.phone;
    let step = match who.map(|who| &who.account) {
        None => JoinStep::Register(form),
        Some(account) if account.phone == *phone => JoinStep::Accept { name: account.name.clone() },
        Some(account) => {
            JoinStep::OtherPhone { name: account.name.clone(), phone_masked: account.phone.masked() }
        }
    };
    JoinPage {
        lang: visitor.lang,
        host: site.front.authority.clone(),
        token: token.to_owned(),
        organization: invited.organization.name.clone(),
        belonging: invited.affiliation.id.belonging(),
        phone_masked: phone.masked(),
        error: None,
        step,
    }
}

fn code_error(lang: Lang, error: &AccountCodeError) -> String {
    let code = match error {
        AccountCodeError::PhoneInvalid => Code::PhoneInvalid,
        AccountCodeError::Invitation(_) => Code::InvitationInvalid,
        AccountCodeError::Limited(_) => Code::TooManyRequests,
        AccountCodeError::Sms(_) | AccountCodeError::Store(_) => Code::SmsUnavailable,
    };
    typed_text(lang, code).to_owned()
}

fn register_error(lang: Lang, error: &RegisterError) -> String {
    use crate::domain::password::WeakPassword;
    let code = match error {
        RegisterError::Password(rule) => {
            return match rule {
                WeakPassword::TooShort { least } => {
                    lang.tf("join.errors.password_short", &[("least", &least.to_string())])
                }
                WeakPassword::TooLong { most } => {
                    lang.tf("join.errors.password_long", &[("most", &most.to_string())])
                }
                WeakPassword::Common => lang.t("join.errors.password_common").to_owned(),
                WeakPassword::Phone => lang.t("join.errors.password_phone").to_owned(),
            };
        }
        RegisterError::Name(_) => return lang.t("join.errors.name").to_owned(),
        RegisterError::PhoneInvalid => Code::PhoneInvalid,
        RegisterError::Invitation(_) => Code::InvitationInvalid,
        RegisterError::CodeWrong => Code::CodeWrong,
        RegisterError::Limited(_) => Code::TooManyRequests,
        RegisterError::AlreadyRegistered => Code::AlreadyRegistered,
        RegisterError::SeatsFull => Code::SeatsFull,
        RegisterError::Busy(_) | RegisterError::Store(_) => Code::Unavailable,
    };
    typed_text(lang, code).to_owned()
}
