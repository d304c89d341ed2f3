//! Which step a phone is at: read from its cookie, its visit and its QR session.

use crate::domain::external_user::{ExternalUser, Status};
use crate::domain::keys::same_secret;
use crate::domain::phone_number::PhoneNumber;
use crate::domain::phone_visit::{Ending, PhoneCookie, Visit, VisitKind};
use crate::domain::portal::{Portal, Terms};
use crate::domain::qr_session::{QrSession, Refusal, State};
use crate::store::StoreError;
use crate::store::phone_standing::Standing;

use super::SignIn;
use super::arrive::ABANDONED;

/// The step at hand.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Step {
    /// The authorization is being exchanged.
    Moment,
    /// Prove a phone number.
    Bind,
    /// Confirm the sign-in on the computer; on a menu visit, accept the terms.
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
    /// The terms to accept at this step, if any.
    pub terms: Option<Terms>,
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

    /// The terms that the person accepts with this post; none when there are none to accept.
    ///
    /// # Errors
    /// There are, and they are not ticked.
    pub(super) fn ticked(&self, field: &str) -> Result<Option<&Terms>, TermsRequired> {
        match &self.terms {
            Some(terms) if !terms.ticked(field) => Err(TermsRequired),
            terms => Ok(terms.as_ref()),
        }
    }

    /// Whether the number on the computer's screen has to be typed.
    pub fn match_required(&self) -> bool {
        self.session.as_ref().is_some_and(|session| session.match_number.is_some())
    }
}

/// The terms of this step were not accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct TermsRequired;

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
        let visit_key = cookie.visit_key(&self.parts.signing);
        let standing = self.parts.store.phone_standing(&visit_key).await?.ok_or(NoStep::NoTransaction)?;
        let portal = self.parts.store.recent_portal_of_app(standing.visit.app).await?;
        self.view(slug, cookie, standing, portal.ok_or(NoStep::NoTransaction)?).await
    }

    async fn view(
        &self,
        slug: &str,
        cookie: PhoneCookie,
        Standing { visit, session, user }: Standing,
        portal: Portal,
    ) -> Result<PhoneView, NoStep> {
        if portal.slug != slug || self.now() > visit.expires_at {
            return Err(NoStep::NoTransaction);
        }
        if visit.openid.is_none() {
            let (session, user, asked, terms) = (None, None, None, None);
            // An exchange that a crash cut off is begun anew by scanning, or opening the link, again.
            let abandoned = self.now() > visit.exchanging_since.plus(ABANDONED);
            let step = match visit.ended {
                Some(Ending::Refused(refusal)) => Step::Refused(refusal),
                Some(Ending::Denied) => Step::Denied,
                None if abandoned => Step::Expired,
                None => Step::Moment,
            };
            return Ok(PhoneView { portal, visit, session, user, asked, terms, step, cookie });
        }
        if visit.kind == VisitKind::Qr && session.is_none() {
            return Err(NoStep::NoTransaction);
        }
        let terms = self.terms_to_accept(&portal, user.as_ref()).await?;
        let step = match &session {
            Some(session) => self.qr_step(session, user.as_ref()),
            None => menu_step(&portal, &visit, user.as_ref(), terms.as_ref()),
        };
        let terms = terms.filter(|_| matches!(step, Step::Bind | Step::Approve));
        let asked = match step {
            Step::Bind => self.parts.store.phone_asked(portal.organization, visit.id).await?,
            _ => None,
        };
        Ok(PhoneView { portal, visit, session, user, asked, terms, step, cookie })
    }

    fn qr_step(&self, session: &QrSession, user: Option<&ExternalUser>) -> Step {
        // An account may lose its phone or its WeChat identity at any time.
        let is_bound = session.user.is_some() && user.is_some_and(|user| user.phone.is_some());
        match session.state {
            State::Denied => Step::Denied,
            State::Refused(refusal) => Step::Refused(refusal),
            State::Authorized | State::Claimed => Step::Done,
            _ if session.is_expired(self.now()) => Step::Expired,
            State::Held => Step::Held,
            State::Scanned | State::Verifying if !is_bound => Step::Bind,
            State::Scanned | State::Verifying => Step::Approve,
        }
    }

    /// The phone once its QR session was decided by this request.
    pub(super) fn moved_on(&self, view: PhoneView, session: QrSession) -> PhoneView {
        let step = self.qr_step(&session, view.user.as_ref());
        PhoneView { session: Some(session), asked: None, terms: None, step, ..view }
    }

    /// The token that the forms of this step carry.
    pub fn csrf(&self, view: &PhoneView) -> String {
        self.csrf_of(view, &view.step, view.terms.as_ref())
    }

    fn csrf_of(&self, view: &PhoneView, step: &Step, terms: Option<&Terms>) -> String {
        let version = terms.map(|terms| terms.version.as_str());
        view.cookie.csrf(&self.parts.signing, view.visit.id, step.name(), version)
    }

    /// The phone at its step, for a post from the page of one of `steps`; a post that comes twice finds the step after it.
    pub(super) async fn posted(
        &self,
        slug: &str,
        cookie: Option<&str>,
        csrf: &str,
        steps: &[Step],
    ) -> Result<PhoneView, NoStep> {
        let cookie = cookie.and_then(PhoneCookie::from_value).ok_or(NoStep::NoTransaction)?;
        let visit_key = cookie.visit_key(&self.parts.signing);
        // What is decided goes by the portal as it is, not as it was a moment ago.
        let found = self.parts.store.phone_standing_at_portal(&visit_key).await?;
        let (standing, portal) = found.ok_or(NoStep::NoTransaction)?;
        let view = self.view(slug, cookie, standing, portal).await?;
        let own = |step: &Step| {
            if *step == view.step {
                return vec![self.csrf(&view)];
            }
            // Of a page that was left behind it is not known any more whether there were terms on it.
            [None, view.portal.terms.as_ref()].map(|terms| self.csrf_of(&view, step, terms)).to_vec()
        };
        if steps.iter().flat_map(own).any(|own| same_secret(own.as_bytes(), csrf.as_bytes())) {
            Ok(view)
        } else {
            Err(NoStep::Csrf)
        }
    }
}

fn menu_step(portal: &Portal, visit: &Visit, user: Option<&ExternalUser>, terms: Option<&Terms>) -> Step {
    match visit.ended {
        Some(Ending::Denied) => return Step::Denied,
        Some(Ending::Refused(refusal)) => return Step::Refused(refusal),
        None => {}
    }
    if let Err(refusal) = portal.admit_visitor(user.map(|user| (user.id, user.status))) {
        return Step::Refused(refusal);
    }
    match user.filter(|user| user.phone.is_some()).map(|user| user.status) {
        None => Step::Bind,
        Some(Status::Pending) => Step::Held,
        Some(_) if terms.is_some() => Step::Approve,
        Some(_) => Step::Done,
    }
}
