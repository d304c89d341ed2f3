//! Signing in with a platform account, by password or by a code: whatever is wrong, the answer and the work are alike.

use std::time::Duration;

use crate::bus::guard::Limit;
use crate::domain::account::{AccountToken, Client, Status};
use crate::domain::audit::{Action, Caller, Entry};
use crate::domain::capability::{Kind, Rule, allows_client};
use crate::domain::ids::InvitationId;
use crate::domain::keys::hex;
use crate::domain::phone_number::PhoneNumber;
use crate::domain::verification::read_code;
use crate::store::accounts::AccountWithPassword;
use crate::store::verification_codes::CodeOwner;
use crate::store::{StoreError, Unit};

use super::account_codes::no_app;
use super::passwords::Busy;
use super::platform_accounts::{PlatformAccounts, platform};
use super::verification::failed_entry;

/// Over how long tries are counted.
const WINDOW: Duration = Duration::from_mins(15);

/// What somebody proves themselves with.
#[derive(Clone, Copy)]
pub enum Proof<'a> {
    /// The password.
    Password(&'a str),
    /// A code that was sent to the phone.
    Code(&'a str),
}

/// Why nobody was signed in.
#[derive(Debug, thiserror::Error)]
pub enum AccountSignInError {
    /// Phone, password or code is wrong, or the account is switched off.
    #[error("phone, password or code is wrong")]
    Failed,
    /// The person is an external user and has no account to use the mobile app with.
    #[error("external users have no account")]
    WebOnly,
    /// Too many tries.
    #[error("too many tries")]
    Limited(Duration),
    /// Too many are registering and signing in.
    #[error(transparent)]
    Busy(#[from] Busy),
    /// The database is away.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl PlatformAccounts {
    /// Signs somebody in.
    ///
    /// # Errors
    /// See [`AccountSignInError`].
    pub async fn sign_in(
        &self,
        typed: &str,
        proof: Proof<'_>,
        client: Client,
        caller: &Caller,
    ) -> Result<AccountToken, AccountSignInError> {
        let phone = self.phone(typed).ok_or(AccountSignInError::Failed)?;
        self.count_try(&phone, caller).await?;
        let known = self.parts.store.account_of_phone(&phone).await?;
        let outcome = match proof {
            Proof::Password(password) => self.by_password(known.as_ref(), password, client, caller).await,
            Proof::Code(code) => self.by_code(known.as_ref(), &phone, code, client, caller).await,
        };
        if matches!(outcome, Err(AccountSignInError::Failed))
            && self.parts.worth_noting("sign_in_failed", caller)
        {
            self.note_failure(known.as_ref(), proof, caller).await?;
        }
        outcome
    }

    async fn count_try(&self, phone: &PhoneNumber, caller: &Caller) -> Result<(), AccountSignInError> {
        let rules = &self.parts.accounts;
        // Whoever sees the counters sees no phones.
        let phone = hex(&self.parts.signing.mac("sign-in limit", &[phone.as_str().as_bytes()]));
        let limit = |name, key, max| Limit { name, key, max, window: WINDOW };
        // The address comes first: a flood of numbers from one of them leaves no counters behind.
        let limits = [
            limit("sign_ins_per_address", caller.network.key(), rules.sign_ins_per_address),
            limit("sign_ins_per_phone", phone, rules.sign_ins_per_phone),
        ];
        self.parts.bus.pass(&limits, self.now()).await.map_err(|reached| {
            metrics::counter!("menfang_limit_hits_total", "limit" => reached.limit).increment(1);
            AccountSignInError::Limited(reached.retry_after)
        })
    }

    async fn by_password(
        &self,
        known: Option<&AccountWithPassword>,
        password: &str,
        client: Client,
        caller: &Caller,
    ) -> Result<AccountToken, AccountSignInError> {
        let hash = known.and_then(|known| known.password_hash.as_deref());
        let right = self.passwords.is_right(password, hash).await?;
        let account = known.filter(|known| right && known.account.enabled);
        let account = account.ok_or(AccountSignInError::Failed)?;
        Ok(self.log_in(account.account.id, client, caller).await?)
    }

    /// Only a code that was sent to an invited person signs in, as long as the invitation counts. The live code of a portal tells no more than that somebody
    /// without an account is an external user; it stays good for its portal.
    async fn by_code(
        &self,
        known: Option<&AccountWithPassword>,
        phone: &PhoneNumber,
        typed: &str,
        client: Client,
        caller: &Caller,
    ) -> Result<AccountToken, AccountSignInError> {
        let code = read_code(typed).ok_or(AccountSignInError::Failed)?;
        let unit = self.parts.store.begin().await?;
        unit.hold_phone(phone).await?;
        let mut proved = None;
        let mut at_portal = false;
        // On the web an external user is signed in, at a portal; the mobile app alone is not for them.
        let asks_who = known.is_none() && client == Client::App;
        for owner in unit.live_codes(phone, caller.network).await? {
            if self.parts.locked(&unit, &owner).await?.is_some() {
                continue;
            }
            if owner.app != no_app() {
                at_portal |= asks_who && self.parts.is_right_code(&unit, &owner, &code).await?;
                continue;
            }
            if let Some(id) = self.parts.compare_code(&unit, &owner, &code).await? {
                // Whoever was removed since, or invited anew, is not proved by the code of then.
                if self.still_counts(&unit, &owner, known).await? {
                    proved = Some(id);
                    break;
                }
                continue;
            }
            if self.parts.worth_noting("code_failed", caller) {
                unit.audit(failed_entry(&owner), caller);
            }
        }
        let account = known.filter(|known| known.account.enabled);
        let outcome = match (proved, account) {
            (Some(id), Some(known)) if unit.use_code(id).await? => {
                Ok(self.grant(&unit, known.account.id, client, caller).await?)
            }
            (id, _) if asks_who && (id.is_some() || at_portal) && unit.is_external_user(phone).await? => {
                Err(AccountSignInError::WebOnly)
            }
            _ => Err(AccountSignInError::Failed),
        };
        unit.commit().await?;
        outcome
    }

    /// Whether the invitation that a code was sent for can still be taken up by its phone, or this account has done so.
    async fn still_counts(
        &self,
        unit: &Unit,
        owner: &CodeOwner,
        known: Option<&AccountWithPassword>,
    ) -> Result<bool, StoreError> {
        let Some(invited) = unit.hold_invitation(InvitationId(owner.visit.0)).await? else {
            return Ok(false);
        };
        let taken_up = invited.invitation.accepted_at.is_some()
            && invited.organization.enabled
            && invited.affiliation.status == Status::Active
            && invited.affiliation.account.is_some()
            && invited.affiliation.account == known.map(|known| known.account.id);
        Ok(taken_up || (self.counts(&invited) && invited.affiliation.phone == owner.phone))
    }

    async fn note_failure(
        &self,
        known: Option<&AccountWithPassword>,
        proof: Proof<'_>,
        caller: &Caller,
    ) -> Result<(), StoreError> {
        let unit = self.parts.store.begin().await?;
        let entry = Entry {
            organization: platform(),
            action: Action::EntryDenied,
            actor: "account".into(),
            subject: known.map(|known| known.account.id.to_string()),
            result: match proof {
                Proof::Password(_) => "password",
                Proof::Code(_) => "code",
            },
        };
        unit.audit(entry, caller);
        unit.commit().await
    }
}

/// The rule by which an external user has no account to sign in with.
pub fn web_only() -> Option<Rule> {
    allows_client(Kind::ExternalUser, Client::App).err().map(|no| no.rule)
}
