//! Registering a platform account by an invitation, and taking up further ones.

use crate::domain::account::Account;
use crate::domain::audit::{Action, Caller, Entry};
use crate::domain::ids::{AccountId, CodeId};
use crate::domain::naming::{InvalidName, display_name};
use crate::domain::password::{WeakPassword, check_password};
use crate::domain::phone_number::PhoneNumber;
use crate::domain::verification::{Limited, read_code};
use crate::store::StoreError;
use crate::store::invitations::Invited;

use super::account_codes::code_owner;
use super::passwords::Busy;
use super::platform_accounts::{InvitationInvalid, Joined, Membership, PlatformAccounts};
use super::verification::WrongGuess;

/// What somebody registers with, as it was typed.
pub struct Registering<'a> {
    /// The invitation's token.
    pub invitation: &'a str,
    /// The phone.
    pub phone: &'a str,
    /// The code that was sent to it.
    pub code: &'a str,
    /// The password.
    pub password: &'a str,
    /// What the person is called.
    pub name: &'a str,
}

/// Why nobody was registered.
#[derive(Debug, thiserror::Error)]
pub enum RegisterError {
    /// What was typed is no number that can be used.
    #[error("not a phone number that can be used here")]
    PhoneInvalid,
    /// The name cannot be shown.
    #[error(transparent)]
    Name(#[from] InvalidName),
    /// The password is not taken.
    #[error(transparent)]
    Password(#[from] WeakPassword),
    /// The invitation does not count for this phone.
    #[error(transparent)]
    Invitation(#[from] InvitationInvalid),
    /// Wrong, late, used, or tried too often: one and the same refusal.
    #[error("the code is wrong")]
    CodeWrong,
    /// Too many wrong codes.
    #[error("too many wrong codes")]
    Limited(Limited),
    /// The phone has an account.
    #[error("the phone has an account")]
    AlreadyRegistered,
    /// No member seat is left.
    #[error("no member seat is left")]
    SeatsFull,
    /// Too many are registering and signing in.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The database is away.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<WrongGuess> for RegisterError {
    fn from(error: WrongGuess) -> Self {
        match error {
            WrongGuess::Wrong => Self::CodeWrong,
            WrongGuess::Limited(limited) => Self::Limited(limited),
            WrongGuess::Store(error) => Self::Store(error),
        }
    }
}

/// Why an invitation was not taken up.
#[derive(Debug, thiserror::Error)]
pub enum AcceptError {
    /// The invitation does not count for this account's phone.
    #[error(transparent)]
    Invitation(#[from] InvitationInvalid),
    /// No member seat is left.
    #[error("no member seat is left")]
    SeatsFull,
    /// The database is away.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl PlatformAccounts {
    /// Registers an account and joins it to what it was invited to.
    ///
    /// # Errors
    /// See [`RegisterError`]; every guess is counted before it is compared, and a right code that led to nothing stays good.
    pub async fn register(
        &self,
        with: &Registering<'_>,
        caller: &Caller,
    ) -> Result<(Account, Membership), RegisterError> {
        let phone = self.phone(with.phone).ok_or(RegisterError::PhoneInvalid)?;
        let invited = self.invited(with.invitation, &phone).await?.ok_or(InvitationInvalid)?;
        let name = display_name(with.name)?;
        check_password(with.password, &phone, self.parts.accounts.password)?;
        let code = read_code(with.code).ok_or(RegisterError::CodeWrong)?;
        let owner = code_owner(&invited, caller);
        let proved = self.parts.guess_code(&owner, &code, caller).await?;
        let done = self.write_account(&invited, Some(proved), (phone, name), with.password, caller).await;
        // A database that is away takes nothing back either, and the caller has waited for it once.
        let away = matches!(done, Err(RegisterError::Store(StoreError::Unavailable(_))));
        if done.is_err() && !away {
            let unit = self.parts.store.begin().await?;
            unit.return_guess(proved).await?;
            unit.commit().await?;
        }
        if matches!(done, Err(RegisterError::SeatsFull)) {
            self.note_no_seat(&invited, caller).await?;
        }
        done
    }

    /// Registers an account for an invitation whose phone an operator vouches for: no code is asked for.
    ///
    /// # Errors
    /// See [`RegisterError`].
    pub async fn vouch(
        &self,
        invitation: &str,
        name: &str,
        password: &str,
        caller: &Caller,
    ) -> Result<(Account, Membership), RegisterError> {
        let invited = self.open_invitation(invitation).await?.ok_or(InvitationInvalid)?;
        let phone = invited.affiliation.phone.clone();
        let name = display_name(name)?;
        check_password(password, &phone, self.parts.accounts.password)?;
        self.write_account(&invited, None, (phone, name), password, caller).await
    }

    async fn write_account(
        &self,
        invited: &Invited,
        code: Option<CodeId>,
        (phone, name): (PhoneNumber, String),
        password: &str,
        caller: &Caller,
    ) -> Result<(Account, Membership), RegisterError> {
        if self.parts.store.account_of_phone(&phone).await?.is_some() {
            return Err(RegisterError::AlreadyRegistered);
        }
        let hash = self.passwords.hash(password, &*self.parts.entropy).await?;
        let account = Account {
            id: AccountId::generate(&*self.parts.clock, &*self.parts.entropy),
            phone,
            name,
            enabled: true,
            created_at: self.now(),
        };
        let unit = self.parts.store.begin().await?;
        if let Some(code) = code
            && !unit.use_code(code).await?
        {
            return Err(RegisterError::CodeWrong);
        }
        match unit.create_account(&account, &hash).await {
            Err(StoreError::Conflict) => return Err(RegisterError::AlreadyRegistered),
            written => written?,
        }
        match self.join(&unit, invited, &account, caller).await? {
            Joined::Yes => {}
            Joined::InvitationInvalid => return Err(InvitationInvalid.into()),
            Joined::SeatsFull => return Err(RegisterError::SeatsFull),
        }
        let entry = Entry {
            organization: invited.organization.id,
            action: Action::AccountRegistered,
            actor: account.id.to_string(),
            subject: Some(account.id.to_string()),
            result: "ok",
        };
        unit.audit(entry, caller);
        let membership = self.membership_of(&unit, invited).await?;
        unit.commit().await?;
        Ok((account, membership))
    }

    /// Takes up an invitation with an account that is there.
    ///
    /// # Errors
    /// See [`AcceptError`].
    pub async fn accept(
        &self,
        account: &Account,
        invitation: &str,
        caller: &Caller,
    ) -> Result<Membership, AcceptError> {
        let invited = self.invited(invitation, &account.phone).await?.ok_or(InvitationInvalid)?;
        let unit = self.parts.store.begin().await?;
        match self.join(&unit, &invited, account, caller).await? {
            Joined::Yes => {}
            Joined::InvitationInvalid => return Err(InvitationInvalid.into()),
            Joined::SeatsFull => {
                drop(unit);
                self.note_no_seat(&invited, caller).await?;
                return Err(AcceptError::SeatsFull);
            }
        }
        let membership = self.membership_of(&unit, &invited).await?;
        unit.commit().await?;
        Ok(membership)
    }
}
