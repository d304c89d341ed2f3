//! Sending a verification code to a phone that is at this step.

use crate::domain::audit::Caller;
use crate::domain::phone_number::PhoneNumber;
use crate::domain::qr_session::Refusal;
use crate::domain::verification::Limited;
use crate::sms::SmsError;
use crate::store::StoreError;
use crate::store::verification_codes::CodeOwner;

use super::SignIn;
use super::phone_steps::{NoStep, PhoneView, Step};
use super::verification::{NoCode, NotSent};

/// Why no code was sent.
#[derive(Debug, thiserror::Error)]
pub enum SendCodeError {
    /// Nothing under way, or a foreign form.
    #[error(transparent)]
    NoStep(#[from] NoStep),
    /// What was typed is no number that can get a code.
    #[error("not a phone number that can be used here")]
    PhoneInvalid,
    /// Too many codes.
    #[error("too many codes")]
    Limited(Limited),
    /// This person is not let in (any more).
    #[error("not let in")]
    Refused(Refusal),
    /// The gateway did not take it.
    #[error("the SMS gateway did not take it")]
    Sms(#[source] SmsError),
    /// The database is away.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl SignIn {
    /// Sends a code to a phone.
    ///
    /// # Errors
    /// See [`SendCodeError`]; a refused one changes nothing.
    pub async fn send_code(
        &self,
        slug: &str,
        cookie: Option<&str>,
        csrf: &str,
        typed: &str,
        caller: &Caller,
    ) -> Result<PhoneView, SendCodeError> {
        let view = self.posted(slug, cookie, csrf, &[Step::Bind]).await?;
        if view.step != Step::Bind {
            return Ok(view);
        }
        let account = view.user.as_ref().map(|user| (user.id, user.status));
        if let Err(refusal) = view.portal.admit_visitor(account) {
            self.turn_away(&view, refusal, caller).await?;
            return Err(SendCodeError::Refused(refusal));
        }
        let phone =
            PhoneNumber::parse(typed, &self.parts.countries).map_err(|_| SendCodeError::PhoneInvalid)?;
        let owner = owner(&view, phone, caller);
        let (unit, fresh) = self.parts.write_code(&owner, caller).await?;
        if let Some(next) =
            view.session.as_ref().and_then(|session| session.code_asked(&owner.openid, self.now()).ok())
        {
            unit.advance_qr_session(&next).await?;
        }
        unit.commit().await?;
        self.nudge_changes();
        self.parts.deliver_code(&view.portal.app_name, &owner, &fresh).await?;
        Ok(self.phone_view(slug, cookie).await?)
    }
}

impl From<NoCode> for SendCodeError {
    fn from(error: NoCode) -> Self {
        match error {
            NoCode::Limited(limited) => Self::Limited(limited),
            NoCode::Store(error) => Self::Store(error),
        }
    }
}

impl From<NotSent> for SendCodeError {
    fn from(error: NotSent) -> Self {
        match error {
            NotSent::Sms(error) => Self::Sms(error),
            NotSent::Store(error) => Self::Store(error),
        }
    }
}

/// Whose code it is.
pub(super) fn owner(view: &PhoneView, phone: PhoneNumber, caller: &Caller) -> CodeOwner {
    CodeOwner {
        organization: view.portal.organization,
        app: view.portal.app,
        visit: view.visit.id,
        openid: view.openid().to_owned(),
        phone,
        network: caller.network,
    }
}
