//! What backends and operators administer, and what all such changes share: they are prepared, and made true together
//! with the answer that a repetition will get.

use std::sync::Arc;

use crate::bus::{Bus, Nudge};
use crate::domain::audit::{Action, By};
use crate::domain::capability::NotAllowed;
use crate::domain::clock::{Clock, Entropy, Millis};
use crate::domain::ids::{OrgId, UserId};
use crate::store::idempotency::Claim;
use crate::store::{Store, StoreError, Unit};
use crate::wechat::WeChatError;

use super::Parts;
use super::turns::Turns;

/// Administering organizations, their apps, people and service account; a clone is the same.
#[derive(Clone)]
pub struct Administration {
    pub(super) parts: Arc<Parts>,
    pub(super) turns: Arc<Turns>,
}

/// What would be broken by a change.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum Conflict {
    /// The slug is another portal's.
    #[error("another portal has this slug; choose another one")]
    SlugTaken,
    /// Something of this kind has this name already.
    #[error("something of this kind has this name already")]
    NameTaken,
    /// The appid belongs to another organization.
    #[error("the appid belongs to another organization")]
    ServiceAccountTaken,
    /// The organization has another service account.
    #[error("the organization has another service account; unbind that first")]
    OrganizationHasServiceAccount,
    /// The organization has no service account.
    #[error("the organization has no service account; bind one first")]
    NoServiceAccount,
    /// Somebody has to confirm what stops working.
    #[error("{bindings} people sign in by {appid}, {unreachable} of them nowhere else: confirm it")]
    ConfirmationRequired {
        /// WeChat's id of the account.
        appid: String,
        /// People who sign in by it.
        bindings: u64,
        /// Accounts among them that nobody comes into again.
        unreachable: u64,
        /// People who can be sent messages by it.
        followers: u64,
    },
    /// No seat is left.
    #[error("no seat is left")]
    SeatsFull,
    /// The phone has an account here.
    #[error("the phone has an account here")]
    PhoneInUse,
    /// The thing is not in a state from which this can be done.
    #[error("this cannot be done in the state it is in")]
    WrongStatus,
    /// The role is the one that new people get.
    #[error("this is the role that new people get; make another one the default first")]
    RoleIsDefault,
    /// Free and trial editions cannot buy.
    #[error("this edition cannot buy")]
    EditionCannotBuy,
    /// The licence has no days left to buy seats for.
    #[error("the licence has no days left")]
    LicenceEnded,
    /// The person is a member here.
    #[error("the person is a member here")]
    AlreadyMember,
    /// The person is a collaborator here.
    #[error("the person is a collaborator here")]
    AlreadyCollaborator,
    /// External users have no inbox; some of those who were meant.
    #[error("external users have no inbox: {} of those who were meant", .0.len())]
    ExternalUsersNotReachable(Vec<UserId>),
}

/// Why nothing was changed.
#[derive(Debug, thiserror::Error)]
pub enum ChangeError {
    /// There is no such thing in this organization.
    #[error("there is no such thing here")]
    NotFound,
    /// A field breaks a rule.
    #[error("{field}: {rule}")]
    Invalid {
        /// Which field, as the request names it.
        field: String,
        /// What it must be.
        rule: String,
    },
    /// It would break something.
    #[error("it conflicts with what is there: {0}")]
    Conflict(Conflict),
    /// Only the organization itself may do it, not the platform.
    #[error("only a key of the organization may do that")]
    OrganizationKeyRequired,
    /// A rule about kinds of user says no.
    #[error(transparent)]
    NotAllowed(#[from] NotAllowed),
    /// WeChat said no, or nothing.
    #[error(transparent)]
    WeChat(WeChatError),
    /// The database is away.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl ChangeError {
    /// A field that breaks a rule.
    pub fn invalid(field: impl Into<String>, rule: impl Into<String>) -> Self {
        Self::Invalid { field: field.into(), rule: rule.into() }
    }
}

impl From<Conflict> for ChangeError {
    fn from(conflict: Conflict) -> Self {
        Self::Conflict(conflict)
    }
}

/// A change that is decided and written, and not yet true: [`Prepared::settle`] makes it so.
#[must_use = "a prepared change is undone unless it is settled"]
pub struct Prepared<T> {
    unit: Unit,
    bus: Bus,
    news: Option<Nudge>,
    value: T,
}

/// The answer that a repeated request gets again.
pub struct Kept<'a> {
    /// Which request.
    pub claim: &'a Claim,
    /// The status of its answer.
    pub status: u16,
    /// The body of its answer.
    pub body: &'a str,
}

impl<T> Prepared<T> {
    /// What came of it.
    pub fn value(&self) -> &T {
        &self.value
    }

    /// Says who waits for this change, beside those who read the change feed.
    pub(super) fn telling(self, news: Nudge) -> Self {
        Self { news: Some(news), ..self }
    }

    /// Makes the change true, together with the answer that a repetition gets, and tells those who wait for news.
    ///
    /// # Errors
    /// The database refused, or a repetition was first.
    pub async fn settle(self, kept: Option<Kept<'_>>) -> Result<T, StoreError> {
        if let Some(kept) = kept {
            self.unit.keep_answer(kept.claim, kept.status, kept.body).await?;
        }
        self.unit.commit().await?;
        self.bus.nudge(Nudge::Changes);
        if let Some(news) = self.news {
            self.bus.nudge(news);
        }
        Ok(self.value)
    }
}

impl Administration {
    /// Takes what signing in works with, too.
    pub fn new(parts: Arc<Parts>) -> Self {
        Self { parts, turns: Arc::default() }
    }

    /// The rows, to read.
    pub fn store(&self) -> &Store {
        &self.parts.store
    }

    /// Scheme and host of every link.
    pub fn public_url(&self) -> &str {
        &self.parts.public_url
    }

    /// The currency of all prices.
    pub fn currency(&self) -> &str {
        self.parts.prices.currency()
    }

    /// The present instant.
    pub fn now(&self) -> Millis {
        self.parts.clock.now()
    }

    pub(super) fn clock(&self) -> &dyn Clock {
        &*self.parts.clock
    }

    pub(super) fn entropy(&self) -> &dyn Entropy {
        &*self.parts.entropy
    }

    /// A change that this unit will make true.
    pub(super) fn prepared<T>(&self, unit: Unit, value: T) -> Prepared<T> {
        Prepared { unit, bus: self.parts.bus.clone(), news: None, value }
    }

    /// A change with its line in the audit log.
    pub(super) fn noted<T>(
        &self,
        unit: Unit,
        by: &By,
        (organization, action): (OrgId, Action),
        subject: &impl ToString,
        value: T,
    ) -> Prepared<T> {
        unit.audit(by.did(organization, action, subject), &by.caller);
        self.prepared(unit, value)
    }
}
