//! Deliveries: one person's share of a notification, and what follows from each answer to a send.
//!
//! ```text
//! pending ──► sending ──► sent ──► delivered | rejected          (by the receipt, which may never come)
//!    ▲           │
//!    │           ├──► failed          (certainly not sent, and no use in trying again)
//!    │           ├──► skipped         (known only now: the person does not follow)
//!    └───────────┤                    (certainly not sent, or nobody knows: with the same client_msg_id while WeChat drops repeats)
//!                └──► uncertain       (nobody knows, and a repeat might arrive twice)
//! pending ──► skipped                 (not_following, no_wechat, expired, cancelled)
//! skipped: not_following ──► pending  (the person follows within the time that it is kept for)
//! ```

use std::time::Duration;

use super::clock::Millis;
use super::ids::{AccountId, DeliveryId, NotificationId, UserId};
use super::retry::Backoff;

/// What a delivery is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum DeliveryState {
    /// Waiting for its turn.
    Pending,
    /// Taken by a dispatcher.
    Sending,
    /// Taken by WeChat.
    Sent,
    /// Arrived, as the receipt says.
    Delivered,
    /// Not delivered, as the receipt says.
    Rejected,
    /// Not sent, for a reason that was known before.
    Skipped,
    /// Not sent, and not tried again.
    Failed,
    /// Perhaps sent, and too old to repeat safely: it waits for a person.
    Uncertain,
}

impl DeliveryState {
    /// Every state.
    pub const ALL: [Self; 8] = [
        Self::Pending,
        Self::Sending,
        Self::Sent,
        Self::Delivered,
        Self::Rejected,
        Self::Skipped,
        Self::Failed,
        Self::Uncertain,
    ];

    /// The contract's word.
    pub fn name(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Sending => "sending",
            Self::Sent => "sent",
            Self::Delivered => "delivered",
            Self::Rejected => "rejected",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
            Self::Uncertain => "uncertain",
        }
    }

    /// Reads the contract's word.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether an operator may have it sent once more.
    pub fn can_be_resent(self) -> bool {
        matches!(self, Self::Failed | Self::Uncertain | Self::Rejected)
    }
}

/// Reasons of `skipped`, as the contract has them.
pub mod skipped {
    /// The person does not follow the service account.
    pub const NOT_FOLLOWING: &str = "not_following";
    /// The user has no WeChat identity here.
    pub const NO_WECHAT: &str = "no_wechat";
    /// Its time was over.
    pub const EXPIRED: &str = "expired";
    /// It was called off.
    pub const CANCELLED: &str = "cancelled";
}

/// Reasons of `failed` and `rejected`.
pub mod failed {
    /// The person refuses messages by this template (43101).
    pub const TEMPLATE_REFUSED: &str = "template_refused";
    /// WeChat refused this message for good; the errcode says why.
    pub const REFUSED: &str = "refused";
    /// Too many tries.
    pub const GAVE_UP: &str = "gave_up";
    /// The person blocks the account, as the receipt says.
    pub const USER_BLOCK: &str = "user_block";
    /// WeChat failed to deliver, as the receipt says.
    pub const SYSTEM_FAILED: &str = "system_failed";
    /// The person was sent too much, as the receipt says.
    pub const FREQUENCY_LIMITED: &str = "frequency_limited";
}

/// A delivery, as its row is.
#[derive(Clone, Debug)]
pub struct Delivery {
    /// Its id; as text, the `client_msg_id` of every try.
    pub id: DeliveryId,
    /// Whose share it is.
    pub notification: NotificationId,
    /// Which external user, where it is known.
    pub user: Option<UserId>,
    /// Whose inbox it goes into, if into one.
    pub account: Option<AccountId>,
    /// The person at the service account.
    pub openid: Option<String>,
    /// What it is at.
    pub state: DeliveryState,
    /// Why, for those states that need a reason.
    pub reason: Option<String>,
    /// WeChat's number for what went wrong last.
    pub errcode: Option<i64>,
    /// How often it was tried.
    pub attempts: i32,
    /// Not before.
    pub due_at: Millis,
    /// When the first try began whose outcome nobody knows.
    pub unknown_since: Option<Millis>,
    /// WeChat's number of the message.
    pub msgid: Option<i64>,
    /// The delivery that this one repeats.
    pub resend_of: Option<DeliveryId>,
    /// When it came to be.
    pub created_at: Millis,
    /// When WeChat took it.
    pub sent_at: Option<Millis>,
    /// When it came to its end.
    pub finished_at: Option<Millis>,
}

/// What came back from one try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Answer {
    /// WeChat took it, under this number where it said one.
    Accepted(Option<i64>),
    /// Certainly not sent; later it may be.
    Later(Option<i64>),
    /// Certainly not sent, because this person is sent too much.
    TooFrequent(i64),
    /// Nobody knows whether it was sent.
    Unknown,
    /// Not tried after all, or refused before it was looked at: as if it had not been taken.
    Untried,
    /// Not tried, because a repeat might have arrived twice by now.
    TooLate,
    /// The person does not follow.
    NotFollowing(i64),
    /// The person refuses this template.
    TemplateRefused(i64),
    /// WeChat has sent the same words to the same person just now.
    Duplicate(i64),
    /// Refused for good.
    Refused {
        /// WeChat's number for why, if it said one.
        errcode: Option<i64>,
        /// A stable word.
        reason: &'static str,
    },
}

/// What is written down after a try.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Verdict {
    /// `sent`.
    Sent(Option<i64>),
    /// `pending` again.
    Again {
        /// When it is due.
        due_at: Millis,
        /// Whether the try counts.
        counts: bool,
        /// Since when an outcome is unknown.
        unknown_since: Option<Millis>,
        /// WeChat's number for what went wrong.
        errcode: Option<i64>,
    },
    /// `skipped`.
    Skipped {
        /// Why.
        reason: &'static str,
        /// WeChat's number for it.
        errcode: Option<i64>,
    },
    /// `failed`.
    Failed {
        /// Why.
        reason: &'static str,
        /// WeChat's number for it.
        errcode: Option<i64>,
    },
    /// `uncertain`.
    Uncertain,
}

/// A try that is under way or over.
#[derive(Clone, Copy, Debug)]
pub struct Try {
    /// How many came before it.
    pub before: i32,
    /// When an outcome before this try became unknown.
    pub unknown_since: Option<Millis>,
    /// When this one was taken: not later than its request.
    pub taken_at: Millis,
}

/// How sends are repeated.
#[derive(Clone, Copy, Debug)]
pub struct SendRules {
    /// The pauses between tries.
    pub backoff: Backoff,
    /// How often a delivery is tried at most.
    pub tries: i32,
    /// How long WeChat drops a repeat with the same `client_msg_id`.
    pub window: Duration,
    /// How long one try may take: a repeat that begins later than that before the window's end could come after it.
    pub deadline: Duration,
}

/// Nodes agree about the time to within this.
const CLOCK_SLACK: Duration = Duration::from_secs(2);
/// The shortest pause for a person who is sent too much; it doubles. WeChat says nothing of how long its own lasts.
const TOO_FREQUENT: Duration = Duration::from_hours(1);
/// The longest of these pauses.
const TOO_FREQUENT_LONGEST: Duration = Duration::from_hours(24);

/// How long to leave a person alone who was sent too much, so many times before.
pub fn too_frequent_pause(before: i32) -> Duration {
    let doublings = u32::try_from(before).unwrap_or(0);
    TOO_FREQUENT.saturating_mul(2_u32.saturating_pow(doublings)).min(TOO_FREQUENT_LONGEST)
}

impl SendRules {
    /// Whether a repeat at this instant reaches WeChat while it still drops repeats. A clock that was put back does not know.
    pub fn may_repeat(&self, unknown_since: Option<Millis>, at: Millis) -> bool {
        unknown_since.is_none_or(|since| {
            at.plus(CLOCK_SLACK) >= since && at.plus(self.deadline) <= since.plus(self.window)
        })
    }

    /// What follows from an answer that came at `now`; `jitter` is a random number of the whole range.
    pub fn after(&self, tried: Try, answer: &Answer, now: Millis, jitter: u32) -> Verdict {
        let number = tried.before.saturating_add(1);
        match *answer {
            Answer::Accepted(msgid) => Verdict::Sent(msgid),
            // WeChat has a message with these words from us: it is this one, if an earlier try may have been sent.
            Answer::Duplicate(_) if tried.unknown_since.is_some() => Verdict::Sent(None),
            // What WeChat says of this try says nothing of an earlier one, which may have arrived.
            Answer::NotFollowing(_) | Answer::TemplateRefused(_) | Answer::Refused { .. }
                if tried.unknown_since.is_some() =>
            {
                Verdict::Uncertain
            }
            Answer::Duplicate(errcode) => Verdict::Failed { reason: failed::REFUSED, errcode: Some(errcode) },
            Answer::NotFollowing(errcode) => {
                Verdict::Skipped { reason: skipped::NOT_FOLLOWING, errcode: Some(errcode) }
            }
            Answer::TemplateRefused(errcode) => {
                Verdict::Failed { reason: failed::TEMPLATE_REFUSED, errcode: Some(errcode) }
            }
            Answer::Refused { errcode, reason } => Verdict::Failed { reason, errcode },
            Answer::TooLate => Verdict::Uncertain,
            Answer::Untried => Verdict::Again {
                due_at: now,
                counts: false,
                unknown_since: tried.unknown_since,
                errcode: None,
            },
            Answer::Unknown => {
                let since = tried.unknown_since.unwrap_or(tried.taken_at);
                let due_at = now.plus(self.backoff.pause(number, jitter));
                if number >= self.tries || !self.may_repeat(Some(since), due_at) {
                    return Verdict::Uncertain;
                }
                Verdict::Again { due_at, counts: true, unknown_since: Some(since), errcode: None }
            }
            Answer::Later(errcode) => {
                self.again(tried, now.plus(self.backoff.pause(number, jitter)), errcode)
            }
            Answer::TooFrequent(errcode) => {
                self.again(tried, now.plus(too_frequent_pause(tried.before)), Some(errcode))
            }
        }
    }

    /// Certainly not sent this time; but an earlier try may have been.
    fn again(&self, tried: Try, due_at: Millis, errcode: Option<i64>) -> Verdict {
        if !self.may_repeat(tried.unknown_since, due_at) {
            return Verdict::Uncertain;
        }
        if tried.before.saturating_add(1) >= self.tries {
            return match tried.unknown_since {
                Some(_) => Verdict::Uncertain,
                None => Verdict::Failed { reason: failed::GAVE_UP, errcode },
            };
        }
        Verdict::Again { due_at, counts: true, unknown_since: tried.unknown_since, errcode }
    }
}

#[cfg(test)]
#[path = "delivery_tests.rs"]
mod tests;
