//! Which step a phone is at: read from its cookie, its visit and its QR session.

use crate::domain::external_user::{ExternalUser, Status};
use crate::domain::keys::same_secret;
use crate::domain::phone_number::PhoneNumber;
use crate::domain::phone_visit::{PhoneCookie, Visit, VisitKind};
use crate::domain::portal::Portal;
use crate::domain::qr_session::{QrSession, Refusal, State};
use crate::store::StoreError;

use super::SignIn;
use super::arrive::ABANDONED;

/// The step at hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The authorization is being exchanged.
    Moment,
    /// Prove a phone number.
    Bind,
    /// Confirm the sign-in on the computer.
    Approve,
    /// Wait for the organization.
    Held,
    /// Nothing left to do here.
    Done,
    /// Declined.
    Denied,
    /// Not let in.
    Refused(Refusal),
    /// Too late.
    Expired,
}

impl Step {
    /// The contract's word.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Moment | Self::Bind => "bind",
            Self::Approve => "approve",
            Self::Held => "held",
            Self::Done => "done",
            Self::Denied => "denied",
            Self::Refused(_) => "refused",
            Self::Expired => "expired",
        }
    }
}

/// A phone at its step.
pub struct PhoneView {
    /// The portal.
    pub portal: Portal,
    /// The visit.
    pub visit: Visit,
    /// The QR session it scanned.
    pub session: Option<QrSession>,
    /// The account, once it is known.
    pub user: Option<ExternalUser>,
    /// The phone a code was last sent to.
    pub asked: Option<PhoneNumber>,
    /// The step.
    pub step: Step,
    pub(super) cookie: PhoneCookie,
}

impl PhoneView {
    /// Who is holding the phone.
    pub(super) fn openid(&self) -> &str {
        self.visit.openid.as_deref().unwrap_or_default()
    }

    /// Where the phone goes when it is done: a menu visit goes on to the portal, a scan is finished.
    pub fn redirect_to(&self) -> Option<String> {
        (self.step == Step::Done && self.visit.kind == VisitKind::Menu)
            .then(|| format!("/p/{}/home", self.portal.slug))
    }

    /// Whether the number on the computer's screen has to be typed.
    pub fn match_required(&self) -> bool {
        self.session.as_ref().is_some_and(|session| session.match_number.is_some())
    }
}

/// Why there is no step.
#[derive(Debug, thiserror::Error)]
pub enum NoStep {
    /// This phone has nothing under way here.
    #[error("no sign-in under way")]
    NoTransaction,
    /// The form is not of the page at hand.
    #[error("the form is not of this page")]
    Csrf,
    /// The database is away.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SignIn {
    /// Where this phone stands at this portal.
    ///
    /// # Errors
    /// Nothing is under way, or the database is away.
    pub async fn phone_view(&self, slug: &str, cookie: Option<&str>) -> Result<PhoneView, NoStep> {
        let cookie = cookie.and_then(PhoneCookie::from_value).ok_or(NoStep::NoTransaction)?;
        let visit = self
            .parts
            .store
            .visit(&cookie.visit_key(&self.parts.signing))
            .await?
            .ok_or(NoStep::NoTransaction)?;
        let portal = self.parts.store.portal_of_app(visit.app).await?.ok_or(NoStep::NoTransaction)?;
        if portal.slug != slug || self.now() > visit.expires_at {
            return Err(NoStep::NoTransaction);
        }
        let Some(openid) = visit.openid.clone() else {
            let (session, user, asked) = (None, None, None);
            // An exchange that a crash cut off is begun anew by scanning, or opening the link, again.
            let abandoned = self.now() > visit.exchanging_since.plus(ABANDONED);
            let step = if abandoned { Step::Expired } else { Step::Moment };
            return Ok(PhoneView { portal, visit, session, user, asked, step, cookie });
        };
        let session = match visit.qr {
            Some(r) => self.parts.store.qr_session(r).await?,
            None => None,
        };
        if visit.kind == VisitKind::Qr && session.is_none() {
            return Err(NoStep::NoTransaction);
        }
        let user = self.parts.store.user_of_openid(portal.scope(), portal.app, &openid).await?;
        let step = match &session {
            Some(session) => self.qr_step(session),
            None => menu_step(&portal, &visit, user.as_ref()),
        };
        let asked = match step {
            Step::Bind => self.parts.store.phone_asked(portal.organization, visit.id).await?,
            _ => None,
        };
        Ok(PhoneView { portal, visit, session, user, asked, step, cookie })
    }

    fn qr_step(&self, session: &QrSession) -> Step {
        match session.state {
            State::Denied => Step::Denied,
            State::Refused(refusal) => Step::Refused(refusal),
            State::Authorized | State::Claimed => Step::Done,
            _ if session.is_expired(self.now()) => Step::Expired,
            State::Held => Step::Held,
            State::Scanned | State::Verifying if session.user.is_none() => Step::Bind,
            State::Scanned | State::Verifying => Step::Approve,
        }
    }

    /// The token that the forms of this step carry.
    pub fn csrf(&self, view: &PhoneView) -> String {
        view.cookie.csrf(&self.parts.signing, view.visit.id, view.step.name())
    }

    /// The phone at its step, for a post from the page of `step`; a post that comes twice finds the step after it.
    pub(super) async fn posted(
        &self,
        slug: &str,
        cookie: Option<&str>,
        csrf: &str,
        step: &Step,
    ) -> Result<PhoneView, NoStep> {
        let view = self.phone_view(slug, cookie).await?;
        let own = view.cookie.csrf(&self.parts.signing, view.visit.id, step.name());
        if same_secret(own.as_bytes(), csrf.as_bytes()) { Ok(view) } else { Err(NoStep::Csrf) }
    }
}

fn menu_step(portal: &Portal, visit: &Visit, user: Option<&ExternalUser>) -> Step {
    if let Some(refusal) = visit.refused {
        return Step::Refused(refusal);
    }
    if let Err(refusal) = portal.admit(user.map(|user| (user.id, user.status))) {
        // Whether an invitation exists shows only once the phone is proved.
        if refusal != Refusal::InvitationRequired {
            return Step::Refused(refusal);
        }
    }
    match user.map(|user| user.status) {
        None => Step::Bind,
        Some(Status::Pending) => Step::Held,
        Some(_) => Step::Done,
    }
}
