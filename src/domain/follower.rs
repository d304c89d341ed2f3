//! Followers of a service account, and their import from WeChat: how far it has come, and what may wait how long.

use std::time::Duration;

use super::clock::Millis;
use super::ids::{ImportId, OrgId, ServiceAccountId};

/// The first pause after WeChat did not answer; it doubles with every further one.
const FIRST_PAUSE: Duration = Duration::from_secs(5);

/// The longest of these pauses.
const LONGEST_PAUSE: Duration = Duration::from_mins(5);

/// Somebody who follows the service account, or did.
#[derive(Clone, PartialEq, Eq)]
pub struct Follower {
    /// WeChat's name for the person at this account.
    pub openid: String,
    /// Only followers can be sent template messages.
    pub follows: bool,
    /// Since when, as far as WeChat has said.
    pub followed_at: Option<Millis>,
    /// As of when `follows` is known.
    pub changed_at: Millis,
    /// How the person came, in WeChat's words.
    pub scene: Option<String>,
}

/// What WeChat tells of a person who follows, or that she does not.
#[derive(Clone, PartialEq, Eq)]
pub struct Details {
    /// Whom it is about.
    pub openid: String,
    /// Whether she follows; if not, nothing else is known.
    pub follows: bool,
    /// Since when.
    pub followed_at: Option<Millis>,
    /// How she came.
    pub scene: Option<String>,
    /// Her name across the accounts of one owner.
    pub unionid: Option<String>,
}

/// What an import is at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ImportState {
    /// Reading the list of all followers, page by page.
    Listing,
    /// Letting those go who are not in the list.
    Sweeping,
    /// Asking what WeChat tells of each.
    Detailing,
    /// Through.
    Done,
    /// Given up.
    Failed,
}

impl ImportState {
    const ALL: [Self; 5] = [Self::Listing, Self::Sweeping, Self::Detailing, Self::Done, Self::Failed];

    /// Its word in rows.
    pub fn name(self) -> &'static str {
        match self {
            Self::Listing => "listing",
            Self::Sweeping => "sweeping",
            Self::Detailing => "detailing",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    /// Reads the word of a row.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.name() == name)
    }

    /// Whether nothing more is done.
    pub fn is_over(self) -> bool {
        matches!(self, Self::Done | Self::Failed)
    }
}

/// An import of followers, as its row is.
#[derive(Clone, PartialEq, Eq)]
pub struct FollowerImport {
    /// Its id.
    pub id: ImportId,
    /// Whose.
    pub organization: OrgId,
    /// From which account.
    pub account: ServiceAccountId,
    /// What it is at.
    pub state: ImportState,
    /// Where the list goes on; none at its beginning and past its end.
    pub next_openid: Option<String>,
    /// How many people follow, as WeChat said last.
    pub total: i32,
    /// How many of them are listed.
    pub listed: i32,
    /// Of how many WeChat was asked what it tells.
    pub detailed: i32,
    /// What is in the way, or why it was given up: a stable word.
    pub failure: Option<String>,
    /// When it began.
    pub started_at: Millis,
    /// When it came further last.
    pub updated_at: Millis,
}

impl FollowerImport {
    /// How it stands, for whoever waits: `running`, `paused` (it goes on by itself), `done`, `failed`.
    pub fn word(&self) -> &'static str {
        match self.state {
            ImportState::Done => "done",
            ImportState::Failed => "failed",
            _ if self.failure.is_some() => "paused",
            _ => "running",
        }
    }

    /// As of when its list counts: what is known of later instants is newer.
    pub fn as_of(&self) -> Millis {
        known_as_of(self.started_at)
    }

    /// Whether so many of all that WeChat counts were listed that the others have left. People come and go while the list is
    /// read; a list that lacks a tenth is one of WeChat's mistakes, and nobody is let go for it.
    pub fn is_whole(&self) -> bool {
        i64::from(self.listed) * 10 >= i64::from(self.total) * 9
    }
}

/// As of when an answer counts that was asked for at this instant. WeChat dates its events to the second: an answer counts as
/// a second older than the question, so that an event that came meanwhile is newer and stays.
pub fn known_as_of(asked: Millis) -> Millis {
    Millis((asked.seconds() - 1) * 1_000)
}

/// How long to wait after so many failures in a row.
pub fn pause_after(failures: u32) -> Duration {
    let doubled = 2_u32.saturating_pow(failures.saturating_sub(1));
    FIRST_PAUSE.saturating_mul(doubled).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_state_reads_back() {
        for state in ImportState::ALL {
            assert_eq!(ImportState::from_name(state.name()), Some(state));
        }
        assert_eq!(ImportState::from_name("paused"), None);
    }

    #[test]
    fn pauses_double_up_to_five_minutes() {
        let seconds = [1, 2, 3, 6, 7, 8, u32::MAX].map(|failures| pause_after(failures).as_secs());
        assert_eq!(seconds, [5, 10, 20, 160, 300, 300, 300]);
    }

    #[test]
    fn an_event_of_the_second_of_the_question_is_newer_than_the_answer() {
        assert_eq!(known_as_of(Millis(5_999)), Millis(4_000));
        assert!(Millis(5_000) > known_as_of(Millis(5_000)));
    }

    #[test]
    fn a_list_that_lacks_a_tenth_is_not_whole() {
        let import = |listed, total| FollowerImport {
            id: ImportId(uuid::Uuid::nil()),
            organization: OrgId(uuid::Uuid::nil()),
            account: ServiceAccountId(uuid::Uuid::nil()),
            state: ImportState::Listing,
            next_openid: None,
            total,
            listed,
            detailed: 0,
            failure: None,
            started_at: Millis(0),
            updated_at: Millis(0),
        };
        for (listed, total, whole) in
            [(0, 0, true), (0, 1, false), (89, 100, false), (90, 100, true), (101, 100, true)]
        {
            assert_eq!(import(listed, total).is_whole(), whole, "{listed} of {total}");
        }
        let paused = FollowerImport { failure: Some("quota".into()), ..import(1, 2) };
        assert_eq!((paused.word(), import(1, 2).word()), ("paused", "running"));
        let failed = FollowerImport { state: ImportState::Failed, ..paused };
        assert_eq!(failed.word(), "failed");
    }
}
