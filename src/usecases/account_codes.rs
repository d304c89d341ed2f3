//! Codes that prove the phone of an invited person; nobody else can have one sent.

use crate::domain::audit::Caller;
use crate::domain::ids::{AppId, VisitId};
use crate::domain::phone_number::PhoneNumber;
use crate::domain::verification::Limited;
use crate::sms::SmsError;
use crate::store::StoreError;
use crate::store::invitations::Invited;
use crate::store::verification_codes::CodeOwner;

use super::platform_accounts::{InvitationInvalid, PlatformAccounts};
use super::verification::{NoCode, NotSent};

/// Why no code was sent.
#[derive(Debug, thiserror::Error)]
pub enum AccountCodeError {
    /// What was typed is no number that can get a code.
    #[error("not a phone number that can be used here")]
    PhoneInvalid,
    /// The invitation does not count for this phone.
    #[error(transparent)]
    Invitation(#[from] InvitationInvalid),
    /// Too many codes.
    #[error("too many codes")]
    Limited(Limited),
    /// The gateway did not take it.
    #[error("the SMS gateway did not take it")]
    Sms(#[source] SmsError),
    /// The database is away.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<NoCode> for AccountCodeError {
    fn from(error: NoCode) -> Self {
        match error {
            NoCode::Limited(limited) => Self::Limited(limited),
            NoCode::Store(error) => Self::Store(error),
        }
    }
}

impl From<NotSent> for AccountCodeError {
    fn from(error: NotSent) -> Self {
        match error {
            NotSent::Sms(error) => Self::Sms(error),
            NotSent::Store(error) => Self::Store(error),
        }
    }
}

impl PlatformAccounts {
    /// Sends a code to the phone that an invitation is for; gives that phone.
    ///
    /// # Errors
    /// See [`AccountCodeError`].
    pub async fn send_code(
        &self,
        typed: &str,
        invitation: &str,
        caller: &Caller,
    ) -> Result<PhoneNumber, AccountCodeError> {
        let phone = self.phone(typed).ok_or(AccountCodeError::PhoneInvalid)?;
        let invited = self.invited(invitation, &phone).await?.ok_or(InvitationInvalid)?;
        let owner = code_owner(&invited, caller);
        let (unit, fresh) = self.parts.write_code(&owner, caller).await?;
        unit.commit().await?;
        self.parts.deliver_code(&invited.organization.name, &owner, &fresh).await?;
        Ok(phone)
    }

    /// An invitation that counts, for this phone.
    pub(super) async fn invited(
        &self,
        invitation: &str,
        phone: &PhoneNumber,
    ) -> Result<Option<Invited>, StoreError> {
        let known = self.open_invitation(invitation).await?;
        Ok(known.filter(|known| known.affiliation.phone == *phone))
    }
}

/// Whose code it is: the invitation stands in place of a visit, and no app is meant.
pub(super) fn code_owner(invited: &Invited, caller: &Caller) -> CodeOwner {
    CodeOwner {
        organization: invited.organization.id,
        app: no_app(),
        visit: VisitId(invited.invitation.id.0),
        openid: invited.invitation.id.to_string(),
        phone: invited.affiliation.phone.clone(),
        network: caller.network,
    }
}

/// The app of codes that are for no app.
pub(super) fn no_app() -> AppId {
    AppId(uuid::Uuid::nil())
}
