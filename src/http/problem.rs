//! Errors as `application/problem+json` (RFC 9457), from one table of codes.

use std::fmt;
use std::time::Duration;

use actix_web::http::{StatusCode, header};
use actix_web::{HttpResponse, ResponseError};
use serde_json::{Map, Value, json};

macro_rules! codes {
    ($($(#[$doc:meta])* $name:ident = $code:literal, $status:literal, $title:literal;)*) => {
        /// What went wrong, as a stable word.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        pub enum Code { $($(#[$doc])* $name,)* }

        impl Code {
            /// Every code.
            pub const ALL: &'static [Self] = &[$(Self::$name,)*];

            /// The stable word.
            pub fn word(self) -> &'static str {
                match self { $(Self::$name => $code,)* }
            }

            /// The HTTP status.
            pub fn status(self) -> StatusCode {
                let number = match self { $(Self::$name => $status,)* };
                StatusCode::from_u16(number).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR)
            }

            /// What to do about it.
            pub fn title(self) -> &'static str {
                match self { $(Self::$name => $title,)* }
            }
        }
    };
}

codes! {
    /// A cookie, a form or a query is not what this page gave out.
    BadRequest = "bad_request", 400, "The request is not well-formed; start again from the portal's page.";
    /// The body is no JSON.
    BadJson = "bad_json", 400, "The body is not well-formed JSON.";
    /// OAuth's state is not this phone's.
    BadState = "bad_state", 400, "This authorization was not begun on this phone; scan the code again.";
    /// WeChat's snapshot mode.
    SnapshotUser = "snapshot_user", 400, "WeChat shows this page in snapshot mode; tap \"use full service\" at the bottom.";
    /// The person said no to WeChat.
    ConsentRefused = "consent_refused", 400, "WeChat was not allowed to say who you are; scan the code again and allow it.";
    /// Nobody is signed in.
    NotSignedIn = "not_signed_in", 401, "Nobody is signed in; sign in first.";
    /// No API key, or none that counts.
    Unauthorized = "unauthorized", 401, "Send a valid API key as `Authorization: Bearer KEY`.";
    /// Phone and password, or phone and code, are not those of an account.
    SignInFailed = "sign_in_failed", 401, "Phone, password or code is wrong; check them, or ask for an invitation.";
    /// The key lacks the scope.
    MissingScope = "missing_scope", 403, "This key may not do that; make one with the scope that `scope` names.";
    /// Only the platform may do it.
    PlatformKeyRequired = "platform_key_required", 403, "Only a key of the platform may do that.";
    /// Only the organization itself may do it.
    OrganizationKeyRequired = "organization_key_required", 403, "Only a key of the organization may do that.";
    /// The organization is switched off.
    OrganizationDisabled = "organization_disabled", 403, "This organization is switched off; ask the platform.";
    /// An external user asks for more than the web.
    WebOnly = "web_only", 403, "External users sign in on the web, at their app's portal, and nowhere else.";
    /// Free and trial editions cannot buy.
    EditionCannotBuy = "edition_cannot_buy", 403, "The free and trial editions cannot buy seats; change the edition first.";
    /// A post from a foreign page.
    OriginNotAllowed = "origin_not_allowed", 403, "The Origin header must be this server's own.";
    /// The browser's cookie is missing or another one's.
    NotThisBrowser = "not_this_browser", 403, "This code belongs to another browser; start a new one.";
    /// Nothing is under way on this phone.
    NoTransaction = "no_transaction", 403, "No sign-in is under way on this phone; scan the code again.";
    /// The form is of another page.
    CsrfInvalid = "csrf_invalid", 403, "This form is of an older page; reload it.";
    /// The portal is closed.
    PortalClosed = "portal_closed", 403, "This portal is closed; ask the organization.";
    /// The account is disabled.
    AccountDisabled = "account_disabled", 403, "This account is disabled; ask the organization.";
    /// Invited people only.
    InvitationRequired = "invitation_required", 403, "This portal is for invited people; ask the organization for an invitation.";
    /// No such thing.
    NotFound = "not_found", 404, "There is nothing here; check the address.";
    /// This method is not for this address.
    MethodNotAllowed = "method_not_allowed", 405, "This address does not take this method.";
    /// Nobody has approved it.
    NotAuthorized = "not_authorized", 409, "Nobody has approved this sign-in yet.";
    /// It was claimed before.
    AlreadyClaimed = "already_claimed", 409, "This sign-in was claimed before; start a new one.";
    /// Another person was first.
    AlreadyTaken = "already_taken", 409, "Another person has scanned this code; ask for a new one.";
    /// The phone is another WeChat account's.
    PhoneInUse = "phone_in_use", 409, "This number belongs to another WeChat account; ask the organization to free it.";
    /// No seat is left.
    SeatsFull = "seats_full", 409, "The organization has no free seat; ask it to add some.";
    /// The wrong number was typed.
    MatchWrong = "match_wrong", 409, "The number was wrong, so this code no longer counts; ask for a new one.";
    /// A change of the same thing was first.
    Conflict = "conflict", 409, "Somebody else changed the same thing just now; look again and repeat the request.";
    /// A request under this key runs now.
    IdempotencyRunning = "idempotency_running", 409, "A request with this Idempotency-Key is still running; repeat it in a moment.";
    /// The slug is another portal's.
    SlugTaken = "slug_taken", 409, "Another portal has this slug; choose another one.";
    /// The name is taken.
    NameTaken = "name_taken", 409, "There is one of this name already; choose another one.";
    /// The appid belongs to another organization.
    ServiceAccountTaken = "service_account_taken", 409, "This service account belongs to another organization, which has to unbind it first.";
    /// The organization has another service account.
    OrganizationHasServiceAccount = "organization_has_service_account", 409, "This organization has another service account; unbind that one first.";
    /// The organization has no service account.
    NoServiceAccount = "no_service_account", 409, "This organization has no service account; bind one first.";
    /// Somebody has to confirm what stops working.
    ConfirmationRequired = "confirmation_required", 409, "Things will stop working; confirm it with the value that `confirm` names.";
    /// The thing is not in a state from which this can be done.
    WrongStatus = "wrong_status", 409, "Its present status does not allow that; look at it first.";
    /// The role is the one that new people get.
    RoleIsDefault = "role_is_default", 409, "New people get this role; set another default_role first.";
    /// The licence has no days left.
    LicenceEnded = "licence_ended", 409, "The licence has no days left to buy seats for; renew it first.";
    /// The person is a member here.
    AlreadyMember = "already_member", 409, "This person is a member of the organization already.";
    /// The person is a collaborator here.
    AlreadyCollaborator = "already_collaborator", 409, "This person is an external collaborator of the organization already.";
    /// The phone has a platform account.
    AlreadyRegistered = "already_registered", 409, "This phone has an account; sign in and accept the invitation there.";
    /// Too late.
    Expired = "expired", 410, "The time for this is over; start again.";
    /// Too much at once.
    TooLarge = "too_large", 413, "The request is too large.";
    /// The body is of another kind.
    UnsupportedMediaType = "unsupported_media_type", 415, "Send the body as the documented content type.";
    /// The address is too long.
    UrlTooLong = "url_too_long", 414, "The address is too long.";
    /// The host is not ours.
    UnknownHost = "unknown_host", 421, "This server answers only under its public URL.";
    /// What was typed is no number that can be used.
    PhoneInvalid = "phone_invalid", 422, "Type a mobile number that can receive a code here.";
    /// The code is wrong, late or used.
    CodeWrong = "code_wrong", 422, "The code is wrong or no longer valid; check it or ask for a new one.";
    /// There is no such field.
    UnknownField = "unknown_field", 422, "There is no such field; `field` names it.";
    /// A field breaks a rule.
    InvalidField = "invalid_field", 422, "A field breaks a rule; `field` names it and `detail` says which.";
    /// The key was used for another request.
    IdempotencyMismatch = "idempotency_mismatch", 422, "This Idempotency-Key was used for another request; use a new one.";
    /// The operation is not for this kind of user.
    NotForKind = "not_for_kind", 422, "This is not for that kind of user; `detail` says which rule.";
    /// External users have no inbox.
    ExternalUserNotReachable = "external_user_not_reachable", 422, "External users have no inbox; `users` names those who were meant. Reach them by the channel wechat.";
    /// The invitation does not count.
    InvitationInvalid = "invitation_invalid", 422, "This invitation is used, revoked, over or for another phone; ask for a new one.";
    /// The portal's terms were not accepted.
    TermsRequired = "terms_required", 422, "Accept the portal's terms first.";
    /// WeChat does not take the credentials or the content.
    WeChatRefused = "wechat_refused", 422, "WeChat refused it; `reason` and `detail` say why.";
    /// Too often.
    TooManyRequests = "too_many_requests", 429, "Too many tries; wait as long as Retry-After says.";
    /// Something broke.
    Internal = "internal", 500, "Something broke on our side; tell the operator the request id.";
    /// WeChat did not answer.
    WeChatUnavailable = "wechat_unavailable", 502, "WeChat did not answer; try again in a moment.";
    /// The gateway did not take the message.
    SmsUnavailable = "sms_unavailable", 503, "The code could not be sent; try again in a moment.";
    /// The portal has no service account.
    NotReady = "portal_not_ready", 503, "This portal has no service account yet; ask the organization.";
    /// The database is away or this node is full.
    Unavailable = "unavailable", 503, "The server cannot do this right now; try again in a moment.";
}

/// An error on its way out.
#[derive(Debug)]
pub struct Problem {
    /// What went wrong.
    pub code: Code,
    /// When to try again.
    pub retry_after: Option<Duration>,
    /// The id of the request.
    pub request_id: String,
    /// This case in a sentence.
    pub detail: Option<String>,
    /// More for programs, by name.
    pub more: Map<String, Value>,
}

impl Problem {
    /// A problem of a request.
    pub fn new(code: Code, request_id: &str) -> Self {
        let soon = matches!(code, Code::Unavailable | Code::SmsUnavailable | Code::WeChatUnavailable);
        let retry_after = soon.then_some(Duration::from_secs(3));
        Self { code, retry_after, request_id: request_id.to_owned(), detail: None, more: Map::new() }
    }

    /// Says when to try again.
    #[must_use]
    pub fn retry_after(self, span: Duration) -> Self {
        Self { retry_after: Some(span), ..self }
    }

    /// Says more of this case.
    #[must_use]
    pub fn detail(self, detail: impl Into<String>) -> Self {
        Self { detail: Some(detail.into()), ..self }
    }

    /// Says more to programs.
    #[must_use]
    pub fn with(mut self, name: &str, value: impl Into<Value>) -> Self {
        self.more.insert(name.to_owned(), value.into());
        self
    }

    /// Whole seconds until the next try, rounded up.
    pub fn retry_seconds(&self) -> Option<u64> {
        self.retry_after
            .map(|span| span.as_millis().div_ceil(1_000).max(1))
            .and_then(|s| u64::try_from(s).ok())
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.word())
    }
}

impl ResponseError for Problem {
    fn status_code(&self) -> StatusCode {
        self.code.status()
    }

    fn error_response(&self) -> HttpResponse {
        let mut body = self.more.clone();
        body.insert("type".into(), json!("about:blank"));
        body.insert("title".into(), json!(self.code.title()));
        body.insert("status".into(), json!(self.code.status().as_u16()));
        body.insert("code".into(), json!(self.code.word()));
        body.insert("request_id".into(), json!(self.request_id));
        if let Some(detail) = &self.detail {
            body.insert("detail".into(), json!(detail));
        }
        let mut answer = HttpResponse::build(self.code.status());
        if let Some(seconds) = self.retry_seconds() {
            answer.insert_header((header::RETRY_AFTER, seconds.to_string()));
        }
        answer
            .insert_header((header::CACHE_CONTROL, "no-store"))
            .insert_header((header::CONTENT_TYPE, "application/problem+json"))
            .body(Value::Object(body).to_string())
    }
}
